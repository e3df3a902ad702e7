/**
 * Where the texts stand in a request body of any dialect. The dialects' shapes do not overlap, so the body alone decides
 * (Cursor sends a Responses body to Chat's path). It reads; what a text means is not known here.
 */
import type { Json, JsonObject } from "../exchange.ts"

/** What introduces a conversation stands at its beginning: later entries are not looked at. */
const HEAD_ENTRIES = 32

export function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value)
}

export function stringAt(object: Json | undefined, name: string): string | null {
  if (!isObject(object)) return null
  const value = object[name]
  return typeof value === "string" && value !== "" ? value : null
}

/** The messages of the conversation, oldest first: `messages`, `input` as a list, or `contents`. */
export function entriesOf(body: JsonObject): Json[] {
  const { messages, input, contents } = body
  return listed(messages) ?? listed(input) ?? listed(contents) ?? []
}

const listed = (entries: Json | undefined) => (Array.isArray(entries) ? entries : null)

/** The text or blocks of one entry, whatever the dialect calls them. */
export function contentOf(entry: JsonObject): Json | undefined {
  return entry["content"] ?? entry["parts"]
}

export function isSystem(entry: Json): boolean {
  return isObject(entry) && (entry["role"] === "system" || entry["role"] === "developer")
}

/** Gemini leaves the role out of a single-turn request. */
export function isUser(entry: Json): entry is JsonObject {
  return isObject(entry) && (entry["role"] === "user" || (entry["role"] === undefined && entry["parts"] !== undefined))
}

type Visit = (text: string) => boolean

function visitContent(content: Json | undefined, visit: Visit): boolean {
  if (typeof content === "string") return visit(content)
  if (!Array.isArray(content)) return isObject(content) && visitContent(content["parts"] ?? content["text"], visit)
  for (const part of content) {
    const text = typeof part === "string" ? part : isObject(part) ? part["text"] : null
    if (typeof text === "string" && visit(text)) return true
  }
  return false
}

/** Calls `visit` with each system text until it answers true. Says whether it did. */
export function visitSystem(body: JsonObject, visit: Visit): boolean {
  if (visitContent(body["system"] ?? body["instructions"], visit)) return true
  if (visitContent(body["systemInstruction"] ?? body["system_instruction"], visit)) return true
  const entries = entriesOf(body)
  for (let at = 0; at < entries.length && at < HEAD_ENTRIES; at++) {
    const entry = entries[at]
    if (isObject(entry) && isSystem(entry) && visitContent(contentOf(entry), visit)) return true
  }
  return false
}

/** The same for the texts of the first user messages. */
export function visitUser(body: JsonObject, visit: Visit): boolean {
  if (typeof body["input"] === "string") return visit(body["input"])
  const entries = entriesOf(body)
  for (let at = 0; at < entries.length && at < HEAD_ENTRIES; at++) {
    const entry = entries[at]
    if (entry !== undefined && isUser(entry) && visitContent(contentOf(entry), visit)) return true
  }
  return false
}
