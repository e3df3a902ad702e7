/** What Claude's generations take, by name. Sources: https://docs.anthropic.com/en/docs/about-claude/models, …/extended-thinking, …/effort, …/structured-outputs */

/** `claude-opus-4-5-20251101`, `claude-3-7-sonnet-latest`, `anthropic.claude-sonnet-4-v1:0` -> 4.5, 3.7, 4; null for a name without a version. */
export function generation(model: string): number | null {
  const old = /claude-(\d)(?:[-.](\d))?-(?:opus|sonnet|haiku)/.exec(model)
  const now = /claude-(?:opus|sonnet|haiku|[a-z]+)-(\d)(?:[-.](\d)(?!\d))?/.exec(model)
  const found = old ?? now
  return found ? Number(`${found[1]}.${found[2] ?? 0}`) : null
}

/** A model whose name says nothing is taken for a new one. */
const isSince = (model: string, since: number) => (generation(model) ?? 99) >= since

/** How many tokens an answer may have where the client does not say: below each generation's limit. */
export function defaultMaxTokens(model: string): number {
  if (!isSince(model, 3.5)) return 4096
  return isSince(model, 3.7) ? 32_000 : 8192
}

export const canThink = (model: string) => isSince(model, 3.7)
/** Thinks as much as it finds right; takes `output_config.effort`. */
export const isAdaptive = (model: string) => isSince(model, 4.6)
/** `output_config.format`: Opus 4.1, Sonnet 4.5, Haiku 4.5 and what came after. */
export const hasFormats = (model: string) => isSince(model, /opus/.test(model) ? 4.1 : 4.5)
/** `xhigh` came with 4.7. */
export const knowsXhigh = (model: string) => isSince(model, 4.7)
/** "`temperature` and `top_p` cannot both be specified for this model." */
export const takesOneSampler = (model: string) => isSince(model, 4.1)
/** "This model does not support assistant message prefill." */
export const takesPrefill = (model: string) => !isSince(model, 4.6)
