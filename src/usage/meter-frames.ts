/** Cuts an answer's bytes into JSON texts: SSE events, elements of a JSON array, or one body. It does not know what they mean. */
import { createParser } from "eventsource-parser"

export interface Frames {
  push(bytes: Uint8Array): void
  /** the answer or the connection is over; a text that broke off is given on as it is */
  end(): void
  /** a body that is one JSON value is here in full */
  isWhole(): boolean
}

export interface FrameHandler {
  /** false: not JSON */
  json(text: string, event?: string): boolean
  /** a text past its limit: its first and last characters */
  excess(head: string, tail: string): void
  /** A server-sent event as it came; true: it is known by its bytes, and `json` need not be told. */
  again(bytes: Uint8Array, from: number, to: number): boolean
  /** The text that `json` was told last was all of the event at `from` to `to`. */
  was(bytes: Uint8Array, from: number, to: number): void
}

/** No event is kept past this. */
const MOST_CHARS = 1 << 20
/** Enough for an event's type, and for the usage and what providers write after it. */
const HEAD = 4096
const TAIL = 65_536
/** A slice that holds the end of an event too long loses the others in it: slices are small. */
const SLICE = 65_536

/** What is left of a text that is too long to keep. */
function createExcess() {
  let head = ""
  let tail = ""
  return {
    add(text: string): void {
      if (head.length < HEAD) head += text.slice(0, HEAD - head.length)
      tail += text
      if (tail.length > 4 * TAIL) tail = tail.slice(-TAIL)
    },
    take(): [head: string, tail: string] {
      const taken: [string, string] = [head, tail.slice(-TAIL)]
      head = tail = ""
      return taken
    },
  }
}

/**
 * Server-sent events. Providers write an event at a time, and it mostly arrives as it was written: packets of whole events are taken apart here,
 * those that are not by `carefulFrames`, which is made when the first comes.
 */
export class EventFrames implements Frames {
  readonly #on: FrameHandler
  #careful: Frames | null = null
  /** no event is under way */
  #isBetween = true

  constructor(on: FrameHandler) {
    this.#on = on
  }

