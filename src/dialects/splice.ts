/** Replaces spans of a text and leaves the rest as it is. It knows nothing of JSON. */

/** `start === end` inserts. */
export interface Edit {
  start: number
  end: number
  text: string
}

/** Edits may come in any order; of two at one place the first given comes first. Throws when two overlap. */
export function splice(text: string, edits: readonly Edit[]): string {
  if (edits.length === 0) return text
  let result = ""
  let at = 0
  // an insertion goes before what is replaced at its place
  for (const edit of edits.toSorted((one, other) => one.start - other.start || one.end - other.end)) {
    if (edit.start < at || edit.end < edit.start) throw new Error(`edits overlap at ${edit.start}`)
    result += text.slice(at, edit.start) + edit.text
    at = edit.end
  }
  return result + text.slice(at)
}
