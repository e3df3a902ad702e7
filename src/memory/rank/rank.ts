/**
 * Which memories answer a query: every part that shares a word with it, and the turns around those, by a weighted sum of what is seen of them (`weights.ts`). No model.
 * Whether people talk with each other or with an assistant is read off the candidates. Pure.
 */
import { bitOf, FEW_PARTS, idfOf } from "./bm25.ts"
import type { Corpus, Query } from "./corpus.ts"
import type { Candidate } from "./signs-of.ts"
import { CHAT, PEERS, type Signs, type Weights } from "./weights.ts"

export interface Ranked {
  memory: number
  score: number
  /** the part that decided; null: it was found by its neighbours alone */
  part: number | null
  why: () => string
}

/** Best first; equal ones newest first. */
export function rank(query: Query, candidates: readonly Candidate[]): Ranked[] {
  let words: string[] | undefined
  return candidates
    .map((candidate) => {
      const { place, match } = candidate
      const score = weighted(candidate.signs, place.speaker === null ? OF_CHAT : OF_PEERS)
      return { memory: place.memory, score, part: match.part, why: () => whyOf(candidate, (words ??= wordsOf(query))) }
    })
    .sort((a, b) => b.score - a.score || b.memory - a.memory)
}

const SIGNS = Object.keys(PEERS) as (keyof Signs)[]
const inOrder = (weights: Weights) => SIGNS.map((sign) => weights[sign])
const [OF_PEERS, OF_CHAT] = [inOrder(PEERS), inOrder(CHAT)]

function weighted(signs: Signs, weights: readonly number[]): number {
  let score = 0
  for (let at = 0; at < SIGNS.length; at++) score += weights[at]! * signs[SIGNS[at]!]
  return score
}

/** The query's terms in order, each as the query has it. */
function wordsOf({ text, terms, termsOf }: Query): string[] {
  const words = new Map<string, string>()
  for (const word of text.match(/[\p{L}\p{M}\p{N}]+/gu) ?? []) {
    const [term, ...others] = termsOf(word)
    if (term !== undefined && others.length === 0 && !words.has(term)) words.set(term, word)
  }
  return [...new Set(terms)].map((term) => words.get(term) ?? term)
}

function whyOf({ match: { mask } }: Candidate, words: readonly string[]): string {
  const said = words.filter((_, at) => mask & bitOf(at))
  return said.length > 0 ? `says ${said.slice(0, 6).join(", ")}` : "next to what answers the query"
}

/** The share of the query, by idf, that the namespace knows at all. Seen before anything is looked at: of one with less nothing is told. */
export function knownShare({ terms }: Query, frequency: ReadonlyMap<string, number>, parts: number): number {
  let all = 0
  let known = 0
  for (const term of new Set(terms)) {
    const count = frequency.get(term) ?? 0
    const idf = idfOf(Math.max(FEW_PARTS, parts), count)
    all += idf
    if (count > 0) known += idf
  }
  return all === 0 ? 0 : known / all
}

/** Questions about people name them, and names weigh little. */
const LEAST_OF_PEERS = 0.26
const LEAST_OF_CHAT = 0.35
export const LEAST_KNOWN = LEAST_OF_PEERS

/**
 * Whether it is likely that any of them answers the query; else nothing is told. Seen is how much of the query the namespace knows, one memory says, and one with its neighbours
 * says. Measured with each question in its own conversation and in two foreign ones of the same set (AUC .93 on LoCoMo, .91 on BEAM-100K): 98 % of a person's own questions to
 * an assistant are told something, and 66 % of foreign ones on the same few subjects; between named people 98 % and 58 %.
 */
export function isAnswerable(query: Query, corpus: Corpus, candidates: readonly Candidate[]): boolean {
  let share = 0
  let nearShare = 0
  let arePeers = false
  for (const { place, signs } of candidates) {
    share = Math.max(share, signs.share)
    if (signs.nearShare >= nearShare) arePeers = place.speaker !== null
    nearShare = Math.max(nearShare, signs.nearShare)
  }
  const relevance = 0.2 * knownShare(query, corpus.frequency, corpus.parts) + 0.4 * share + 0.4 * nearShare
  return relevance >= (arePeers ? LEAST_OF_PEERS : LEAST_OF_CHAT)
}
