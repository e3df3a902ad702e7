/** What became of the memories that went into a request: did the answer use them, did a later one replace them. Guesses from words, and marked so. Pure. */
import type { Counts } from "../store/counters.ts"

/** A word that says where it comes from: a name, a number, an identifier, or a long one. */
const TELLING = /[\p{L}\p{N}][\p{L}\p{N}_./:@-]{2,}/gu
const MOST_TERMS = 64

/**
 * `memories`: the texts as they went in, oldest first. `request`: what the client sent, without them. Uptake of one: a telling word of it is in the answer and
 * nowhere in the request, so that the model can have it from nowhere else but its own knowledge.
 */
export function countMemories(memories: readonly string[], request: { toString(): string }, answer: string): Counts {
  const said = answer.toLowerCase()
  const asked = new Lazy(() => request.toString().toLowerCase())
  const used = memories.filter((memory) =>
    termsOf(memory).some((term) => said.includes(term) && !asked.value.includes(term)),
  )
  const stale = memories.filter((memory, at) => memories.slice(at + 1).some((later) => isReplaced(memory, later)))
  return { memories: memories.length, memories_used: used.length, memories_stale: stale.length }
}

/** Lower case: of a large request, made only when a word is in the answer. */
class Lazy {
  readonly #make: () => string
  #made: string | null = null
  constructor(make: () => string) {
    this.#make = make
  }
  get value(): string {
    return (this.#made ??= this.#make())
  }
}

function termsOf(text: string): string[] {
  const found = new Set<string>()
  for (const [word] of text.matchAll(TELLING)) {
    const term = word.replace(/[./:@-]+$/, "")
    if (isTelling(term)) found.add(term.toLowerCase())
    if (found.size >= MOST_TERMS) break
  }
  return [...found]
}

/** Has a digit, a capital beyond the first letter's, a sign within it, or nine letters. */
const isTelling = (term: string) =>
  /\p{N}/u.test(term) || /.\p{Lu}/u.test(term) || /[_./:@]/.test(term) || term.length >= 9

const ALIKE = 0.6
const LEAST_COMMON = 3

/** Two notes on one matter that differ in what they say of it: most words of the shorter are in both, and each has a telling one or a name of its own. */
function isReplaced(one: string, later: string): boolean {
  const [a, b] = [wordsOf(one), wordsOf(later)]
  const common = [...a.keys()].filter((word) => b.has(word)).length
  if (common < LEAST_COMMON || common / Math.min(a.size, b.size) < ALIKE) return false
  const own = (mine: Map<string, boolean>, other: Map<string, boolean>) =>
    [...mine].some(([word, isMarked]) => isMarked && !other.has(word))
  return own(a, b) && own(b, a)
}

/** Lower case, with whether the word is a number, a name or an identifier. */
function wordsOf(text: string): Map<string, boolean> {
  const words = new Map<string, boolean>()
  for (const [word] of text.matchAll(/[\p{L}\p{N}][\p{L}\p{N}_./:@-]*/gu)) {
    const term = word.replace(/[./:@-]+$/, "")
    words.set(term.toLowerCase(), /[\p{N}\p{Lu}_@/]/u.test(term))
  }
  return words
}

/** The fence, and what is said to the model. */
const HEAD_LINES = 2

/** The first note of a day begins with `1 Mar`, or `1 Mar 2026`: no word of the note. */
const DAY = /^\d{1,2} [A-Z][a-z]{2}(?: \d{4})?(?: |$)/

/** A note begins with who spoke, or with a dash where it is the one before's. */
const NOTE = /^(?:- |[^\s:][^:]{0,60}: )/

/** The notes of a block as it went into a request, between its head and its end: the line that begins one, and what follows until the next. */
export function notesOf(block: string): string[] {
  const notes: string[] = []
  for (const written of block.split("\n").slice(HEAD_LINES, -1)) {
    const line = written.replace(DAY, "")
    if (NOTE.test(line)) notes.push(line.replace(/^- /, ""))
    else if (notes.length > 0) notes[notes.length - 1] += `\n${line}`
  }
  return notes
}
