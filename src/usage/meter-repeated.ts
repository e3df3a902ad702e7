/**
 * An event whose only text is what differs in the next one: most of a stream is this. The next is known by its bytes and not parsed; the texts are made
 * strings a few at a time.
 */
import type { CalledTool } from "../exchange.ts"
import { addArguments, addSpeech, type Tally } from "./meter-tally.ts"

/** What an event was that left everything as it was but for one text more. */
export interface Said {
  text: string
  /** the text is for the person's eyes */
  isSpeech: boolean
  /** the call it is written into */
  into: CalledTool | null
}

/** Of a Buffer, for bytes that need not be one: making one of them costs more than looking. */
const native = Buffer.prototype
const QUOTE = 34
const BACKSLASH = 92
const MOST_WAITING_BYTES = 256

export class RepeatedEvent {
  readonly #tally: Tally
  readonly #said: Said
  readonly #event: Uint8Array
  /** where in the event its text begins, and how many bytes come behind it */
  readonly #from: number
  readonly #tailBytes: number
  /** texts that the tally was not told yet */
  #waiting: Uint8Array | null = null
  #waitingBytes = 0

  private constructor(tally: Tally, said: Said, event: Uint8Array, from: number, tailBytes: number) {
    this.#tally = tally
    this.#said = said
    this.#event = event
    this.#from = from
    this.#tailBytes = tailBytes
  }

  /** From the event that lies at `from` to `to`. Null unless it is clear where in it its text is. */
  static learn(tally: Tally, said: Said, bytes: Uint8Array, from: number, to: number): RepeatedEvent | null {
    const event = new Uint8Array(bytes.subarray(from, to)) // a Buffer's `slice` is no copy
    if (event.includes(BACKSLASH)) return null
    const quoted = `"${said.text}"`
    const at = native.indexOf.call(event, quoted, 0, "utf8")
    if (at < 0 || native.indexOf.call(event, quoted, at + 1, "utf8") >= 0) return null
    return new RepeatedEvent(tally, said, event, at + 1, event.length - at - Buffer.byteLength(quoted) + 1)
  }

  /** Counts the event at `from` to `to`. False where more than its text differs, or where that does not stand in JSON as it is. */
  count(bytes: Uint8Array, from: number, to: number): boolean {
    const event = this.#event
    const start = from + this.#from
    const end = to - this.#tailBytes
    if (end <= start || native.compare.call(bytes, event, 0, this.#from, from, start) !== 0) return false
    if (native.compare.call(bytes, event, event.length - this.#tailBytes, event.length, end, to) !== 0) return false
    if (!isPlain(bytes, start, end)) return false
    if (this.#waitingBytes + end - start > MOST_WAITING_BYTES) this.tell()
    if (end - start > MOST_WAITING_BYTES) this.#say(bytes, start, end)
    else {
      this.#waiting ??= new Uint8Array(MOST_WAITING_BYTES)
      this.#waitingBytes += native.copy.call(bytes, this.#waiting, this.#waitingBytes, start, end)
    }
    return true
  }

  /** Tells the tally what it was not told yet. */
  tell(): void {
    if (this.#waitingBytes === 0) return
    this.#say(this.#waiting!, 0, this.#waitingBytes)
    this.#waitingBytes = 0
  }

  #say(bytes: Uint8Array, from: number, to: number): void {
    const text = native.toString.call(bytes, "utf8", from, to)
    if (this.#said.isSpeech) addSpeech(this.#tally, text)
    else addArguments(this.#tally, this.#said.into, text)
  }
}

/** Whether it stands in JSON as it is. */
function isPlain(bytes: Uint8Array, from: number, to: number): boolean {
  for (let at = from; at < to; at++) {
    const byte = bytes[at]!
    if (byte < 32 || byte === QUOTE || byte === BACKSLASH) return false
  }
  return true
}
