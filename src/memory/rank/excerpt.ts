/** What is told of a text: how it begins, and the sentences where it speaks of the query, as they stand. The better it fits, the more of it. Pure. */

/** Of the best all that matters is told, of the others what they are about: twenty fit into the standard budget then instead of eleven. */
const MOST_CHARS = [190, 190, 190, 110, 110, 110, 110, 110]
const MOST_CHARS_OF_OTHERS = 80
/** What is told of how it begins, at the least. */
const BEGINNING_CHARS = 60
const SENTENCE = /[^.!?。！？\n]*(?:[.!?。！？]+["')\]]*\s*|\n+|$)/g

/** What many end with, and nobody needs: a short question back, a short cry. */
const ASIDE = /^.{0,40}[?？]\s*$|^.{0,24}[!！]\s*$/

/** How many characters are told of the memory that is in this place among the recalled, from 0. */
export const charsAt = (place: number) => MOST_CHARS[place] ?? MOST_CHARS_OF_OTHERS

/** `speaks`: whether a sentence shares a word with the query. */
export function excerpt(text: string, most: number, speaks: (sentence: string) => boolean): string {
  const sentences = text.match(SENTENCE)!.filter((one) => one !== "")
  let at = 0
  for (let chars = 0; chars < BEGINNING_CHARS && at < sentences.length; at++) {
    chars = sentences
      .slice(0, at + 1)
      .join("")
      .trimEnd().length
  }
  if (text.length <= most * 1.25) {
    let stop = sentences.length
    while (stop > at && ASIDE.test(sentences[stop - 1]!) && !speaks(sentences[stop - 1]!)) stop--
    return stop === sentences.length ? text : `${sentences.slice(0, stop).join("").trimEnd()}…`
  }
  let told = sentences.slice(0, at).join("")
  if (told.length > most) return `${told.slice(0, endOfWord(told, BEGINNING_CHARS))}…`
  let isTold = true
  for (const sentence of sentences.slice(at)) {
    const fits = told.length + sentence.length <= most && speaks(sentence)
    if (fits) told += isTold ? sentence : `… ${sentence}`
    isTold = fits
  }
  return isTold ? told.trim() : `${told.trimEnd()}…`
}

/** A text without spaces is cut where it must be, but not between the halves of a character. */
function endOfWord(text: string, least: number): number {
  const space = text.indexOf(" ", least)
  if (space >= 0 && space < least * 1.5) return space
  const code = text.charCodeAt(least)
  return code >= 0xdc00 && code < 0xe000 ? least + 1 : least
}
