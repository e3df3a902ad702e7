/**
 * How like two texts are in what their words mean, though they share none: "job" and "profession". By a table of words' vectors, no model is run. The table is handed in;
 * `memory/word-vectors.ts` reads it and says where it is from. Pure.
 */

export interface Likeness {
  /** of all words to all of the query's, from 0; 1 is much, and more is possible */
  likeness: number
  /** of each of the query's words to the nearest of the text's, 0 to 1 */
  nearest: Float32Array
}

export interface WordVectors {
  /** For a query's terms: how like a text's terms are to them. */
  compareTo(terms: readonly string[]): (terms: readonly string[]) => Likeness
}

/** Above every product of two rows: 128 dimensions of two int8 are at most 2²¹. */
const UPPER = 2 ** 24

/** Little-endian: how many stems, their dimensions, the bytes of their list; the list, by line feeds, filled up to 4; a float a stem that scales its row; the rows as int8. */
export function readWordVectors(bytes: Uint8Array<ArrayBuffer>): WordVectors {
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

  /** By row, of those that were looked at: how long its vector is before it is scaled; 0: not yet. */
  const lengths = new Float32Array(count)
  function lengthOf(row: number): number {
    if (lengths[row] === 0) {
      let sum = 0
      for (let at = row * dimensions; at < (row + 1) * dimensions; at++) sum += rows[at]! * rows[at]!
      lengths[row] = Math.sqrt(sum) || 1
    }
    return lengths[row]!
  }

  /**
   * Likeness is the cosine of the sums of weighted vectors, but that a text's words count as unrelated to each other: then each word is looked at once a query.
   * The nearest words are found as ColBERT finds its tokens (https://arxiv.org/abs/2004.12832).
   */
  function compareTo(query: readonly string[]): (terms: readonly string[]) => Likeness {
    const width = query.length
    const known = query.map((term) => rowOf.get(term))
    const asked = inPairs(known)
    const whole = lengthOfSum(known)
    const padded = [...known, undefined] // the last pair may be half a one
    const units = padded.map((row) => (row === undefined ? 0 : 1 / lengthOf(row)))
    const weights = padded.map((row) => (row === undefined ? 0 : scales[row]! / whole))
    /** by word: how near it is to each of the query's, its product with the unit vector of their sum, its square */
    const compared = new Map<string, Float32Array>()
    function compare(term: string): Float32Array {
      const seen = new Float32Array(width + 2)
      const row = rowOf.get(term)
      if (row !== undefined) {
        const length = lengthOf(row)
        let sum = 0
        for (let at = 0; at < width; at += 2) {
          const both = dot(asked, at / 2, row)
          const upper = Math.round(both / UPPER)
          const lower = both - upper * UPPER
          seen[at] = (lower * units[at]!) / length
          seen[at + 1] = (upper * units[at + 1]!) / length
          sum += lower * weights[at]! + upper * weights[at + 1]!
        }
        seen[width] = sum * scales[row]!
        seen[width + 1] = (length * scales[row]!) ** 2
      }
      const same = query.indexOf(term)
      if (same >= 0) seen[same] = 1
      compared.set(term, seen)
      return seen
    }
    return (terms) => {
      let product = 0
      let square = 0
      const nearest = new Float32Array(width)
      for (let index = 0; index < terms.length; index++) {
        const seen = compared.get(terms[index]!) ?? compare(terms[index]!)
        product += seen[width]!
        square += seen[width + 1]!
        for (let at = 0; at < width; at++) if (seen[at]! > nearest[at]!) nearest[at] = seen[at]!
      }
      return { likeness: square > 0 ? Math.max(0, product / Math.sqrt(square)) : 0, nearest }
    }
  }

  /** Two rows in one: the second is `UPPER` times as large, so that one product tells both, exactly. */
  function inPairs(known: readonly (number | undefined)[]): Float64Array {
    const asked = new Float64Array(Math.ceil(known.length / 2) * dimensions)
    known.forEach((row, at) => {
      if (row === undefined) return
      const [start, from, unit] = [(at >> 1) * dimensions, row * dimensions, at % 2 === 0 ? 1 : UPPER]
      for (let index = 0; index < dimensions; index++) asked[start + index]! += rows[from + index]! * unit
    })
    return asked
  }

  function lengthOfSum(known: readonly (number | undefined)[]): number {
    const sum = new Float64Array(dimensions)
    for (const row of known)
      if (row !== undefined)
        for (let index = 0; index < dimensions; index++) sum[index]! += rows[row * dimensions + index]! * scales[row]!
    return Math.hypot(...sum) || 1
  }

  /** Of one of the pairs and a row: a fifth of a search, so it has one kind of array on each side, and two sums that need not wait for each other. */
  function dot(asked: Float64Array, pair: number, row: number): number {
    let even = 0
    let odd = 0
    const [start, from] = [pair * dimensions, row * dimensions]
    for (let index = 0; index < dimensions; index += 2) {
      even += asked[start + index]! * rows[from + index]!
      odd += asked[start + index + 1]! * rows[from + index + 1]!
    }
    return even + odd
  }
  return { compareTo }
}
