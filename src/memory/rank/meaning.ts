/**
 * How like two texts are in what their words mean, though they share none: "job" and "profession". By a table of words' vectors, no model is run. The table is handed in;
 * `memory/meanings.ts` reads it and says where it is from. Pure.
 */

export interface Meanings {
  /** For a query's terms: how like a text's terms are to them, from 0; 1 is much, and more is possible. */
  likenessTo(terms: readonly string[]): (terms: readonly string[]) => number
}

/** Little-endian: how many stems, their dimensions, the bytes of their list; the list, by line feeds, filled up to 4; a float a stem that scales its row; the rows as int8. */
export function readMeanings(bytes: Uint8Array<ArrayBuffer>): Meanings {
  const [count, dimensions, listed] = new Uint32Array(bytes.buffer, bytes.byteOffset, 3) as unknown as [
    number,
    number,
    number,
  ]
  const stems = new TextDecoder().decode(bytes.subarray(12, 12 + listed)).split("\n")
  const rowOf = new Map(stems.map((stem, row) => [stem, row]))
  const start = bytes.byteOffset + 12 + Math.ceil(listed / 4) * 4
  const scales = new Float32Array(bytes.buffer, start, count)
  const rows = new Int8Array(bytes.buffer, start + 4 * count, count * dimensions)

  function vectorOf(terms: readonly string[]): Float32Array {
    const sum = new Float32Array(dimensions)
    for (const term of terms) {
      const row = rowOf.get(term)
      if (row === undefined) continue
      for (let at = 0; at < dimensions; at++) sum[at]! += scales[row]! * rows[row * dimensions + at]!
    }
    const length = Math.hypot(...sum) || 1
    return sum.map((value) => value / length)
  }

  /** By row, of those that were looked at: a row's length squared. */
  const squares = new Map<number, number>()
  function squareOf(row: number): number {
    let square = squares.get(row)
    if (square === undefined) {
      square = 0
      for (let at = row * dimensions; at < (row + 1) * dimensions; at++) square += rows[at]! * rows[at]!
      squares.set(row, (square *= scales[row]! * scales[row]!))
    }
    return square
  }

  /** The cosine of the sums of weighted vectors, but that a text's words count as unrelated to each other: then each word is looked at once a query. */
  function likenessTo(query: readonly string[]): (terms: readonly string[]) => number {
    const vector = vectorOf(query)
    const known = new Map<string, { product: number; square: number }>()
    const look = (term: string) => {
      const row = rowOf.get(term)
      let product = 0
      if (row !== undefined) {
        const start = row * dimensions
        for (let at = 0; at < dimensions; at++) product += vector[at]! * rows[start + at]!
        product *= scales[row]!
      }
      const seen = { product, square: row === undefined ? 0 : squareOf(row) }
      known.set(term, seen)
      return seen
    }
    return (terms) => {
      let product = 0
      let square = 0
      for (const term of terms) {
        const one = known.get(term) ?? look(term)
        product += one.product
        square += one.square
      }
      return square > 0 ? Math.max(0, product / Math.sqrt(square)) : 0
    }
  }
  return { likenessTo }
}
