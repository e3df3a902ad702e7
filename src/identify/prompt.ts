/**
 * Where the texts stand in a request body of any dialect. The dialects' shapes do not overlap, so the body alone decides
 * (Cursor sends a Responses body to Chat's path). It reads; what a text means is not known here.
 */
import { JsonNode } from "../json/json-node.ts"
import type { Utf8Text } from "../json/utf8-text.ts"
import { createKnownTexts } from "./known-texts.ts"

const known = createKnownTexts()

/** What introduces a conversation stands at its beginning: later entries are not looked at. */
const HEAD_ENTRIES = 32

/** A request's body. Who asks for its texts is one of many: they are looked for once. */
export class Prompt extends JsonNode {
  #entries: readonly JsonNode[] | null = null
  #systemTexts: readonly Utf8Text[] | null = null
  #userTexts: readonly Utf8Text[] | null = null

  /** The messages of the conversation, oldest first: `messages`, `input` as a list, or `contents`. */
  get entries(): readonly JsonNode[] {
    return (this.#entries ??=
      listed(this.get("messages")) ?? listed(this.get("input")) ?? listed(this.get("contents")) ?? [])
  }

  /** Its system texts, in order; one that came with an earlier request is the same object. */
  get systemTexts(): readonly Utf8Text[] {
    if (this.#systemTexts !== null) return this.#systemTexts
    const texts: Utf8Text[] = []
    addTexts(this.get("system") ?? this.get("instructions"), texts)
    addTexts(this.get("systemInstruction") ?? this.get("system_instruction"), texts)
    this.#addHead(isSystem, texts)
    return (this.#systemTexts = texts.map(known))
  }

  /** The texts of the first user messages. */
  get userTexts(): readonly Utf8Text[] {
    if (this.#userTexts !== null) return this.#userTexts
    const texts: Utf8Text[] = []
    const input = this.get("input")
    if (input?.isString) addTexts(input, texts)
    this.#addHead(isUser, texts)
    return (this.#userTexts = texts)
  }

  #addHead(isMeant: (entry: JsonNode) => boolean, texts: Utf8Text[]): void {
    const { entries } = this
    for (let at = 0; at < entries.length && at < HEAD_ENTRIES; at++) {
      const entry = entries[at]!
      if (isMeant(entry)) addTexts(contentOf(entry), texts)
    }
  }
}

const listed = (node: JsonNode | null) => (node?.isList ? node.items() : null)

/** "" counts as none. */
export const stringAt = (node: JsonNode | null, name: string): string | null => node?.get(name)?.string() || null

/** What the first text says that says something. */
export function firstSaid<T>(texts: readonly Utf8Text[], read: (text: Utf8Text) => T | null): T | null {
  for (const text of texts) {
    const said = read(text)
    if (said !== null) return said
  }
  return null
}

/** The text or blocks of one entry, whatever the dialect calls them. */
export function contentOf(entry: JsonNode): JsonNode | null {
  return entry.get("content") ?? entry.get("parts")
}

export function isSystem(entry: JsonNode): boolean {
  return entry.says("role", "system") || entry.says("role", "developer")
}

/** Gemini leaves the role out of a single-turn request. */
export function isUser(entry: JsonNode): boolean {
  return entry.says("role", "user") || (entry.get("role") === null && entry.get("parts") !== null)
}

/** What one element of a content list says: a text itself, or one with a text. */
export const textOf = (part: JsonNode): Utf8Text | null => part.utf8() ?? part.get("text")?.utf8() ?? null

function addTexts(content: JsonNode | null, texts: Utf8Text[]): void {
  if (content === null) return
  if (content.isObject) return addTexts(content.get("parts") ?? content.get("text"), texts)
  if (content.isList) for (const part of content.items()) addText(part, texts)
  else addText(content, texts)
}

function addText(part: JsonNode, texts: Utf8Text[]): void {
  const text = textOf(part)
  if (text !== null) texts.push(text)
}
