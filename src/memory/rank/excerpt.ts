/** What is told of a text: how it begins, and the sentences where it speaks of the query, as they stand. The likelier it answers, the more of it. Pure. */

/** What is told of how it begins, at the least. */
const BEGINNING_CHARS = 60
/**
 * Of what likely answers all that matters is told, of others what they are about: 22 fit into the standard budget then instead of eleven. By likelihood rather than by place, since
 * a question after one thing has one likely answer, and one after many has many that are less so.
 */
const MOST_CHARS: readonly (readonly [likelihood: number, chars: number])[] = [
  [0.2, 340],
  [0.1, 130],
  [0.05, 90],
]
/** A text that is so little longer is told whole. */
const HARDLY_MORE_CHARS = 30
const SENTENCE = /[^.!?。！？\n]*(?:[.!?。！？]+["')\]]*\s*|\n+|$)/g

/** What many end with, and nobody needs: a short question back, a short cry. */
const ASIDE = /^.{0,40}[?？]\s*$|^.{0,24}[!！]\s*$/

/** How many characters are told of a memory that so likely answers, from 0 to 1. */
export const charsFor = (likelihood: number) =>
  MOST_CHARS.find(([least]) => likelihood >= least)?.[1] ?? BEGINNING_CHARS

/** `speaks`: whether a sentence shares a word with the query. What is cut inside a sentence says so. */
export function excerpt(text: string, most: number, speaks: (sentence: string) => boolean): string {
  const sentences = text.match(SENTENCE)!.filter((one) => one !== "")
  let at = 0
  for (let chars = 0; chars < BEGINNING_CHARS && at < sentences.length; at++) {
    chars = sentences
      .slice(0, at + 1)
      .join("")
      .trimEnd().length
  }
  if (text.length <= most + HARDLY_MORE_CHARS) {
    let stop = sentences.length
    while (stop > at && ASIDE.test(sentences[stop - 1]!) && !speaks(sentences[stop - 1]!)) stop--
    return sentences.slice(0, stop).join("").trimEnd()
  }
  let told = sentences.slice(0, at).join("")
  if (told.length > most) return `${told.slice(0, endOfWord(told, BEGINNING_CHARS))}…`
  let isTold = true
  for (const sentence of sentences.slice(at)) {
    const fits = told.length + sentence.length <= most && speaks(sentence)
    if (fits) told += isTold ? sentence : `… ${sentence}`
    isTold = fits
  }
  return told.trimEnd()
}

/** A text without spaces is cut where it must be, but not between the halves of a character. */
function endOfWord(text: string, least: number): number {
  const space = text.indexOf(" ", least)
  if (space >= 0 && space < least * 1.5) return space
  const code = text.charCodeAt(least)
  return code >= 0xdc00 && code < 0xe000 ? least + 1 : least
}
