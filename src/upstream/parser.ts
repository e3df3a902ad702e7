/**
 * Reads HTTP/1.1 answers (RFC 9112) from packets: head, then a body by length, in chunks, or until close. Strict: what two
 * programs could read differently is an error. It knows neither sockets nor time.
 */
import { HeaderList } from "./answer.ts"

/** The peer does not speak HTTP/1.1 as it should; the message says how, without quoting it. */
export class BadAnswer extends Error {}

const maxHeadBytes = 64 * 1024
const maxChunkLineBytes = 4096
const maxInterim = 32
const maxCopiedBytes = 2048

const enum At {
  Head,
  Length,
  UntilClose,
  ChunkSize,
  ChunkExtension,
  ChunkSizeLf,
  ChunkData,
  ChunkDataCr,
  ChunkDataLf,
  TrailerStart,
  Trailer,
  TrailerLf,
  EndLf,
  Done,
}

/** 0: not allowed in a field name, 1: allowed, 2: an upper-case letter (RFC 9110 §5.6.2 "token") */
const tokenClass = new Uint8Array(256)
for (const c of "!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyz") tokenClass[c.charCodeAt(0)] = 1
for (let c = 65; c <= 90; c++) tokenClass[c] = 2

const hexValue = new Int8Array(256).fill(-1)
for (let i = 0; i < 16; i++) {
  hexValue["0123456789abcdef".charCodeAt(i)] = i
  hexValue["0123456789ABCDEF".charCodeAt(i)] = i
}

