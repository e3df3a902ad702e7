/**
 * Where the texts stand in a request body of any dialect. The dialects' shapes do not overlap, so the body alone decides
 * (Cursor sends a Responses body to Chat's path). It reads; what a text means is not known here.
 */
import type { JsonNode } from "../json/json-node.ts"
import type { Utf8Text } from "../json/utf8-text.ts"

/** What introduces a conversation stands at its beginning: later entries are not looked at. */
const HEAD_ENTRIES = 32

/** "" counts as none. */
export const stringAt = (node: JsonNode | null, name: string): string | null => node?.get(name)?.string() || null

/** The messages of the conversation, oldest first: `messages`, `input` as a list, or `contents`. */
export function entriesOf(body: JsonNode): readonly JsonNode[] {
  return listed(body.get("messages")) ?? listed(body.get("input")) ?? listed(body.get("contents")) ?? []
}

const listed = (node: JsonNode | null) => (node?.isList ? node.items() : null)

/** The text or blocks of one entry, whatever the dialect calls them. */
export function contentOf(entry: JsonNode): JsonNode | null {
  return entry.get("content") ?? entry.get("parts")
}

export function isSystem(entry: JsonNode): boolean {
  const role = entry.get("role")
  return role !== null && (role.is("system") || role.is("developer"))
}

/** Gemini leaves the role out of a single-turn request. */
export function isUser(entry: JsonNode): boolean {
  const role = entry.get("role")
  return role === null ? entry.get("parts") !== null : role.is("user")
}

/** What one element of a content list says: a text itself, or one with a text. */
export const textOf = (part: JsonNode): Utf8Text | null => part.utf8() ?? part.get("text")?.utf8() ?? null

function addTexts(content: JsonNode | null, texts: Utf8Text[]): void {
  if (content?.isObject) return addTexts(content.get("parts") ?? content.get("text"), texts)
  for (const part of content?.isString ? [content] : (content?.items() ?? [])) {
    const text = textOf(part)
    if (text !== null) texts.push(text)
  }
}

/** Its system texts, in order. */
export function systemTexts(body: JsonNode): Utf8Text[] {
  const texts: Utf8Text[] = []
  addTexts(body.get("system") ?? body.get("instructions"), texts)
  addTexts(body.get("systemInstruction") ?? body.get("system_instruction"), texts)
  const entries = entriesOf(body)
  for (let at = 0; at < entries.length && at < HEAD_ENTRIES; at++) {
    const entry = entries[at]!
    if (isSystem(entry)) addTexts(contentOf(entry), texts)
  }
  return texts
}

/** The texts of the first user messages. */
export function userTexts(body: JsonNode): Utf8Text[] {
  const texts: Utf8Text[] = []
  const input = body.get("input")
  if (input?.isString) addTexts(input, texts)
  const entries = entriesOf(body)
  for (let at = 0; at < entries.length && at < HEAD_ENTRIES; at++) {
    const entry = entries[at]!
    if (isUser(entry)) addTexts(contentOf(entry), texts)
  }
  return texts
}
