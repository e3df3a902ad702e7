/** What a text is about, as the words it is found by: lower case, without accents, stemmed, without those that every text has. Pure. */
import { stemmer } from "stemmer"
import { IRREGULAR } from "./irregular.ts"

/** Chinese, Japanese and Korean are written without spaces: pairs of neighbouring characters stand for words. */
const CJK = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}]/u
const CJK_RUN =
  /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}ー]+|[^\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}ー]+/gu
const WORD = /[\p{L}\p{N}]+/gu
const IS_ASCII = /^[\0-\x7f]*$/
const ASCII_WORDS = /[a-z0-9]+/g
const MARK = /\p{M}+/gu
const ASCII_WORD = /^[a-z]+$/

const STOP_WORDS: ReadonlySet<string> = new Set(
  `a about above after again against all also am an and any are aren as at be because been before being below between both but by can
  cannot could couldn d did didn do does doesn doing don down during each ever few for from further had hadn has hasn have haven having he her here hers
  herself him himself his how i if in into is isn it its itself just ll m many me might more most much must my myself no nor not now of off on once one
  only or other our ours ourselves out over own re s same shall she should shouldn so some such t than that the their theirs them themselves then there these
  they this those through to too under until up upon us ve very was wasn we were weren what when where which while who whom whose why will with won would
  wouldn yet you your yours yourself yourselves`.split(/\s+/),
)

/** Stems by word: most words come again. Handed in, since what is kept outlives a call. */
export type Stems = Map<string, string>
const MOST_STEMS = 50_000

/** In order, with repetitions. `stops`: without the words that say nothing. */
export function termsOf(text: string, stems: Stems, stops = true): string[] {
  const terms: string[] = []
  for (const word of wordsOf(text)) {
    if (word.charCodeAt(0) > 0x2e00 && CJK.test(word)) pairs(word, terms)
    else if (!stops || !STOP_WORDS.has(word)) terms.push(stemOf(word, stems))
  }
  return terms
}

/** Most text is ASCII, where nothing has to be normalised: a third of the time. */
function wordsOf(text: string): readonly string[] {
  if (IS_ASCII.test(text)) return text.toLowerCase().match(ASCII_WORDS) ?? []
  return text.normalize("NFKD").replace(MARK, "").normalize("NFKC").toLowerCase().match(WORD) ?? []
}

/** A question of nothing but common words is about those. */
export function queryTerms(text: string, stems: Stems): string[] {
  const terms = termsOf(text, stems)
  return terms.length > 0 ? terms : termsOf(text, stems, false)
}

function pairs(word: string, terms: string[]): void {
  for (const run of word.match(CJK_RUN) ?? []) {
    const characters = [...run]
    if (!CJK.test(run) || characters.length === 1) terms.push(run)
    else for (let at = 1; at < characters.length; at++) terms.push(characters[at - 1]! + characters[at]!)
  }
}

function stemOf(word: string, stems: Stems): string {
  let stem = stems.get(word)
  if (stem !== undefined) return stem
  stem = ASCII_WORD.test(word) ? stemmer(IRREGULAR.get(word) ?? word) : word
  if (stems.size >= MOST_STEMS) stems.clear()
  stems.set(word, stem)
  return stem
}
