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

function addTexts(content: Json | undefined, texts: string[]): void {
  if (typeof content === "string") texts.push(content)
  else if (Array.isArray(content)) {
    for (const part of content) {
      const text = typeof part === "string" ? part : isObject(part) ? part["text"] : null
      if (typeof text === "string") texts.push(text)
    }
  } else if (isObject(content)) addTexts(content["parts"] ?? content["text"], texts)
}

/** Its system texts, in order. */
export function systemTexts(body: JsonObject): string[] {
  const texts: string[] = []
  addTexts(body["system"] ?? body["instructions"], texts)
  addTexts(body["systemInstruction"] ?? body["system_instruction"], texts)
  const entries = entriesOf(body)
  for (let at = 0; at < entries.length && at < HEAD_ENTRIES; at++) {
    const entry = entries[at]
    if (isObject(entry) && isSystem(entry)) addTexts(contentOf(entry), texts)
  }
  return texts
}

/** The texts of the first user messages. */
export function userTexts(body: JsonObject): string[] {
  if (typeof body["input"] === "string") return [body["input"]]
  const texts: string[] = []
  const entries = entriesOf(body)
  for (let at = 0; at < entries.length && at < HEAD_ENTRIES; at++) {
    const entry = entries[at]
    if (entry !== undefined && isUser(entry)) addTexts(contentOf(entry), texts)
  }
  return texts
}
