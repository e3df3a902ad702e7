/** Reads HTTP/1.1 requests from the packets of one connection, one after the other. It knows neither sockets nor time. */
import { Chunks } from "../wire/chunks.ts"
import { endOfLine, Malformed, MAX_HEAD_BYTES, readFieldLines, readFraming } from "../wire/message.ts"
import { Fields } from "./header-fields.ts"

/** Of a client's requests most have the same head but for its content-length: such ones share one of these. */
export interface RequestHead {
  method: string
  /** path and query as a URL has them */
  target: string
  headers: Fields
  keepAlive: boolean
  isHttp11: boolean
  chunked: boolean
  /** the client waits for a `100 Continue` before it sends the body */
  waits: boolean
}

/** A head past `MAX_HEAD_BYTES`. */
export class HeadTooLong extends Malformed {}

/** Heads that differ from one read lately in nothing but the digits of their content-length are not read again. */
interface Known {
  before: string
  after: string
  head: RequestHead
}

/** Of all connections: a client opens many, and their heads must not each be kept, nor be found out about anew. The newest comes last. */
const lately: Known[] = []
const MOST_LATELY = 8

const REQUEST_LINE = /^([!#$%&'*+\-.^_`|~0-9A-Za-z]+) ([!-~\x80-\xff]+) HTTP\/1\.([01])\r/
/** What is sent to a proxy: a URL, or of CONNECT a host alone. */
const ABSOLUTE_TARGET = /^(https?:\/\/)?([^/?#]+)(.*)$/i
const LENGTH_FIELD = /\r\n[Cc]ontent-[Ll]ength: *(\d{1,15})\r\n/d
/** What a URL would resolve or escape. */
const UNRESOLVED = /\/\.|[\\#^`{|}"<>\x80-\xff]|%2e/i
const BEGINS = /[A-Za-z]/
const LINE_END = Buffer.from("\r\n\r\n")

export class RequestParser {
  head!: RequestHead
  /** bytes of the body as its head declares them; null: it comes in chunks */
  length: number | null = null
  /** the body has come */
  isWhole = true
  /** where in the last packet the request ended */
  end = 0
  bodyFrom = 0
  bodyTo = 0
  /** the packet the head ended in, which may be longer than the one given; to be let go of */
  rest: Buffer | null = null
  #left = 0
  #chunks: Chunks | null = null
  #held: Buffer | null = null
  #known: Known | null = null

  /** a head has begun to come */
  get isAmidHead(): boolean {
    return this.#held !== null
  }

  /** Takes the packet over. True once the next head is all there: what is behind it begins at `end` of `rest`. @throws Malformed */
  readHead(packet: Buffer): boolean {
    let from = 0
    if (this.#held !== null) packet = Buffer.concat([this.#held, packet])
    while (packet[from] === 13 || packet[from] === 10) from++ // RFC 9112 §2.2: an empty line before the request line is ignored
    // A TLS handshake, say, need not wait for an end that does not come.
    if (from < packet.length && !BEGINS.test(String.fromCharCode(packet[from]!)))
      throw new Malformed("it does not begin with a method")
    const end = packet.indexOf(LINE_END, from)
    if ((end < 0 ? packet.length : end) - from > MAX_HEAD_BYTES) throw new HeadTooLong("its headers are over 64 KiB")
    if (end < 0) {
      const lf = packet.indexOf(10, from)
      if (lf >= 0 && packet[lf - 1] !== 13) throw new Malformed("its lines do not end in CR LF")
      this.#held = packet.subarray(from)
      return false
    }
    this.#held = null
    this.rest = packet
    this.end = end + 4
    this.#read(packet, from, end + 2)
    this.#left = this.length ?? 0
    this.#chunks = this.length === null ? new Chunks() : null
    this.isWhole = this.length === 0
    return true
  }

  /** What holds the body's bytes of this packet, from `bodyFrom` to `bodyTo`: the packet itself, mostly. @throws Malformed */
  readBody(packet: Buffer, from: number): Uint8Array {
    if (this.#chunks !== null) {
      const bytes = this.#chunks.read(packet, from)
      this.isWhole = this.#chunks.done
      this.end = this.#chunks.end
      this.bodyFrom = 0
      this.bodyTo = bytes.length
      return bytes
    }
    const take = Math.min(this.#left, packet.length - from)
    this.#left -= take
    this.isWhole = this.#left === 0
    this.bodyFrom = from
    this.bodyTo = this.end = from + take
    return packet
  }

  #read(packet: Buffer, from: number, to: number): void {
    const text = packet.toString("latin1", from, to)
    if (this.#known !== null && this.#isKnown(text, this.#known)) return
    for (const known of lately) {
      if (!this.#isKnown(text, known)) continue
      this.#known = known
      return
    }
    this.#readNew(packet, text, from, to)
    const place = LENGTH_FIELD.exec(text)?.indices?.[1]
    this.#known = place ? { before: text.slice(0, place[0]), after: text.slice(place[1]), head: this.head } : null
    if (this.#known !== null && lately.push(this.#known) > MOST_LATELY) lately.shift()
  }

  #isKnown(text: string, { before, after, head }: Known): boolean {
    if (!text.startsWith(before) || !text.endsWith(after)) return false
    const digits = text.slice(before.length, text.length - after.length)
    if (!/^\d{1,15}$/.test(digits)) return false
    this.length = Number(digits)
    this.head = head
    return true
  }

  #readNew(packet: Buffer, text: string, from: number, to: number): void {
    const line = REQUEST_LINE.exec(text)
    if (line === null) throw new Malformed("its request line is malformed")
    const [, method, target, minor] = line
    const flat = readFieldLines(packet, text, from, endOfLine(packet, from) + 2, to)
    const isHttp11 = minor === "1"
    const { length, chunked, keepAlive } = readFraming(flat, isHttp11)
    const headers = new Fields(flat)
    if (headers.isRepeated("host")) throw new Malformed("it has two Host headers")
    const { path, host } = readTarget(method!, target!)
    if (host !== null) headers.set("host", host)
    this.length = chunked ? null : (length ?? 0)
    this.head = {
      method: method!,
      target: path,
      headers,
      keepAlive: keepAlive && isHttp11,
      isHttp11,
      chunked,
      waits: isHttp11 && headers.get("expect")?.toLowerCase() === "100-continue",
    }
  }
}

/** Path and query of a target in any of its forms, and the host it names, which counts instead of the Host header's (RFC 9112 §3.2). */
function readTarget(method: string, target: string): { path: string; host: string | null } {
  if (target[0] === "/") return { path: UNRESOLVED.test(target) ? resolve(target) : target, host: null }
  if (target === "*" && method === "OPTIONS") return { path: "/", host: null }
  const [, scheme, host, rest] = ABSOLUTE_TARGET.exec(target) ?? []
  if (host === undefined || (scheme === undefined) !== (method === "CONNECT"))
    throw new Malformed("its target is neither a path nor a URL")
  return { path: resolve(rest![0] === "/" ? rest! : `/${rest}`), host }
}

/** `.` and `..` resolved and what is no URL character escaped, as the URL standard does it. */
function resolve(target: string): string {
  const escaped = target.replace(/[\x80-\xff]/g, (byte) => `%${byte.charCodeAt(0).toString(16).toUpperCase()}`)
  try {
    const { pathname, search } = new URL(`http://localhost${escaped}`)
    return pathname + search
  } catch {
    throw new Malformed("its path is no path")
  }
}
