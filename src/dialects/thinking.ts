/** How much to think: words, and tokens, for each other. Pure. */
import type { Effort, Thinking } from "./form.ts"

/** LiteLLM's DEFAULT_REASONING_EFFORT_*_THINKING_BUDGET, and beyond its words what doubles. Tokens. */
const BUDGETS: Readonly<Record<Effort, number>> = {
  none: 0,
  minimal: 512,
  low: 1024,
  medium: 2048,
  high: 4096,
  xhigh: 16_384,
  max: 32_768,
}

/** Anthropic's least: https://docs.anthropic.com/en/docs/build-with-claude/extended-thinking */
export const LEAST_BUDGET = 1024

/** Tokens to think with; 0: not at all; null: as the provider likes. */
export function budgetOf({ budget, effort }: Thinking): number | null {
  if (budget !== null) return budget < 0 ? null : budget
  return effort === null ? null : BUDGETS[effort]
}

/** The smallest word that allows the budget; null: as the provider likes. */
export function effortOf({ budget, effort }: Thinking): Effort | null {
  if (effort !== null) return effort
  if (budget === null || budget < 0) return null
  if (budget === 0) return "none"
  const words: readonly Effort[] = ["low", "medium", "high"]
  return words.find((word) => budget <= BUDGETS[word]) ?? "high"
}

export const isThinkingOff = (thinking: Thinking) => budgetOf(thinking) === 0

const EFFORTS: ReadonlySet<string> = new Set(Object.keys(BUDGETS))
export const readEffort = (word: string | null): Effort | null =>
  word !== null && EFFORTS.has(word) ? (word as Effort) : null
