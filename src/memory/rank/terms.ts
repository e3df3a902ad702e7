/** What a text is about, as the words it is found by: lower case, without accents, stemmed, without those that every text has. Pure. */
import { stemmer } from "stemmer"
import { IRREGULAR } from "./irregular.ts"
import { COMMON_UNSPACED, SPACED } from "./languages.ts"

/** Chinese, Japanese and Korean are written without spaces: pairs of neighbouring characters stand for words. */
const CJK = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}]/u
const CJK_RUN =
  /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}ー]+|[^\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}ー]+/gu
const WORD = /[\p{L}\p{N}]+/gu
const IS_ASCII = /^[\0-\x7f]*$/
const ASCII_WORDS = /[a-z0-9]+/g
const MARK = /\p{M}+/gu
const ASCII_WORD = /^[a-z]+$/

const setOf = (words: string): ReadonlySet<string> => new Set(words.trim().split(/\s+/).flatMap(wordsOf))
const [ENGLISH, ...OTHERS] = SPACED.map(({ common }) => setOf(common)) as [
  ReadonlySet<string>,
  ...ReadonlySet<string>[],
]

/** Stems by word: most words come again. Handed in, since what is kept outlives a call. */
export type Stems = Map<string, string>
const MOST_STEMS = 50_000

/** In order, with repetitions. `common`: words that say nothing; English ones are not even kept of what is remembered. */
export function termsOf(text: string, stems: Stems, common: ReadonlySet<string> = ENGLISH): string[] {
  const terms: string[] = []
  for (const word of wordsOf(text)) {
    if (word.charCodeAt(0) > 0x2e00 && CJK.test(word)) pairs(word, terms)
    else if (!common.has(word)) terms.push(stemOf(word, stems))
  }
  return terms
}

/** Most text is ASCII, where nothing has to be normalised: a third of the time. */
function wordsOf(text: string): readonly string[] {
  if (IS_ASCII.test(text)) return text.toLowerCase().match(ASCII_WORDS) ?? []
  return text.normalize("NFKD").replace(MARK, "").normalize("NFKC").toLowerCase().match(WORD) ?? []
}

/** Without the common words of its language, too. A question of nothing else is about those. */
export function queryTerms(text: string, stems: Stems): string[] {
  const terms = termsOf(text.replace(COMMON_UNSPACED, " "), stems, commonIn(text))
  return terms.length > 0 ? terms : termsOf(text, stems, NONE)
}

const NONE = setOf("")

/** English, and the language that most of its words are common in, where that is another one. */
function commonIn(text: string): ReadonlySet<string> {
  const words = new Set(wordsOf(text))
  let common = ENGLISH
  let most = words.intersection(ENGLISH).size
  for (const other of OTHERS) {
    const size = words.intersection(other).size
    if (size > most) [common, most] = [ENGLISH.union(other), size]
  }
  return common
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
