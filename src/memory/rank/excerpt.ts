/** What is told of a long text: how it begins, and the sentences where it speaks of the query, as they stand. Pure. */

/** About 40 tokens: a dozen fit into the standard budget. */
const MOST_CHARS = 190
/** What is told of how it begins, at the least: the sentences that end before it and the one it lies in. */
const BEGINNING_CHARS = 60
const SENTENCE = /[^.!?。！？\n]*(?:[.!?。！？]+["')\]]*\s*|\n+|$)/g

/** `speaks`: whether a sentence shares a word with the query. */
export function excerpt(text: string, speaks: (sentence: string) => boolean): string {
  if (text.length <= MOST_CHARS * 1.25) return text
  const sentences = text.match(SENTENCE)!.filter((one) => one !== "")
  let chars = 0
  const isTold = sentences.map((sentence) => {
    const isBeginning = chars < BEGINNING_CHARS
    if (isBeginning) chars += sentence.length
    return isBeginning
  })
  const tell = (at: number) => {
    if (isTold[at] || chars + sentences[at]!.length > MOST_CHARS) return
    isTold[at] = true
    chars += sentences[at]!.length
  }
  sentences.forEach((sentence, at) => speaks(sentence) && tell(at))
  sentences.forEach((_, at) => tell(at))
  const pieces = sentences.map((sentence, at) => (isTold[at] ? sentence : isTold[at - 1] ? "… " : ""))
  return pieces.join("").trim()
}
