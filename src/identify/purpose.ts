/**
 * What a model call is for: a person's conversation, or something a program asks in its own name. Rows of data, and the one reader of them.
 * Sources: recorded traffic of the real clients, else their public source.
 */
import type { HeaderFields, Json, JsonObject } from "../exchange.ts"
import { isObject, stringAt, systemTexts } from "./prompt.ts"
import type { UserTurn } from "./turns.ts"

export type Purpose = "conversation" | "probe" | "title" | "sub-agent" | "utility" | "structured"

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
  body: JsonObject
  /** the newest turn of a person, if there is one */
  newest: UserTurn | undefined
}

/** Pure, and quick: it looks at beginnings alone. */
export function purposeOf({ headers, body, newest }: Call): Purpose {
  return (
    byHeaders(headers) ??
    (asksForFewTokens(body) ? "probe" : null) ??
    byPrompt(body) ??
    byWords(newest?.text) ??
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
  let said: Json
  try {
    said = JSON.parse(metadata) as Json
  } catch {
    return null // another program's header of that name
  }
  const source = stringAt(said, "thread_source")
  if (source === "thread_title") return "title"
  if (source !== null && source !== "user") return "sub-agent"
  const kind = stringAt(said, "request_kind")
  return kind !== null && kind !== "turn" ? "utility" : null
}

function asksForFewTokens(body: JsonObject): boolean {
  const config = generationConfig(body)
  const most =
    body["max_tokens"] ??
    body["max_completion_tokens"] ??
    body["max_output_tokens"] ??
    config?.["maxOutputTokens"] ??
    config?.["max_output_tokens"]
  return typeof most === "number" && most <= PROBE_TOKENS
}

function byPrompt(body: JsonObject): Purpose | null {
  for (const text of systemTexts(body)) {
    if (text.startsWith("x-anthropic-billing-header:") && text.includes("cc_is_subagent=true")) return "sub-agent"
    const found = rowOf(PROMPTS, text)
    if (found !== null) return found
  }
  return null
}

const byWords = (text: string | undefined) => (text === undefined ? null : rowOf(WORDS, text))

function rowOf(rows: readonly (readonly [string, Purpose])[], text: string): Purpose | null {
  const from = text.search(/\S/)
  return from < 0 ? null : (rows.find(([beginning]) => text.startsWith(beginning, from))?.[1] ?? null)
}

/** JSON is asked for, and no tool offered: a router, a classifier, an extraction. Its words are not a conversation's. */
function wantsStructure(body: JsonObject): boolean {
  const { tools } = body
  if (Array.isArray(tools) && tools.length > 0) return false
  const config = generationConfig(body)
  const format =
    body["response_format"] ??
    inside(body["text"], "format") ??
    inside(body["output_config"], "format") ??
    body["output_format"]
  const type = stringAt(format, "type")
  if (type !== null) return type.startsWith("json")
  if (!config) return false
  const mime = config["responseMimeType"] ?? config["response_mime_type"]
  return (
    mime === "application/json" ||
    ["responseSchema", "responseJsonSchema", "response_schema"].some((key) => config[key])
  )
}

const inside = (value: Json | undefined, key: string): Json | undefined => (isObject(value) ? value[key] : undefined)

function generationConfig(body: JsonObject): JsonObject | null {
  const config = body["generationConfig"] ?? body["generation_config"]
  return isObject(config) ? config : null
}
