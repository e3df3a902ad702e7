/** Replaces spans of a text and leaves the rest as it is. It knows nothing of JSON. */
import type { JsonText } from "../json/json-text.ts"
import type { Pieces } from "../json/pieces.ts"

/** Bytes from `start` to `end` become `text`; `start === end` inserts. */
export interface Edit {
  start: number
  end: number
  text: string
}

/** Edits may come in any order; of two at one place the first given comes first. What stays is not copied. @throws where two overlap */
export function splice(text: JsonText, edits: readonly Edit[]): Pieces {
  if (edits.length === 0) return [text.piece(0)]
  const pieces: (string | Uint8Array)[] = []
  let at = 0
  for (const edit of inOrder(edits)) {
    if (edit.start > at) pieces.push(text.piece(at, edit.start))
    if (edit.text !== "") pieces.push(edit.text)
    at = edit.end
  }
  if (at < text.length) pieces.push(text.piece(at))
  return pieces
}

/** An insertion goes before what is replaced at its place. @throws Error when two overlap */
function inOrder(edits: readonly Edit[]): readonly Edit[] {
  const sorted =
    edits.length === 1 ? edits : edits.toSorted((one, other) => one.start - other.start || one.end - other.end)
  let at = 0
  for (const { start, end } of sorted) {
    if (start < at || end < start) throw new Error(`edits overlap at ${start}`)
    at = end
  }
  return sorted
}
