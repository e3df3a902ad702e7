/**
 * What a service tier costs, or a region, as a share of the standard price: a row a provider, tier and family of models, the first that fits counts. Not the tiers by the length
 * of the input (`prices.ts`). The shares are those of LiteLLM 1.110's price list, whose `_flex`, `_priority` and `_batches` keys are these multiples to the cent.
 */
import type { Deployment } from "../settings.ts"

export interface Share {
  all: number
  /** where cached input is not discounted or raised like the rest */
  cacheRead?: number
}

interface Row extends Share {
  providers: RegExp
  tiers: RegExp
  models?: RegExp
}

const SHARES: readonly Row[] = [
  { providers: /^(openai|azure)$/, tiers: /^(flex|batch)$/, all: 0.5 },
  { providers: /^(openai|azure)$/, tiers: /^priority$/, models: /^gpt-4o-mini/, all: 5 / 3 },
  { providers: /^(openai|azure)$/, tiers: /^priority$/, models: /^gpt-4o-2024-05-13/, all: 1.75 },
  { providers: /^(openai|azure)$/, tiers: /^priority$/, models: /^gpt-4o/, all: 1.7 },
  { providers: /^(openai|azure)$/, tiers: /^priority$/, models: /^gpt-4\.1-nano/, all: 2 },
  { providers: /^(openai|azure)$/, tiers: /^priority$/, models: /^(gpt-4\.1|o3)(-|$)/, all: 1.75 },
  { providers: /^(openai|azure)$/, tiers: /^priority$/, models: /^o4-mini/, all: 20 / 11 },
  { providers: /^(openai|azure)$/, tiers: /^priority$/, models: /^gpt-5(\.1-codex)?-mini/, all: 1.8 },
  { providers: /^(openai|azure)$/, tiers: /^priority$/, models: /^gpt-5\.5/, all: 2.5 },
  { providers: /^(openai|azure)$/, tiers: /^priority$/, models: /^gpt-[56]/, all: 2 },
  // "1.1x multiplier on all token pricing categories", for all models that know `inference_geo`
  { providers: /^anthropic$/, tiers: /^us$/, all: 1.1 },
  // https://platform.claude.com/docs/en/build-with-claude/fast-mode
  { providers: /^anthropic$/, tiers: /^fast$/, models: /^claude-opus-4-[67]/, all: 6 },
  { providers: /^anthropic$/, tiers: /^fast$/, models: /^claude-opus-(4-8|5(?!-\d(-|$)))/, all: 2 },
  // "a 10% uplift for models released on or after March 5, 2026": https://developers.openai.com/api/docs/guides/data-residency
  { providers: /^openai$/, tiers: /^regional$/, models: /^gpt-(5\.[4-9]|[6-9])/, all: 1.1 },
  // "Starting with Claude Sonnet 4.5 and all future models": https://platform.claude.com/docs/en/build-with-claude/claude-on-vertex-ai
  {
    providers: /^vertex_ai$/,
    tiers: /^regional$/,
    models: /^claude-(?!3-|instant|(opus|sonnet)-4(-1)?(@|-20|$))/,
    all: 1.1,
  },
  { providers: /./, tiers: /^regional$/, all: 1 },
  // A commitment's price is agreed on; its list price is the standard one.
  { providers: /^anthropic$/, tiers: /^priority$/, all: 1 },
  { providers: /^anthropic$/, tiers: /^batch$/, all: 0.5 },
  {
    providers: /^(gemini|vertex_ai)$/,
    tiers: /^(flex|batch)$/,
    models: /^gemini-(2\.5|3-flash|3\.1-pro)/,
    all: 0.5,
    cacheRead: 1,
  },
  { providers: /^(gemini|vertex_ai)$/, tiers: /^(flex|batch)$/, all: 0.5 },
  { providers: /^(gemini|vertex_ai)$/, tiers: /^priority$/, all: 1.8 },
  // Groq: "flex … at the same price as on_demand"
  { providers: /^groq$/, tiers: /^(flex|performance)$/, all: 1 },
  { providers: /^xai$/, tiers: /^batch$/, all: 0.8 },
]

const STANDARD: Share = { all: 1 }
/** Tiers that have a price of their own; any other name (`default`, `standard`, `on_demand`, `scale`) is the standard price. */
const SPECIAL = /^(flex|priority|batch|performance|us|fast|regional)$/

/** Of several words (`batch us`) all count. null: one of them has a price of its own, and it is not known here. */
export function shareOf(provider: string, tier: string | null, model: string): Share | null {
  if (tier === null) return STANDARD
  const special = tier
    .toLowerCase()
    .split(" ")
    .filter((name) => SPECIAL.test(name))
  const bare = model.toLowerCase().replace(/^.*\//, "")
  let share: Share | null = STANDARD
  for (const name of special) {
    const found: Share | undefined = SHARES.find(
      (row) => row.providers.test(provider) && row.tiers.test(name) && (row.models?.test(bare) ?? true),
    )
    if (!found) return null
    share = special.length === 1 ? found : product(share, found)
  }
  return share
}

/** An address that keeps a request in one region: OpenAI's for data residency, Vertex AI's but the global one. Bedrock's are other names of models. */
export const isRegional = ({ base, cloud }: Pick<Deployment, "base" | "cloud">): boolean =>
  cloud === null
    ? /^https:\/\/[a-z]{2}\.api\.openai\.com(\/|$)/.test(base)
    : cloud.kind === "vertex" && cloud.location !== "global"

const product = (a: Share, b: Share): Share => ({
  all: a.all * b.all,
  cacheRead: (a.cacheRead ?? a.all) * (b.cacheRead ?? b.all),
})