  push(bytes: Uint8Array): void {
    for (let from = 0; from < bytes.length;) {
      const end = this.#isBetween ? lastEnd(bytes, from) : firstEnd(bytes, from)
      const to = end < 0 ? Math.min(bytes.length, from + SLICE) : end
      if (!this.#isBetween || end < 0) this.#readCarefully(bytes, from, to)
      else if (!this.#on.again(bytes, from, to)) this.#readEvents(bytes, from, to)
      this.#isBetween = end >= 0
      from = to
    }
  }

  #readEvents(bytes: Uint8Array, from: number, to: number): void {
    for (let at = from, end; at < to; at = end) {
      end = firstEnd(bytes, at)
      if (end < 0) end = to // one line end too many
      if (this.#on.again(bytes, at, end)) continue
      if (this.#readWhole(whole.decode(view(bytes, at, end)))) this.#on.was(bytes, at, end)
      else this.#readCarefully(bytes, at, end)
    }
  }

  #readCarefully(bytes: Uint8Array, from: number, to: number): void {
    this.#careful ??= carefulFrames(this.#on)
    this.#careful.push(view(bytes, from, to))
  }

  /** False, and nothing read, where lines end in other ways than LF. */
  #readWhole(text: string): boolean {
    if (text.includes("\r")) return false
    let name: string | undefined
    let data: string | null = null
    for (let at = 0, end; at < text.length; at = end + 1) {
      end = text.indexOf("\n", at)
      if (end === at) {
        if (data !== null) this.#on.json(data, name)
        data = null
        name = undefined
      } else if (text.startsWith("data:", at)) {
        const line = valueOf(text, at + 5, end)
        data = data === null ? line : `${data}\n${line}`
      } else if (text.startsWith("event:", at)) name = valueOf(text, at + 6, end) || undefined
    }
    return true
  }

  end(): void {
    this.#careful?.end()
  }

  isWhole(): boolean {
    return false
  }
}

const view = (bytes: Uint8Array, from: number, to: number) =>
  to - from === bytes.length ? bytes : bytes.subarray(from, to)

const LF = 10
const EMPTY_LINE = Buffer.from("\n\n")

/** Behind the last empty line within a slice, -1 where there is none. */
function lastEnd(bytes: Uint8Array, from: number): number {
  const to = Math.min(bytes.length, from + SLICE)
  if (to - from >= 2 && bytes[to - 1] === LF && bytes[to - 2] === LF) return to
  const at = Buffer.prototype.lastIndexOf.call(bytes, EMPTY_LINE, to - 2)
  return to - from >= 2 && at >= from ? at + 2 : -1
}

function firstEnd(bytes: Uint8Array, from: number): number {
  const at = Buffer.prototype.indexOf.call(bytes, EMPTY_LINE, from)
  return at < 0 ? -1 : at + 2
}

/** One space after a field's colon does not belong to its value. */
const valueOf = (text: string, from: number, to: number) =>
  text.slice(text.charCodeAt(from) === 32 ? from + 1 : from, to)

/**
 * Server-sent events in any form and however they are split. Line lengths are watched here, since the parser ends for good when its own buffer overflows: a line past the limit is
 * taken out of the parser's hands up to its end. The parser's limit remains for events of very many lines.
 */
function carefulFrames(on: FrameHandler): Frames {
  const decoder = new TextDecoder()
  const excess = createExcess()
  let open = 0
  let isSkipping = false
  let hasOverflowed = false
  const parser = createParser({
    maxBufferSize: 2 * MOST_CHARS,
    onEvent: (event) => on.json(event.data, event.event),
    onError: (error) => (hasOverflowed ||= error.type === "max-buffer-size-exceeded"),
  })

  function feed(text: string): void {
    parser.feed(text)
    if (!hasOverflowed) return
    hasOverflowed = false
    parser.reset()
    on.excess("", "")
  }

  function take(text: string): void {
    if (isSkipping) {
      const end = text.search(/[\r\n]/)
      excess.add(end < 0 ? text : text.slice(0, end))
      if (end < 0) return
      isSkipping = false
      on.excess(...excess.take())
      text = text.slice(end)
    }
    let start = text.lastIndexOf("\n")
    if (start < 0) start = text.lastIndexOf("\r")
    if (start >= 0) {
      if (open > 0) excess.take()
      open = 0
    }
    if (start < text.length - 1) {
      open += text.length - start - 1
      excess.add(text.slice(start + 1))
    }
    if (open <= MOST_CHARS) return feed(text)
    isSkipping = true
    open = 0
    feed(text.slice(0, start + 1))
    parser.reset()
  }

  return {
    push(bytes) {
      const text = decoder.decode(bytes, { stream: true })
      if (text.length <= SLICE) return take(text)
      for (let at = 0; at < text.length; at += SLICE) take(text.slice(at, at + SLICE))
    },
    end() {
      take(decoder.decode())
      take("\n\n") // a last event without its blank line, or without its line's end, counts
    },
    isWhole: () => false,
  }
}

const QUOTE = 34
const OPEN_LIST = 91
const BACKSLASH = 92
const CLOSE_LIST = 93
const OPEN_OBJECT = 123
const CLOSE_OBJECT = 125

/** A JSON array that grows while it is sent, as Gemini's `streamGenerateContent` without `alt=sse`: each object in it as it is complete. */
export function arrayFrames(on: FrameHandler): Frames {
  const decoder = new TextDecoder()
  const excess = createExcess()
  let depth = 0
  let isQuoted = false
  let isEscaped = false
  let pending = ""
  let isExcess = false

  function keep(text: string): void {
    if (!isExcess && pending.length + text.length <= MOST_CHARS) pending += text
    else {
      if (!isExcess) excess.add(pending)
      excess.add(text)
      isExcess = true
      pending = ""
    }
  }

  function take(text: string): void {
    let start = depth > 1 ? 0 : -1
    for (let at = 0; at < text.length; at++) {
      const char = text.charCodeAt(at)
      if (isQuoted) {
        if (isEscaped) isEscaped = false
        else if (char === BACKSLASH) isEscaped = true
        else if (char === QUOTE) isQuoted = false
      } else if (char === QUOTE) isQuoted = true
      else if (char === OPEN_OBJECT || char === OPEN_LIST) {
        if (depth++ === 1) start = at
      } else if (char === CLOSE_OBJECT || char === CLOSE_LIST) {
        if (--depth !== 1) continue
        keep(text.slice(start, at + 1))
        start = -1
        if (isExcess) on.excess(...excess.take())
        else on.json(pending)
        isExcess = false
        pending = ""
      }
    }
    if (start >= 0) keep(text.slice(start))
  }

  return {
    push: (bytes) => take(decoder.decode(bytes, { stream: true })),
    end: () => take(decoder.decode()),
    isWhole: () => false,
  }
}

/** A body asked about over and over while it comes is read this many times at most before its end. */
const MOST_TRIES = 16

/** For texts in one piece, between which it keeps nothing: one for each answer would be a native object to collect. */
const whole = new TextDecoder()

const NOTHING = new Uint8Array(0)

/** One JSON value. Of a body longer than `limit` only the first and the last part are kept. */
export class BodyFrames implements Frames {
  readonly #limit: number
  readonly #on: FrameHandler
  #kept: Uint8Array = NOTHING
  #used = 0
  #head = ""
  #tried = -1
  #tries = 0
  #isDone = false

  constructor(limit: number, on: FrameHandler) {
    this.#limit = limit
    this.#on = on
  }

  push(bytes: Uint8Array): void {
    const used = this.#used
    if (used === 0) this.#kept = bytes
    else {
      if (used + bytes.length > this.#kept.length) this.#kept = grown(this.#kept.subarray(0, used), bytes.length)
      this.#kept.set(bytes, used)
    }
    this.#used += bytes.length
    if (this.#used <= (this.#head ? 4 * TAIL : this.#limit)) return
    this.#head ||= whole.decode(this.#kept.subarray(0, HEAD))
    this.#kept = new Uint8Array(this.#kept.subarray(Math.max(0, this.#used - TAIL), this.#used)) // a Buffer's `slice` is no copy
    this.#used = this.#kept.length
  }

  /** Reads the body if it ends as a value ends. */
  isWhole(): boolean {
    const kept = this.#kept
    const used = this.#used
    if (this.#isDone || used === this.#tried || this.#tries > MOST_TRIES) return this.#isDone
    this.#tried = used
    let last = used - 1
    while (last > 0 && isBlank(kept[last])) last--
    if (kept[last] !== CLOSE_OBJECT && kept[last] !== CLOSE_LIST) return false
    this.#tries++
    const text = whole.decode(view(kept, 0, used))
    if (!this.#head) return (this.#isDone = this.#on.json(text))
    this.#on.excess(this.#head, text)
    return (this.#isDone = true)
  }

  end(): void {
    this.#tries = 0
    this.isWhole()
  }
}

const isBlank = (byte: number | undefined) => byte === 32 || byte === 10 || byte === 13 || byte === 9

function grown(bytes: Uint8Array, by: number): Uint8Array {
  const larger = new Uint8Array(Math.max(2 * bytes.length, bytes.length + by, 1024))
  larger.set(bytes)
  return larger
}
