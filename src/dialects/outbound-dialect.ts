/** Which of a deployment's dialects a call goes out in. */
import type { Dialect } from "../exchange.ts"
import type { Deployment } from "../settings.ts"
import type { Endpoint } from "./endpoints.ts"

/** Nobody embeds in these. */
const NO_EMBEDDINGS: readonly Dialect[] = ["anthropic", "openai-responses"]

/**
 * OpenAI's models that reason. Over Chat their reasoning is lost between the calls of a tool loop, over Responses it comes back encrypted:
 * https://platform.openai.com/docs/guides/reasoning#keeping-reasoning-items-in-context
 */
const REASONS = /^(gpt-[5-9]|o\d|codex|computer-use)/

/** OpenAI's models that only chat, wherever they run: "This is a chat model and not supported in the v1/completions endpoint." */
const CHATS = /^(gpt-[4-9]|gpt-3\.5-turbo(?!-instruct)|chatgpt|o\d)/
/** Who has no `/completions` at all. */
const CHAT_ONLY: ReadonlySet<string> = new Set([
  "groq",
  "xai",
  "mistral",
  "perplexity",
  "cerebras",
  "vertex_ai",
  "bedrock",
])

/** An old completion for a model that only chats has to be translated, though both are OpenAI's. */
export const needsChat = ({ operation }: Endpoint, { provider, model }: Deployment): boolean =>
  operation === "completions" && (CHATS.test(model) || CHAT_ONLY.has(provider))

/** The client's own where the deployment speaks it, else the one that loses least; null: the deployment cannot serve such a call. */
export function outboundDialect(endpoint: Endpoint, deployment: Deployment): Dialect | null {
  const { dialect, operation } = endpoint
  const { speaks } = deployment
  if (operation === "count_tokens" && !speaks.includes(dialect) && speaks.includes("openai-responses"))
    return "openai-responses"
  if (speaks.includes(dialect)) return dialect
  if (operation === "compact") return null // what it makes is for the provider's own eyes
  if (operation === "embeddings") return speaks.find((one) => !NO_EMBEDDINGS.includes(one)) ?? null
  if (speaks.includes("openai-responses") && REASONS.test(deployment.model)) return "openai-responses"
  return speaks[0] ?? null
}
