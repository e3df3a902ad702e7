/**
 * Lets SSE bytes out in whole events only: what is under way waits for its end. So whatever memproxy adds (a keep-alive, an error event) falls between
 * events, and a client never sees half of one. Bytes and their order stay as they are.
 */

/** A longer event is let through in pieces. */
const MAX_HELD_BYTES = 1024 * 1024
const NOTHING: Uint8Array = new Uint8Array(0)

/** `change` may drop events from what is let out. */
export class WholeEvents {
  readonly #change: ((events: Uint8Array) => Uint8Array) | null
  #held: Uint8Array[] | null = null
  #heldLength = 0
  /** the last bytes of the event under way: its end may lie across packets */
  #seam = NOTHING
  #between = true

  constructor(change: ((events: Uint8Array) => Uint8Array) | null = null) {
    this.#change = change
  }

  /** nothing of an unfinished event has been let out */
  get between(): boolean {
    return this.#between
  }

  /** The bytes up to the last end of an event, those held before first; often `bytes` itself. */
  push(bytes: Uint8Array): Uint8Array {
    const change = this.#change
    const seam = this.#seam
    const last = bytes.length - 1
    if (seam === NOTHING && bytes[last] === LF && bytes[last - 1] === LF) return change ? change(bytes) : bytes
    const found = lastEnd(seam === NOTHING ? bytes : Buffer.concat([seam, bytes]))
    const end = found - seam.length // 0: the seam's CR was no half of a CR LF
    if (found === 0 || end < 0) return this.#hold(bytes)
    const out = this.#release(end === bytes.length ? bytes : bytes.subarray(0, end))
    const isWhole = this.#between
    this.#seam = NOTHING
    this.#between = true
    if (end < bytes.length) this.#hold(bytes.subarray(end))
    return change && isWhole ? change(out) : out
  }

  /** The stream is over: what was still held, an event without its final empty line. */
  end(): Uint8Array {
    return this.#release(NOTHING)
  }

  #hold(bytes: Uint8Array): Uint8Array {
    this.#seam = copyOf(bytes.length >= 3 ? bytes.subarray(-3) : Buffer.concat([this.#seam, bytes]).subarray(-3))
    if (!this.#between) return bytes // of an event too long to hold
    this.#held ??= []
    this.#held.push(copyOf(bytes))
    this.#heldLength += bytes.length
    if (this.#heldLength <= MAX_HELD_BYTES) return NOTHING
    this.#between = false
    return this.#release(NOTHING)
  }

  #release(last: Uint8Array): Uint8Array {
    if (this.#held === null) return last
    const out = Buffer.concat([...this.#held, last])
    this.#held = null
    this.#heldLength = 0
    return out
  }
}

/** A view, which a Buffer's `slice` is too, would keep all of a packet, whose memory may be used again. */
const copyOf = (bytes: Uint8Array) => new Uint8Array(bytes)

const LF = 10
const CR = 13

/**
 * Behind the last empty line, 0 when there is none. Lines end with LF, CR LF or CR (https://html.spec.whatwg.org/multipage/server-sent-events.html);
 * a CR that ends the bytes may be half of a CR LF, so it is waited for.
 */
export function lastEnd(bytes: Uint8Array): number {
  for (let at = bytes.length - 1; at > 0; at--) {
    const byte = bytes[at]
    if (byte === LF && (bytes[at - 1] === LF || (bytes[at - 1] === CR && isLineEnd(bytes[at - 2])))) return at + 1
    if (byte === CR && bytes[at - 1] === CR && at < bytes.length - 1) return at + 1
  }
  return 0
}

const isLineEnd = (byte: number | undefined) => byte === LF || byte === CR
