/**
 * How like two texts are in what their words mean, though they share none: "job" and "profession". By a table of words' vectors, no model is run. The table is handed in;
 * `memory/meanings.ts` reads it and says where it is from. Pure.
 */

export interface Likeness {
  /** of all words to all of the query's, from 0; 1 is much, and more is possible */
  likeness: number
  /** of each of the query's words to the nearest of the text's, 0 to 1 */
  nearest: Float32Array
}

export interface Meanings {
  /** For a query's terms: how like a text's terms are to them. */
  compareTo(terms: readonly string[]): (terms: readonly string[]) => Likeness
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
    const asked = new Float32Array((width + 1) * dimensions) // unit vectors; the last is the sum's
    const known = query.map((term, at) => addTo(asked, at, term))
    scaleToOne(asked.subarray(width * dimensions))
    /** by word: how near it is to each of the query's, its product with the sum, its square */
    const compared = new Map<string, Float32Array>()
    function compare(term: string): Float32Array {
      const seen = new Float32Array(width + 2)
      const row = rowOf.get(term)
      if (row !== undefined) {
        const length = lengthOf(row)
        const scaled = length * scales[row]!
        for (let at = 0; at < width; at++) if (known[at]) seen[at] = dot(asked, at, row) / length
        seen[width] = dot(asked, width, row) * scales[row]!
        seen[width + 1] = scaled * scaled
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

  /** False: the word is not in the table. */
  function addTo(asked: Float32Array, at: number, term: string): boolean {
    const row = rowOf.get(term)
    if (row === undefined) return false
    const [start, sum] = [at * dimensions, asked.length - dimensions]
    for (let index = 0; index < dimensions; index++) {
      const value = rows[row * dimensions + index]!
      asked[start + index] = value / lengthOf(row)
      asked[sum + index]! += value * scales[row]!
    }
    return true
  }

  /** Of one of the asked vectors and a row: a fifth of a search, so it has one kind of array on each side. */
  function dot(asked: Float32Array, at: number, row: number): number {
    let sum = 0
    const [start, from] = [at * dimensions, row * dimensions]
    for (let index = 0; index < dimensions; index++) sum += asked[start + index]! * rows[from + index]!
    return sum
  }
  return { compareTo }
}

function scaleToOne(vector: Float32Array): void {
  const length = Math.hypot(...vector) || 1
  for (let at = 0; at < vector.length; at++) vector[at]! /= length
}
