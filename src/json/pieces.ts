/** A body in pieces, as it goes out: bytes as they came, and texts of ours between them. A long prompt is sent without being put together. */
export type Pieces = readonly (string | Uint8Array)[]

export function bytesIn(pieces: Pieces): number {
  let sum = 0
  for (const piece of pieces) sum += typeof piece === "string" ? Buffer.byteLength(piece) : piece.length
  return sum
}

export const joinPieces = (pieces: Pieces): Buffer => Buffer.concat(pieces.map(bytesOf))

const bytesOf = (piece: string | Uint8Array) => (typeof piece === "string" ? Buffer.from(piece) : piece)

const LONG = 16 * 1024

/** A write for each long piece, which is not copied, and one for all that stands between two. */
export function joinShort(pieces: Pieces): Uint8Array[] {
  const writes: Uint8Array[] = []
  let short: (string | Uint8Array)[] = []
  const join = () => {
    if (short.length > 0) writes.push(joinPieces(short))
    short = []
  }
  for (const piece of pieces) {
    if (piece.length < LONG) short.push(piece)
    else {
      join()
      writes.push(bytesOf(piece))
    }
  }
  join()
  return writes
}
