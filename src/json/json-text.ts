/**
 * A JSON document as the bytes it came in. JSON's structure is ASCII, so it is found and edited without decoding: all places are bytes, and only the strings that
 * somebody reads become text. A prompt of 400 KB with one character beyond Latin-1 would as a whole be a text of 800 KB, several times.
 */
import { Utf8Text } from "./utf8-text.ts"

/** Half open, in bytes. */
export interface Span {
  start: number
  end: number
}

const QUOTE = 34
const COLON = 58
const BACKSLASH = 92
/** A longer string is looked through once, and parsed for who reads it. With more, a long conversation of short messages would be parsed whole; with less, a 1 KB request in two steps. */
const LONG = 640

export class JsonText {
  /** valid UTF-8; nobody changes them. null: `raw` says it alone, and all of it is ASCII */
  readonly #bytes: Buffer | null
  /** a character for each byte, which is quicker to search; not handed out where it is no text */
  readonly #raw: string
  /** where long strings end, by where they begin, in their order */
  #long: Map<number, number> | null = null

  /** @param bytes null for an ASCII text, which is `raw` */
  constructor(raw: string, bytes: Buffer | null) {
    this.#raw = raw
    this.#bytes = bytes
  }

  /** @param utf8 valid */
  static of(utf8: Uint8Array): JsonText {
    const bytes = Buffer.isBuffer(utf8) ? utf8 : Buffer.from(utf8.buffer, utf8.byteOffset, utf8.length)
    return new JsonText(bytes.toString("latin1"), bytes)
  }

  static from(text: string): JsonText {
    return Buffer.byteLength(text) === text.length ? new JsonText(text, null) : JsonText.of(Buffer.from(text))
  }

  /** in bytes */
  get length(): number {
    return this.#raw.length
  }

  /** The byte there; NaN behind the end. */
  byteAt(at: number): number {
    return this.#raw.charCodeAt(at)
  }

  /** @param ascii what is looked for */
  startsWith(ascii: string, at: number): boolean {
    return this.#raw.startsWith(ascii, at)
  }

  indexOf(ascii: string, from = 0): number {
    return this.#raw.indexOf(ascii, from)
  }

  /** The end of the string whose quote is at `open`; -1: it has none. A quote after an odd number of backslashes is part of the string. */
  endOfString(open: number): number {
    const known = this.#long?.get(open)
    if (known !== undefined) return known
    const raw = this.#raw
    for (let from = open + 1; ;) {
      const quote = raw.indexOf('"', from)
      if (quote < 0) return -1
      from = quote + 1
      let before = quote - 1
      while (raw.charCodeAt(before) === BACKSLASH) before--
      if (((quote - before) & 1) === 0) continue
      if (from - open > LONG) (this.#long ??= new Map()).set(open, from)
      return from
    }
  }

  /** The long strings that were come by, but for keys. */
  longStrings(): Span[] {
    const spans: Span[] = []
    for (const [start, end] of this.#long ?? []) if (this.#codeAfter(end) !== COLON) spans.push({ start, end })
    return spans
  }

  #codeAfter(at: number): number {
    while (this.byteAt(at) <= 32) at++
    return this.byteAt(at)
  }

  /** The document as text, with something else in the place of these spans. */
  with(spans: readonly Span[], instead: (at: number) => string): string {
    if (spans.length === 0 && this.#bytes === null) return this.#raw
    let raw = ""
    let from = 0
    for (const [at, { start, end }] of spans.entries()) {
      raw += this.#raw.slice(from, start) + instead(at)
      from = end
    }
    raw += this.#raw.slice(from)
    // an ASCII text is its bytes
    return Buffer.byteLength(raw) === raw.length ? raw : Buffer.from(raw, "latin1").toString()
  }

  /** What the JSON string there says, not decoded; null where it is none, or holds an escape that JSON does not know. */
  utf8({ start, end }: Span): Utf8Text | null {
    if (this.byteAt(start) !== QUOTE) return null
    const quoted = this.#raw.slice(start, end)
    if (!quoted.includes("\\")) return new Utf8Text(quoted.slice(1, -1), this.#bytes, start + 1, this.#bytes === null)
    // an escaped character would stand among bytes
    const isPlain = !quoted.includes("\\u")
    const said = parseString(isPlain ? quoted : this.slice(start, end))
    return said === null ? null : isPlain ? new Utf8Text(said) : Utf8Text.from(said)
  }

  /** The same as text: for a short one. */
  string(start: number, end: number): string | null {
    if (this.byteAt(start) !== QUOTE) return null
    const plain = this.slice(start + 1, end - 1)
    return plain.includes("\\") ? parseString(this.slice(start, end)) : plain
  }

  /** What stands there, as text: a copy, but of a document that is short. */
  slice(start: number, end: number): string {
    return this.#bytes === null ? this.#raw.slice(start, end) : this.#bytes.toString("utf8", start, end)
  }

  /** The same for something short that is looked at and not kept: it would keep the document alive. */
  peek(start: number, end: number): string {
    if (this.#bytes !== null)
      for (let at = start; at < end; at++) if (this.#raw.charCodeAt(at) >= 128) return this.slice(start, end)
    return this.#raw.slice(start, end)
  }

  /** What stands there, as it is sent. */
  piece(start: number, end = this.length): string | Uint8Array {
    if (this.#bytes === null) return this.#raw.slice(start, end)
    return start === 0 && end === this.length ? this.#bytes : this.#bytes.subarray(start, end)
  }

  toString(): string {
    return this.slice(0, this.length)
  }
}

function parseString(json: string): string | null {
  try {
    return JSON.parse(json) as string
  } catch {
    return null // a bad escape: no string
  }
}
