/**
 * A value inside a JSON document. Parsed is the document's outline: its long strings are left out, and read from its bytes by who asks for one. What is
 * malformed inside a body is the provider's to refuse: of such a one there is no node.
 */
import type { Json, JsonObject } from "../exchange.ts"
import type { JsonText, Span } from "./json-text.ts"
import { scanDocument } from "./scan.ts"
import { Utf8Text } from "./utf8-text.ts"

/** The member of the object that stands in an outline for a long string, and holds its number. */
const HELD = "held\u007f"
const standIn = (at: number) => `{"${HELD}":${at}}`

/** Another one may stand in it: JSON has two ways to write this character. */
const isAmbiguous = (outline: string, held: number) =>
  outline.split("\u007f").length > held + 1 || /\\u007f/i.test(outline)

/** A long string of a document, read once. */
class Held {
  readonly #text: JsonText
  readonly #span: Span
  #said: Utf8Text | null | undefined = undefined

  constructor(text: JsonText, span: Span) {
    this.#text = text
    this.#span = span
  }

  get said(): Utf8Text | null {
    return this.#said === undefined ? (this.#said = this.#text.utf8(this.#span)) : this.#said
  }
}

export class JsonNode {
  readonly #value: Json
  readonly #all: readonly Held[]
  readonly #held: Held | null
  readonly #object: JsonObject | null
  #items: readonly JsonNode[] | null = null

  constructor(value: Json, all: readonly Held[]) {
    this.#value = value
    this.#all = all
    this.#object = asObject(value)
    this.#held = all.length > 0 && this.#object !== null ? heldBy(this.#object, all) : null
  }

  /** null: no JSON object */
  static parse<Node extends JsonNode>(this: NodeClass<Node>, text: JsonText): Node | null {
    try {
      scanDocument(text)
    } catch {
      return null
    }
    return outline(this, text)
  }

  /** Of a document that `scanDocument` has read. */
  static ofScanned<Node extends JsonNode>(this: NodeClass<Node>, text: JsonText): Node | null {
    return outline(this, text)
  }

  get isObject(): boolean {
    return this.#object !== null && this.#held === null
  }

  get isList(): boolean {
    return Array.isArray(this.#value)
  }

  get isString(): boolean {
    return typeof this.#value === "string" || this.#held !== null
  }

  /** The member that counts; null where there is none, where it is `null`, and in what is no object. */
  get(key: string): JsonNode | null {
    const value = this.#object?.[key]
    return value === undefined || value === null ? null : new JsonNode(value, this.#all)
  }

  /** of an object */
  keys(): string[] {
    return this.isObject ? Object.keys(this.#object!) : []
  }

  /** A list's elements; none of anything else. */
  items(): readonly JsonNode[] {
    this.#items ??= Array.isArray(this.#value) ? this.#value.map((value) => new JsonNode(value, this.#all)) : []
    return this.#items
  }

  /** For texts that may be long. null: no string */
  utf8(): Utf8Text | null {
    if (this.#held !== null) return this.#held.said
    return typeof this.#value === "string" ? Utf8Text.from(this.#value) : null
  }

  /** null: no string */
  string(): string | null {
    return typeof this.#value === "string" ? this.#value : (this.#held?.said?.toString() ?? null)
  }

  is(word: string): boolean {
    return this.#value === word
  }

  /** Whether the member is this word: no node is made of it. */
  says(key: string, word: string): boolean {
    return this.#object?.[key] === word
  }

  /** All of it, with its long strings. */
  value(): Json {
    return this.#all.length === 0 ? this.#value : whole(this.#value, this.#all)
  }
}

type NodeClass<Node> = new (value: Json, all: readonly Held[]) => Node

/** null: malformed */
function outline<Node>(Class: NodeClass<Node>, text: JsonText): Node | null {
  const spans = text.longStrings()
  try {
    if (spans.length > 0) {
      const json = text.with(spans, standIn)
      if (!isAmbiguous(json, spans.length))
        return new Class(
          JSON.parse(json) as Json,
          spans.map((span) => new Held(text, span)),
        )
    }
    return new Class(JSON.parse(text.toString()) as Json, NONE)
  } catch {
    return null
  }
}

const NONE: readonly Held[] = []

function asObject(value: Json): JsonObject | null {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? value : null
}

function heldBy(object: JsonObject, all: readonly Held[]): Held | null {
  const at = object[HELD]
  return typeof at === "number" ? (all[at] ?? null) : null
}

function whole(value: Json, all: readonly Held[]): Json {
  if (Array.isArray(value)) return value.map((one) => whole(one, all))
  const object = asObject(value)
  if (object === null) return value
  const held = heldBy(object, all)
  if (held !== null) return held.said?.toString() ?? null
  return Object.fromEntries(Object.entries(object).map(([key, one]) => [key, whole(one, all)]))
}
