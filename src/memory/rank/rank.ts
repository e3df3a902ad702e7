/**
 * Which memories answer a query: every part that shares a word with it, and the turns around those, by a weighted sum of what is seen of them (`weights.ts`). No model.
 * Whether people talk with each other or with an assistant is read off the candidates. Pure.
 */
import { bitOf, FEW_PARTS, idfOf } from "./bm25.ts"
import type { Corpus, Place, Query } from "./corpus.ts"
import { type Candidate, signsOf } from "./signs-of.ts"
import { CHAT, PEERS, type Signs, type Weights } from "./weights.ts"

export interface Ranked {
  memory: number
  score: number
  /** the part that decided; null: it was found by its neighbours alone */
  part: number | null
  why: () => string
}

/** Best first; equal ones newest first. */
export function rank(query: Query, corpus: Corpus): Ranked[] {
  const words = [...new Set(query.terms)]
  return signsOf(query, corpus)
    .map((candidate) => {
      const { place, match } = candidate
      const score = weighted(candidate.signs, place.speaker === null ? OF_CHAT : OF_PEERS)
      return { memory: place.memory, score, part: match.part, why: () => whyOf(candidate, words) }
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

function whyOf({ match: { mask } }: Candidate, words: readonly string[]): string {
  const said = words.filter((_, at) => mask & bitOf(at))
  return said.length > 0 ? `says ${said.slice(0, 6).join(", ")}` : "next to what answers the query"
}

/** What no coverage is above, known before anything is looked at: words that nobody said are not covered. */
export function mostCoverage({ terms }: Query, frequency: ReadonlyMap<string, number>, parts: number): number {
  return shareOf(terms, parts, frequency, (term) => (frequency.get(term) ?? 0) > 0)
}

/**
 * How much of the query, by weight of its words, the best memories and their neighbours speak of: 0 to 1. Below .35 a foreign question is nine times as likely as one of one's
 * own (AUC .96 on LoCoMo).
 */
export function coverage(query: Query, corpus: Corpus, ranked: readonly Ranked[]): number {
  const top = new Set(ranked.slice(0, 3).map(({ memory }) => memory))
  const places = corpus.places.filter(({ memory }) => top.has(memory))
  const isNear = (place: Place) =>
    places.some((one) => one.session !== null && one.session === place.session && Math.abs(one.pos - place.pos) <= 1)
  const near = new Set(
    corpus.places.filter((place) => top.has(place.memory) || isNear(place)).map(({ memory }) => memory),
  )
  const said = new Set<string>()
  for (const { memory, terms } of corpus.hits) if (near.has(memory)) for (const term of terms.split(" ")) said.add(term)
  return shareOf(query.terms, corpus.parts, corpus.frequency, (term) => said.has(term))
}

/** By idf, of all the words. */
function shareOf(
  terms: readonly string[],
  parts: number,
  frequency: ReadonlyMap<string, number>,
  isFound: (term: string) => boolean,
): number {
  let all = 0
  let found = 0
  for (const term of new Set(terms)) {
    const idf = idfOf(Math.max(FEW_PARTS, parts), frequency.get(term) ?? 0)
    all += idf
    if (isFound(term)) found += idf
  }
  return all === 0 ? 0 : found / all
}
