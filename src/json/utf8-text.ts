/**
 * A text kept as its UTF-8, which is not decoded before somebody wants to read it. Most of what is asked of a long prompt (how does it begin, where are these
 * tags, is it the one from before) is asked with ASCII words, and bytes answer as well. Places are bytes.
 */

/** What `trim` takes away beyond ASCII, in UTF-8: U+00A0, U+1680, U+2000-200A, U+2028, U+2029, U+202F, U+205F, U+3000, U+FEFF. */
const BLANK = String.raw`(?:\xc2\xa0|\xe1\x9a\x80|\xe2\x80[\x80-\x8a\xa8\xa9\xaf]|\xe2\x81\x9f|\xe3\x80\x80|\xef\xbb\xbf)`
const LEADING = new RegExp(`^${BLANK}`)
const TRAILING = new RegExp(`${BLANK}$`)
const LONGEST_BLANK = 3

const isAsciiBlank = (byte: number) => byte === 32 || (byte >= 9 && byte <= 13)

export class Utf8Text {
  /** a character for each byte, which is quicker to search; never handed out, for it is no text */
  readonly #raw: string
  /** bytes that hold this text from `start`; null: `raw` says it alone */
  readonly #bytes: Buffer | null
  readonly #start: number
  /** known to be ASCII, so that `raw` is the text after all */
  readonly #isAscii: boolean

  /** @param raw a character for each byte of valid UTF-8 */
  constructor(raw: string, bytes: Buffer | null = null, start = 0, isAscii = false) {
    this.#raw = raw
    this.#bytes = bytes
    this.#start = start
    this.#isAscii = isAscii
  }

  static from(text: string): Utf8Text {
    if (Buffer.byteLength(text) === text.length) return new Utf8Text(text, null, 0, true)
    const bytes = Buffer.from(text)
    return new Utf8Text(bytes.toString("latin1"), bytes)
  }

  static join(texts: readonly Utf8Text[], ascii: string): Utf8Text {
    return texts.length === 1 ? texts[0]! : new Utf8Text(texts.map((text) => text.#raw).join(ascii))
  }

  /** in bytes */
  get length(): number {
    return this.#raw.length
  }

  byteAt(at: number): number {
    return this.#raw.charCodeAt(at)
  }

  startsWith(ascii: string, at = 0): boolean {
    return this.#raw.startsWith(ascii, at)
  }

  indexOf(ascii: string, from = 0): number {
    return this.#raw.indexOf(ascii, from)
  }

  /** From one character's first byte to another's. */
  slice(start: number, end?: number): Utf8Text {
    return new Utf8Text(this.#raw.slice(start, end), this.#bytes, this.#start + start, this.#isAscii)
  }

  /** how many bytes of blank it begins with */
  leadingBlank(): number {
    for (let at = 0; ;) {
      const byte = this.byteAt(at)
      if (isAsciiBlank(byte)) at++
      else if (byte >= 128 && LEADING.test(this.#raw.slice(at, at + LONGEST_BLANK))) at += byte === 0xc2 ? 2 : 3
      else return at
    }
  }

  trim(): Utf8Text {
    const start = this.leadingBlank()
    let end = this.length
    while (end > start) {
      const byte = this.byteAt(end - 1)
      if (isAsciiBlank(byte)) end--
      else if (byte >= 128 && TRAILING.test(this.#raw.slice(Math.max(start, end - LONGEST_BLANK), end)))
        end -= this.byteAt(end - 2) === 0xc2 ? 2 : 3
      else break
    }
    return start === 0 && end === this.length ? this : this.slice(start, end)
  }

  equals(other: Utf8Text): boolean {
    return this.#raw === other.#raw
  }

  /** The same, keeping nothing else in memory. */
  copy(): Utf8Text {
    return new Utf8Text(Buffer.from(this.#raw, "latin1").toString("latin1"), null, 0, this.#isAscii)
  }

  /** 64 bits of its UTF-8: a prompt of 400 KB is read in 20 µs. */
  hash(): bigint {
    return Bun.hash.wyhash(this.#isAscii ? this.#raw : this.#encoded())
  }

  #encoded(): Buffer {
    if (this.#bytes === null) return Buffer.from(this.#raw, "latin1")
    return this.#bytes.subarray(this.#start, this.#start + this.length)
  }

  toString(): string {
    return this.#isAscii ? this.#raw : this.#encoded().toString()
  }
}
