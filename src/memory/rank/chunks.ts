/** A long text in the pieces that are found and told on their own, cut at line breaks where there are any. Pure. */

export interface Chunk {
  /** of the text, in UTF-16 code units */
  start: number
  stop: number
}

/** An assistant's answers are long and about many things; 400 characters are a paragraph. Measured on BEAM: R@10 +4 over whole turns. */
const ASSISTANT_CHARS = 400
/** What a person says in one go mostly belongs together. */
const PERSON_CHARS = 600

export function chunksOf(text: string, role: string): Chunk[] {
  const most = role === "user" ? PERSON_CHARS : ASSISTANT_CHARS
  if (text.length <= most * 1.5) return [{ start: 0, stop: text.length }]
  const chunks: Chunk[] = []
  let start = 0
  while (start < text.length) {
    const stop = text.length - start <= most * 1.5 ? text.length : cutAt(text, start, most)
    if (text.slice(start, stop).trim() !== "") chunks.push({ start, stop })
    start = stop
  }
  return chunks
}

/** After the last line, sentence or word that fits. */
function cutAt(text: string, start: number, most: number): number {
  const end = start + most
  const least = start + most / 3
  for (const mark of ["\n", ". ", "。", " "]) {
    const at = text.lastIndexOf(mark, end)
    if (at >= least) return at + mark.length
  }
  const code = text.charCodeAt(end)
  return code >= 0xdc00 && code < 0xe000 ? end + 1 : end // not between the halves of a character
}
