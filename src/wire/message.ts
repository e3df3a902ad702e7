/** What requests and answers of HTTP/1.1 (RFC 9112) have in common. Strict: what two programs could read differently is an error. Pure. */

/** The peer does not speak HTTP/1.1 as it should; the message says how, without quoting it. */
export class Malformed extends Error {}

export const MAX_HEAD_BYTES = 64 * 1024
const MAX_COPIED_BYTES = 2048

/** 0: not allowed in a field name, 1: allowed, 2: an upper-case letter (RFC 9110 §5.6.2 "token") */
const TOKEN_CLASS = new Uint8Array(256)
for (const c of "!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyz") TOKEN_CLASS[c.charCodeAt(0)] = 1
for (let c = 65; c <= 90; c++) TOKEN_CLASS[c] = 2

/** Lines of the heads of one peer, as each of the first of them last came, and the fields they are. */
export class KnownLines {
  readonly texts: string[] = []
  readonly flat: string[] = []
}

const MOST_KNOWN_LINES = 32

/**
 * The fields of a head as name (lower case), value, name, value …; `text` is the packet from `from` on as latin-1, the first line begins at `at`,
 * `to` is after the last line's CRLF. Most lines say the same in each head: one that stands where it stood in the last is not read again. @throws Malformed
 */
export function readFieldLines(
  packet: Buffer,
  text: string,
  from: number,
  at: number,
  to: number,
  known: KnownLines | null = null,
): string[] {
  const flat: string[] = []
  let i = at
  while (i < to) {
    const place = flat.length
    const line = known?.texts[place / 2]
    if (line !== undefined && text.startsWith(line, i - from)) {
      flat.push(known!.flat[place]!, known!.flat[place + 1]!)
      i += line.length
      continue
    }
    const start = i
    let upper = false
    for (let k; (k = TOKEN_CLASS[packet[i]!]!) !== 0; i++) if (k === 2) upper = true
    if (i === start || packet[i] !== 58) throw new Malformed("a header's name is malformed")
    const name = text.slice(start - from, i - from)
    i++
    while (packet[i] === 32 || packet[i] === 9) i++
    const end = endOfLine(packet, i)
    let last = end
    while (last > i && (packet[last - 1] === 32 || packet[last - 1] === 9)) last--
    flat.push(upper ? name.toLowerCase() : name, text.slice(i - from, last - from))
    i = end + 2
    if (known === null || place >= 2 * MOST_KNOWN_LINES) continue
    known.texts[place / 2] = text.slice(start - from, i - from)
    known.flat[place] = flat[place]!
    known.flat[place + 1] = flat[place + 1]!
  }
  return flat
}

/** How long the body is (RFC 9112 §6), and whether the connection outlives the message. */
export interface Framing {
  /** null: the head does not say */
  length: number | null
  chunked: boolean
  keepAlive: boolean
}

/** @throws Malformed for what two readers could take for two different lengths */
export function readFraming(flat: readonly string[], isHttp11: boolean): Framing {
  const framing: Framing = { length: null, chunked: false, keepAlive: isHttp11 }
  for (let i = 0; i < flat.length; i += 2) {
    const name = flat[i]
    const value = flat[i + 1]!
    if (name === "content-length") {
      if (framing.length !== null || !/^\d{1,15}$/.test(value)) throw new Malformed("its content-length is malformed")
      framing.length = Number(value)
    } else if (name === "transfer-encoding") {
      if (framing.chunked || !isHttp11 || value.toLowerCase() !== "chunked")
        throw new Malformed("its transfer-encoding is not plain chunked")
      framing.chunked = true
    } else if (name === "connection") {
      const options = value.toLowerCase()
      if (options.includes("close")) framing.keepAlive = false
      else if (!isHttp11 && options.includes("keep-alive")) framing.keepAlive = true
    }
  }
  if (framing.length !== null && framing.chunked)
    throw new Malformed("it has both content-length and transfer-encoding")
  return framing
}

export const NOTHING = new Uint8Array(0)

/** A copy of a small part: a view makes Bun build an ArrayBuffer for the packet, which costs 1 µs, and keeps all of it in memory. */
export function part(packet: Uint8Array, start: number, end: number): Uint8Array {
  const bytes = end - start
  if (bytes === packet.length) return packet
  if (bytes === 0) return NOTHING
  if (bytes > MAX_COPIED_BYTES) return packet.subarray(start, end)
  const copy = new Uint8Array(bytes)
  Buffer.prototype.copy.call(packet, copy, 0, start, end)
  return copy
}

export function isControl(c: number): boolean {
  return (c < 32 && c !== 9) || c === 127
}

/** The index of the line's CRLF. No control character, and so no bare CR or LF, may come before it. */
export function endOfLine(packet: Buffer, i: number): number {
  while (!isControl(packet[i]!)) i++
  if (packet[i] !== 13 || packet[i + 1] !== 10) throw new Malformed("a header line holds a control character")
  return i
}
