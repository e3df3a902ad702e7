/** Reads a chunked body (RFC 9112 §7.1) from packets. */
import { isControl, Malformed, MAX_HEAD_BYTES, part } from "./message.ts"

const MAX_LINE_BYTES = 4096

const enum At {
  Size,
  Extension,
  SizeLf,
  Data,
  DataCr,
  DataLf,
  TrailerStart,
  Trailer,
  TrailerLf,
  EndLf,
  Done,
}

const HEX_VALUE = new Int8Array(256).fill(-1)
for (let i = 0; i < 16; i++) {
  HEX_VALUE["0123456789abcdef".charCodeAt(i)] = i
  HEX_VALUE["0123456789ABCDEF".charCodeAt(i)] = i
}

/** Writes a chunk's size and its line's end at `at`, at most `MOST_SIZE_BYTES`; where they end. */
export function writeSize(bytes: Uint8Array, at: number, size: number): number {
  let shift = 0
  while (size >>> shift > 15) shift += 4
  for (; shift >= 0; shift -= 4) bytes[at++] = "0123456789abcdef".charCodeAt((size >>> shift) & 15)
  bytes[at++] = 13
  bytes[at++] = 10
  return at
}
export const MOST_SIZE_BYTES = 10

export class Chunks {
  /** where in the last packet the reading stopped: its end, or after the body's */
  end = 0
  #at = At.Size
  /** bytes left of the chunk */
  #left = 0
  #lineBytes = 0

  get done(): boolean {
    return this.#at === At.Done
  }

  /** The data of the packet's chunks moved together at the place of the first: one view, whatever their number. Rewrites the packet. @throws Malformed */
  read(p: Buffer, from: number): Uint8Array {
    const one = this.#readOne(p, from)
    if (one !== null) return one
    let start = 0
    let end = 0
    let i = from
    const n = p.length
    while (i < n && this.#at !== At.Done) {
      if (this.#at === At.Data) {
        const take = Math.min(this.#left, n - i)
        if (end === 0) start = end = i
        else if (end !== i) p.copyWithin(end, i, i + take)
        end += take
        i += take
        this.#left -= take
        if (this.#left === 0) this.#at = At.DataCr
      } else this.#frameByte(p[i++]!)
    }
    this.end = i
    return part(p, start, end)
  }

  /**
   * A packet that is one whole chunk, as most are where each event is written by itself; null: it is another. Between two packets the processor's caches
   * forget our code: what reads any frame takes longer to fetch than to run.
   */
  #readOne(p: Buffer, from: number): Uint8Array | null {
    if (this.#at !== At.Size || this.#lineBytes > 0) return null
    let i = from
    let size = 0
    for (let digit; i < from + 8 && (digit = HEX_VALUE[p[i]!]!) >= 0; i++) size = size * 16 + digit
    const start = i + 2
    this.end = start + size + 2
    if (size === 0 || this.end !== p.length || !isLineEnd(p, i) || !isLineEnd(p, start + size)) return null
    return part(p, start, start + size)
  }

  /** One byte of what stands between chunks: sizes, extensions, line ends, trailers. */
  #frameByte(c: number): void {
    switch (this.#at) {
      case At.Size: {
        const digit = HEX_VALUE[c]!
        if (digit >= 0) {
          if (++this.#lineBytes > 12) throw new Malformed("a chunk's size is malformed")
          this.#left = this.#left * 16 + digit
        } else if (this.#lineBytes === 0) throw new Malformed("a chunk's size is malformed")
        else if (c === 13) this.#at = At.SizeLf
        else if (c === 59 || c === 32 || c === 9) this.#at = At.Extension
        else throw new Malformed("a chunk's size is malformed")
        return
      }
      case At.Extension:
        if (c === 13) this.#at = At.SizeLf
        else if (isControl(c) || ++this.#lineBytes > MAX_LINE_BYTES)
          throw new Malformed("a chunk's extension is malformed")
        return
      case At.SizeLf:
        expect(c, 10)
        this.#lineBytes = 0
        this.#at = this.#left === 0 ? At.TrailerStart : At.Data
        return
      case At.DataCr:
        expect(c, 13)
        this.#at = At.DataLf
        return
      case At.DataLf:
        expect(c, 10)
        this.#at = At.Size
        return
      case At.TrailerStart:
      case At.Trailer:
        if (c === 13) this.#at = this.#at === At.TrailerStart ? At.EndLf : At.TrailerLf
        else if (isControl(c) || ++this.#lineBytes > MAX_HEAD_BYTES) throw new Malformed("its trailers are malformed")
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

const isLineEnd = (p: Buffer, at: number) => p[at] === 13 && p[at + 1] === 10

function expect(c: number, wanted: number): void {
  if (c !== wanted) throw new Malformed("a chunk does not end where its size says")
}
