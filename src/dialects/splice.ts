/** Replaces spans of a text and leaves the rest as it is. It knows nothing of JSON. */

/** `start === end` inserts. */
export interface Edit {
  start: number
  end: number
  text: string
}

/** Edits may come in any order; of two at one place the first given comes first. @throws where two overlap */
export function splice(text: string, edits: readonly Edit[]): string {
  if (edits.length === 0) return text
  let result = ""
  let at = 0
  for (const edit of inOrder(edits)) {
    result += text.slice(at, edit.start) + edit.text
    at = edit.end
  }
  return result + text.slice(at)
}

/** The same done to `bytes`, which are `text` in UTF-8: a long text is not copied, counted and encoded for a few words that change. */
export function spliceBytes(bytes: Uint8Array, text: string, edits: readonly Edit[]): Uint8Array {
  if (edits.length === 0) return bytes
  const isAscii = bytes.length === text.length
  const lengthOf = (from: number, to: number) => (isAscii ? to - from : Buffer.byteLength(text.slice(from, to)))
  const added = edits.reduce((sum, { start, end, text }) => sum + Buffer.byteLength(text) - lengthOf(start, end), 0)
  const result = Buffer.allocUnsafe(bytes.length + added)
  let [at, byte, written] = [0, 0, 0]
  for (const edit of inOrder(edits)) {
    const kept = lengthOf(at, edit.start)
    result.set(bytes.subarray(byte, byte + kept), written)
    written += kept + result.write(edit.text, written + kept)
    byte += kept + lengthOf(edit.start, edit.end)
    at = edit.end
  }
  result.set(bytes.subarray(byte), written)
  return result
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
