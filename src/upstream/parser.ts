/** Reads HTTP/1.1 answers from packets: head, then a body by length, in chunks, or until close. It knows neither sockets nor time. */
import { Chunks } from "../wire/chunks.ts"
import {
  endOfLine,
  KnownLines,
  Malformed,
  MAX_HEAD_BYTES,
  NOTHING,
  part,
  readFieldLines,
  readFraming,
} from "../wire/message.ts"
import { HeaderList } from "./answer.ts"

const MAX_INTERIM = 32

const enum At {
  Head,
  Length,
  UntilClose,
  Chunks,
  Done,
}

const STATUS_LINE = /^HTTP\/1\.[01] [1-9]\d\d[ \r]/
const OPENING = Buffer.from("HTTP/1.")

export class AnswerParser {
  status = 0
  headers: HeaderList | null = null
  /** the connection may carry another request once this answer is done */
  keepAlive = false
  /** at least one byte came */
  started = false
  /** bytes came after the answer's end: nobody asked for them */
  excess = false
  #at = At.Head
  /** bytes left of the body */
  #left = 0
  #chunks: Chunks | null = null
  #interim = 0
  #held: Buffer | null = null
  readonly #bodyless: boolean
  readonly #known: KnownLines

  /** `bodyless`: the answer to a HEAD request; `known`: the lines of who answers */
  constructor(bodyless: boolean, known = new KnownLines()) {
    this.#bodyless = bodyless
    this.#known = known
  }

  /** the final head is read: `status` and `headers` are the answer's */
  get headRead(): boolean {
    return this.#at !== At.Head
  }

  get done(): boolean {
    return this.#at === At.Done
  }

  /** At the peer's FIN: is the answer whole? Only one that is delimited by closing can become so. */
  finish(): boolean {
    if (this.#at === At.UntilClose) this.#at = At.Done
    return this.#at === At.Done
  }

  /** Takes the packet over (it may be rewritten in place) and returns the body's bytes in it, perhaps none. @throws Malformed */
  push(packet: Buffer): Uint8Array {
    let from = 0
    this.started = true
    if (this.#at === At.Head) {
      if (this.#held !== null) packet = Buffer.concat([this.#held, packet])
      from = this.#readHead(packet)
      if (from < 0) return NOTHING
    }
    switch (this.#at) {
      case At.Length:
        return this.#readLength(packet, from)
      case At.UntilClose:
        return part(packet, from, packet.length)
      case At.Chunks:
        return this.#readChunks(packet, from)
      default:
        if (from < packet.length) this.excess = true
        return NOTHING
    }
  }

  #readLength(packet: Buffer, from: number): Uint8Array {
    const there = packet.length - from
    if (there < this.#left) {
      this.#left -= there
      return part(packet, from, packet.length)
    }
    if (there > this.#left) this.excess = true
    this.#at = At.Done
    return part(packet, from, from + this.#left)
  }

  #readChunks(packet: Buffer, from: number): Uint8Array {
    const chunks = this.#chunks!
    const bytes = chunks.read(packet, from)
    if (chunks.done) {
      this.#at = At.Done
      if (chunks.end < packet.length) this.excess = true
    }
    return bytes
  }

  /** The index after the final head, or -1 while it is not all there. */
  #readHead(packet: Buffer): number {
    let from = 0
    for (;;) {
      const there = Math.min(OPENING.length, packet.length - from)
      if (packet.compare(OPENING, 0, there, from, from + there) !== 0)
        throw new Malformed("it does not begin with HTTP/1.")
      const end = packet.indexOf("\r\n\r\n", from, "latin1")
      if ((end < 0 ? packet.length : end) - from > MAX_HEAD_BYTES)
        throw new Malformed("its headers are longer than 64 KiB")
      if (end < 0) {
        this.#held = packet.subarray(from)
        return -1
      }
      this.#parseHead(packet, from, end + 2)
      from = end + 4
      if (this.status >= 200) {
        this.#held = null
        return from
      }
      if (this.status === 101 || ++this.#interim > MAX_INTERIM)
        throw new Malformed(`it sent status ${this.status} unasked`)
      if (from === packet.length) {
        this.#held = null
        return -1
      }
    }
  }

  /** `to` is after the last line's CRLF. */
  #parseHead(packet: Buffer, from: number, to: number): void {
    const text = packet.toString("latin1", from, to)
    if (!STATUS_LINE.test(text)) throw new Malformed("its status line is malformed")
    this.status = Number(text.slice(9, 12))
    const flat = readFieldLines(packet, text, from, endOfLine(packet, from + 12) + 2, to, this.#known)
    this.headers = new HeaderList(flat)
    if (this.status >= 200) this.#frame(flat, text[7] === "1")
  }

  #frame(flat: string[], isHttp11: boolean): void {
    const { length, chunked, keepAlive } = readFraming(flat, isHttp11)
    this.keepAlive = keepAlive
    this.#left = length ?? 0
    if (this.#bodyless || this.status === 204 || this.status === 304) this.#at = At.Done
    else if (chunked) {
      this.#chunks = new Chunks()
      this.#at = At.Chunks
    } else if (length !== null) this.#at = length === 0 ? At.Done : At.Length
    else {
      this.#at = At.UntilClose
      this.keepAlive = false
    }
  }
}
