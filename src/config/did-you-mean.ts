/** "Did you mean": the nearest known word. Only that. */

/** The candidate at the smallest edit distance from `word`, if it is close enough to be a slip of the fingers. */
export function nearest(word: string, candidates: Iterable<string>): string | undefined {
  const typed = word.toLowerCase()
  let best: string | undefined
  let limit = Math.max(1, typed.length >> 2) + 1
  for (const candidate of candidates) {
    if (Math.abs(candidate.length - typed.length) >= limit) continue
    const steps = distance(typed, candidate.toLowerCase())
    if (steps < limit) [best, limit] = [candidate, steps]
  }
  return best
}

/** `; did you mean x?`, or nothing. */
export function didYouMean(word: string, candidates: Iterable<string>): string {
  const near = nearest(word, candidates)
  return near === undefined ? "" : `; did you mean \`${near}\`?`
}

/** Edits between two words, neighbours swapped counting as one: https://en.wikipedia.org/wiki/Damerau%E2%80%93Levenshtein_distance (optimal string alignment) */
function distance(a: string, b: string): number {
  let before: number[] = []
  let above = Array.from({ length: b.length + 1 }, (_, j) => j)
  for (let i = 1; i <= a.length; i++) {
    const row = [i]
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1]
      let least = Math.min(above[j - 1]! + (same ? 0 : 1), above[j]! + 1, row[j - 1]! + 1)
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) least = Math.min(least, before[j - 2]! + 1)
      row.push(least)
    }
    ;[before, above] = [above, row]
  }
  return above[b.length]!
}