const statusLine = /^HTTP\/1\.[01] [1-9]\d\d[ \r]/
const nothing = new Uint8Array(0)
const opening = Buffer.from("HTTP/1.")

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
  /** bytes left of the body or the chunk */
  #left = 0
  #lineBytes = 0
  #interim = 0
  #held: Buffer | null = null
  readonly #bodyless: boolean

  /** `bodyless`: the answer to a HEAD request */
  constructor(bodyless: boolean) {
    this.#bodyless = bodyless
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

  /** Takes the packet over (it may be rewritten in place) and returns the body's bytes in it, perhaps none. Throws BadAnswer. */
  push(packet: Buffer): Uint8Array {
    let from = 0
    this.started = true
    if (this.#at === At.Head) {
      if (this.#held !== null) packet = Buffer.concat([this.#held, packet])
      from = this.#readHead(packet)
      if (from < 0) return nothing
    }
    switch (this.#at) {
      case At.Length:
        return this.#readLength(packet, from)
      case At.UntilClose:
        return part(packet, from, packet.length)
      case At.Done:
        if (from < packet.length) this.excess = true
        return nothing
      default:
        return this.#readChunks(packet, from)
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

  /** The index after the final head, or -1 while it is not all there. */
  #readHead(packet: Buffer): number {
    let from = 0
    for (;;) {
      const there = Math.min(opening.length, packet.length - from)
      if (packet.compare(opening, 0, there, from, from + there) !== 0)
        throw new BadAnswer("it does not begin with HTTP/1.")
      const end = packet.indexOf("\r\n\r\n", from, "latin1")
      if ((end < 0 ? packet.length : end) - from > maxHeadBytes)
        throw new BadAnswer("its headers are longer than 64 KiB")
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
      if (this.status === 101 || ++this.#interim > maxInterim)
        throw new BadAnswer(`it sent status ${this.status} unasked`)
      if (from === packet.length) {
        this.#held = null
        return -1
      }
    }
  }

  /** `to` is after the last line's CRLF. */
  #parseHead(packet: Buffer, from: number, to: number): void {
    const text = packet.toString("latin1", from, to)
    if (!statusLine.test(text)) throw new BadAnswer("its status line is malformed")
    this.status = Number(text.slice(9, 12))
    let i = endOfLine(packet, from + 12) + 2
    const flat: string[] = []
    while (i < to) {
      const start = i
      let upper = false
      for (let k; (k = tokenClass[packet[i]!]!) !== 0; i++) if (k === 2) upper = true
      if (i === start || packet[i] !== 58) throw new BadAnswer("a header's name is malformed")
      const name = text.slice(start - from, i - from)
      i++
      while (packet[i] === 32 || packet[i] === 9) i++
      const end = endOfLine(packet, i)
      let last = end
      while (last > i && (packet[last - 1] === 32 || packet[last - 1] === 9)) last--
      flat.push(upper ? name.toLowerCase() : name, text.slice(i - from, last - from))
      i = end + 2
    }
    this.headers = new HeaderList(flat)
    if (this.status >= 200) this.#frame(flat, text[7] === "1")
  }

  /** How long the body is (RFC 9112 §6.3), and whether the connection outlives it. */
  #frame(flat: string[], http11: boolean): void {
    let length: string | null = null
    let coding: string | null = null
    this.keepAlive = http11
    for (let i = 0; i < flat.length; i += 2) {
      const name = flat[i]
      const value = flat[i + 1]!
      if (name === "content-length") {
        if (length !== null || !/^\d{1,15}$/.test(value)) throw new BadAnswer("its content-length is malformed")
        length = value
      } else if (name === "transfer-encoding") {
        if (coding !== null || !http11 || value.toLowerCase() !== "chunked") {
          throw new BadAnswer("its transfer-encoding is not plain chunked")
        }
        coding = value
      } else if (name === "connection") {
        const options = value.toLowerCase()
        if (options.includes("close")) this.keepAlive = false
        else if (!http11 && options.includes("keep-alive")) this.keepAlive = true
      }
    }
    if (length !== null && coding !== null) throw new BadAnswer("it has both content-length and transfer-encoding")
    this.#left = length === null ? 0 : Number(length)
    if (this.#bodyless || this.status === 204 || this.status === 304) this.#at = At.Done
    else if (coding !== null) this.#at = At.ChunkSize
    else if (length !== null) this.#at = this.#left === 0 ? At.Done : At.Length
    else {
      this.#at = At.UntilClose
      this.keepAlive = false
    }
    this.#lineBytes = 0
  }

  /** The chunks' data moved together at the place of the first: one view, whatever the number of chunks in a packet. */
  #readChunks(p: Buffer, from: number): Uint8Array {
    let start = 0
    let end = 0
    let i = from
    const n = p.length
    while (i < n) {
      if (this.#at === At.ChunkData) {
        const take = Math.min(this.#left, n - i)
        if (end === 0) start = end = i
        else if (end !== i) p.copyWithin(end, i, i + take)
        end += take
        i += take
        this.#left -= take
        if (this.#left === 0) this.#at = At.ChunkDataCr
      } else if (this.#at === At.Done) {
        this.excess = true
        break
      } else this.#frameByte(p[i++]!)
    }
    return part(p, start, end)
  }

  /** One byte of what stands between chunks: sizes, extensions, line ends, trailers. */
  #frameByte(c: number): void {
    switch (this.#at) {
      case At.ChunkSize: {
        const digit = hexValue[c]!
        if (digit >= 0) {
          if (++this.#lineBytes > 12) throw new BadAnswer("a chunk's size is malformed")
          this.#left = this.#left * 16 + digit
        } else if (this.#lineBytes === 0) throw new BadAnswer("a chunk's size is malformed")
        else if (c === 13) this.#at = At.ChunkSizeLf
        else if (c === 59 || c === 32 || c === 9) this.#at = At.ChunkExtension
        else throw new BadAnswer("a chunk's size is malformed")
        return
      }
      case At.ChunkExtension:
        if (c === 13) this.#at = At.ChunkSizeLf
        else if (isControl(c) || ++this.#lineBytes > maxChunkLineBytes)
          throw new BadAnswer("a chunk's extension is malformed")
        return
      case At.ChunkSizeLf:
        expect(c, 10)
        this.#lineBytes = 0
        this.#at = this.#left === 0 ? At.TrailerStart : At.ChunkData
        return
      case At.ChunkDataCr:
        expect(c, 13)
        this.#at = At.ChunkDataLf
        return
      case At.ChunkDataLf:
        expect(c, 10)
        this.#at = At.ChunkSize
        return
      case At.TrailerStart:
      case At.Trailer:
        if (c === 13) this.#at = this.#at === At.TrailerStart ? At.EndLf : At.TrailerLf
        else if (isControl(c) || ++this.#lineBytes > maxHeadBytes) throw new BadAnswer("its trailers are malformed")
        else this.#at = At.Trailer
        return
      case At.TrailerLf:
        expect(c, 10)
        this.#at = At.TrailerStart
        return
      default:
        expect(c, 10)
        this.#at = At.Done
    }
  }
}

/** A copy of a small part: a view makes Bun build an ArrayBuffer for the packet, which costs 1 µs, and keeps all of it in memory. */
function part(packet: Buffer, start: number, end: number): Uint8Array {
  const bytes = end - start
  if (bytes === packet.length) return packet
  if (bytes === 0) return nothing
  if (bytes > maxCopiedBytes) return packet.subarray(start, end)
  const copy = new Uint8Array(bytes)
  packet.copy(copy, 0, start, end)
  return copy
}

function isControl(c: number): boolean {
  return (c < 32 && c !== 9) || c === 127
}

function expect(c: number, wanted: number): void {
  if (c !== wanted) throw new BadAnswer("a chunk does not end where its size says")
}

/** The index of the line's CRLF. No control character, and so no bare CR or LF, may come before it. */
function endOfLine(packet: Buffer, i: number): number {
  while (!isControl(packet[i]!)) i++
  if (packet[i] !== 13 || packet[i + 1] !== 10) throw new BadAnswer("a header line holds a control character")
  return i
}
