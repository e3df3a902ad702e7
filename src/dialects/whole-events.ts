/**
 * Lets SSE bytes out in whole events only: what is under way waits for its end. So whatever memproxy adds (a keep-alive, an error event) falls between
 * events, and a client never sees half of one. Bytes and their order stay as they are.
 */

/** contract §7: a longer event is let through in pieces. */
const MAX_HELD_BYTES = 1024 * 1024
const NOTHING = new Uint8Array(0)

export interface WholeEvents {
  /** The bytes up to the last end of an event, those held before first; often `bytes` itself. */
  push(bytes: Uint8Array): Uint8Array
  /** The stream is over: what was still held, an event without its final empty line. */
  end(): Uint8Array
  /** nothing of an unfinished event has been let out */
  readonly between: boolean
}

/** `change` may drop events from what is let out. */
export function createWholeEvents(change: ((events: Uint8Array) => Uint8Array) | null = null): WholeEvents {
  let held: Uint8Array[] = []
  let heldLength = 0
  /** the last bytes of the event under way: its end may lie across packets */
  let seam: Uint8Array = NOTHING
  let between = true

  const hold = (bytes: Uint8Array) => {
    seam = bytes.length >= 3 ? bytes.slice(-3) : Buffer.concat([seam, bytes]).subarray(-3)
    if (!between) return bytes // of an event too long to hold
    held.push(bytes.slice()) // a socket may use its memory again
    heldLength += bytes.length
    if (heldLength <= MAX_HELD_BYTES) return NOTHING
    between = false
    return release(NOTHING)
  }
  const release = (last: Uint8Array): Uint8Array => {
    const out = held.length === 0 ? last : Buffer.concat([...held, last])
    held = []
    heldLength = 0
    return out
  }

  return {
    push(bytes) {
      const found = seam.length === 0 ? lastEnd(bytes) : lastEnd(Buffer.concat([seam, bytes]))
      const end = found - seam.length // 0: the seam's CR was no half of a CR LF
      if (found === 0 || end < 0) return hold(bytes)
      const out = release(end === bytes.length ? bytes : bytes.subarray(0, end))
      const isWhole = between
      seam = NOTHING
      between = true
      if (end < bytes.length) hold(bytes.subarray(end))
      return change && isWhole ? change(out) : out
    },
    end: () => release(NOTHING),
    get between() {
      return between
    },
  }
}

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
