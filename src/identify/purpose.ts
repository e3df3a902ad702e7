/**
 * What a model call is for: a person's conversation, or something a program asks in its own name. Rows of data, and the one reader of them.
 * Sources: recorded traffic of the real clients, else their public source.
 */
import { type HeaderFields, readOnce } from "../exchange.ts"
import { JsonNode } from "../json/json-node.ts"
import { JsonText } from "../json/json-text.ts"
import type { Utf8Text } from "../json/utf8-text.ts"
import { firstSaid, type Prompt, stringAt } from "./prompt.ts"
import type { UserTurn } from "./turns.ts"

type Purpose = "conversation" | "probe" | "title" | "sub-agent" | "utility" | "structured"

/** A model that may say no more than this was not asked anything: Claude Code's quota and model checks ask for one token. */
const PROBE_TOKENS = 16

/** How the system prompts of such calls begin. */
const PROMPTS: readonly (readonly [beginning: string, Purpose])[] = [
  ["You are a title generator", "title"],
  ["You are naming a coding session", "title"],
  ["Analyze if this message indicates a new conversation topic", "title"],
  ["Summarize this coding conversation in under", "title"],
  ["You are an expert at analyzing git history", "utility"],
  ["You are a helpful AI assistant tasked with summarizing conversations", "utility"],
  ["You are now acting as the managed memory extraction subagent", "sub-agent"],
  ["You are a file search specialist for Claude Code", "sub-agent"],
]

/** How their user messages begin; Open WebUI and LibreChat have no prompt of their own for them. */
const WORDS: readonly (readonly [beginning: string, Purpose])[] = [
  ["Generate a title for this conversation", "title"],
  ["Provide a concise, 5-word-or-less title for the conversation", "title"],
  ["Please generate a concise, 5-word-or-less title for the conversation", "title"],
  ["### Task:\nGenerate ", "title"],
  ["### Task:\nSuggest ", "utility"],
  ["### Task:\nAnalyze the chat history ", "utility"],
  ["Your task is to create a detailed summary of the conversation so far", "utility"],
  ["CRITICAL: Respond with TEXT ONLY. Do NOT call any tools.\n\n", "utility"],
  ["Managed memory has ", "sub-agent"],
]

export interface Call {
  headers: HeaderFields
  body: Prompt
  /** the newest turn of a person, if there is one */
  newest: UserTurn | undefined
}

/** Pure, and quick: it looks at beginnings alone. */
export function purposeOf({ headers, body, newest }: Call): Purpose {
  return (
    byHeaders(headers) ??
    (asksForFewTokens(body) ? "probe" : null) ??
    byPrompt(body) ??
    byWords(newest) ??
    (wantsStructure(body) ? "structured" : "conversation")
  )
}

function byHeaders(headers: HeaderFields): Purpose | null {
  if (headers.has("x-claude-code-agent-id") || headers.has("x-openai-subagent")) return "sub-agent"
  const requestClass = headers.get("x-claude-code-request-class")
  if (requestClass !== null && requestClass !== "main") return "utility"
  const metadata = headers.get("x-codex-turn-metadata")
  return metadata === null ? null : byCodex(metadata)
}

/** `thread_source`: `user`, `thread_title`, or what another thread was opened for. `request_kind`: `turn`, `prewarm` … */
function byCodex(metadata: string): Purpose | null {
  const said = JsonNode.parse(JsonText.from(metadata))
  const source = stringAt(said, "thread_source")
  if (source === "thread_title") return "title"
  if (source !== null && source !== "user") return "sub-agent"
  const kind = stringAt(said, "request_kind")
  return kind !== null && kind !== "turn" ? "utility" : null
}

function asksForFewTokens(body: JsonNode): boolean {
  const config = generationConfig(body)
  const most =
    body.get("max_tokens") ??
    body.get("max_completion_tokens") ??
    body.get("max_output_tokens") ??
    config?.get("maxOutputTokens") ??
    config?.get("max_output_tokens")
  const tokens = most?.value()
  return typeof tokens === "number" && tokens <= PROBE_TOKENS
}

const byPrompt = (body: Prompt) => firstSaid(body.systemTexts, byText)

const byText = readOnce((text: Utf8Text): Purpose | null => {
  if (text.startsWith("x-anthropic-billing-header:") && text.indexOf("cc_is_subagent=true") >= 0) return "sub-agent"
  return rowOf(PROMPTS, text)
})

const byWords = (turn: UserTurn | undefined) => (turn ? rowOf(WORDS, turn.said) : null)

function rowOf(rows: readonly (readonly [string, Purpose])[], text: Utf8Text): Purpose | null {
  const from = text.leadingBlank()
  return rows.find(([beginning]) => text.startsWith(beginning, from))?.[1] ?? null
}

/** JSON is asked for, and no tool offered: a router, a classifier, an extraction. Its words are not a conversation's. */
function wantsStructure(body: JsonNode): boolean {
  if (body.get("tools")?.items().length) return false
  const config = generationConfig(body)
  const format =
    body.get("response_format") ??
    body.get("text")?.get("format") ??
    body.get("output_config")?.get("format") ??
    body.get("output_format")
  const type = stringAt(format, "type")
  if (type !== null) return type.startsWith("json")
  if (!config) return false
  const mime = config.get("responseMimeType") ?? config.get("response_mime_type")
  return (
    mime?.is("application/json") ||
    ["responseSchema", "responseJsonSchema", "response_schema"].some((key) => config.get(key) !== null)
  )
}

const generationConfig = (body: JsonNode) => body.get("generationConfig") ?? body.get("generation_config")
