/** How well parts and sessions match a query's words, alone. What is around them is `features.ts`'s. Pure. */
import type { Corpus, Query } from "./corpus.ts"
import type { Hit } from "../../store/memory-tables.ts"

const K1 = 1.2
const B = 0.75

/** https://en.wikipedia.org/wiki/Okapi_BM25, as Lucene has its idf: never negative. */
const idfOf = (parts: number, frequency: number) => Math.log(1 + (parts - frequency + 0.5) / (frequency + 0.5))

const saturated = (count: number, length: number) => (count * (K1 + 1)) / (count + K1 * (1 - B + B * length))

/** In a small namespace every word is in every part and weighs nothing: words weigh as if there were so many parts. */
const FEW_PARTS = 200

/** Names in a text mostly call the other one: they say little about what it is about. */
const NAME_WEIGHT = 0.3
/** A date is of when something was said, as the asking is of the question: seldom in what was said. */
const ASIDE_WEIGHT = 0.3

/** How much a query's word says, by its idf. */
export function weightOf(term: string, { asides }: Query, parts: number, frequency: number): number {
  return idfOf(Math.max(parts, FEW_PARTS), frequency) * (asides.has(term) ? ASIDE_WEIGHT : 1)
}

/** The query's words with their weights. */
export function weigh(query: Query, corpus: Corpus, names: ReadonlySet<string>): Map<string, number> {
  const weight = (term: string) =>
    weightOf(term, query, corpus.parts, corpus.frequency.get(term) ?? 0) * (names.has(term) ? NAME_WEIGHT : 1)
  return new Map([...new Set(query.terms)].map((term) => [term, weight(term)]))
}

/** The best part of one memory. */
export interface Match {
  score: number
  /** null: it shares no word */
  part: number | null
  /** the query's words in any of its parts, as bits by their order in the weights: see `bitOf` */
  mask: number
  /** sums of weights, of the best part */
  share: number
  pair: number
  rarest: number
}

/** The 32nd word and what follows share a bit. */
export const bitOf = (at: number) => 1 << Math.min(at, 31)

export const NO_MATCH: Match = { score: 0, part: null, mask: 0, share: 0, pair: 0, rarest: 0 }

/** A part, and the query's words in it. */
export interface Counted {
  hit: Hit
  counts: ReadonlyMap<string, number>
  /** words in all */
  length: number
  /** the sum of the weights of the query's neighbouring words that are neighbours in it, too */
  pair: number
}

/** Walks through each part's words, once. */
export function countTerms(query: Query, corpus: Corpus, weights: ReadonlyMap<string, number>): Counted[] {
  const pairs = pairsOf(query.terms, weights)
  return corpus.hits.map((hit) => {
    const counts = new Map<string, number>()
    const seen = new Set<Pair>()
    let pair = 0
    let after: ReadonlyMap<string, Pair> | undefined
    const terms = hit.terms.split(" ")
    for (const term of terms) {
      const both = after?.get(term)
      after = undefined
      if (!weights.has(term)) continue
      counts.set(term, (counts.get(term) ?? 0) + 1)
      after = pairs.get(term)
      if (!both || seen.has(both)) continue
      seen.add(both)
      pair += both.weight
    }
    return { hit, counts, length: terms.length, pair }
  })
}

/** By memory. Scores are 1 for the best of all, the sums as they are. */
export function matchParts(
  parts: readonly Counted[],
  weights: ReadonlyMap<string, number>,
  meanTerms: number,
): Map<number, Match> {
  const matches = new Map<number, Match>()
  const bits = new Map([...weights.keys()].map((term, at) => [term, bitOf(at)]))
  let best = 1e-9
  for (const one of parts) {
    const part = matchPart(one, weights, bits, meanTerms)
    const { memory } = one.hit
    const known = matches.get(memory)
    if (known) part.mask = known.mask |= part.mask
    if (!known || part.score > known.score) matches.set(memory, part)
    best = Math.max(best, part.score)
  }
  for (const match of matches.values()) match.score /= best
  return matches
}

function matchPart(
  { hit: { part }, counts, length, pair }: Counted,
  weights: ReadonlyMap<string, number>,
  bits: ReadonlyMap<string, number>,
  meanTerms: number,
): Match {
  const match: Match = { score: 0, part, mask: 0, share: 0, pair, rarest: 0 }
  for (const [term, count] of counts) {
    const weight = weights.get(term)!
    match.score += weight * saturated(count, length / Math.max(1, meanTerms))
    match.share += weight
    match.rarest = Math.max(match.rarest, weight)
    match.mask |= bits.get(term)!
  }
  return match
}

interface Pair {
  weight: number
}

/** The query's neighbouring words, with their mean weight: by the first, by the second. */
function pairsOf(terms: readonly string[], weights: ReadonlyMap<string, number>): Map<string, Map<string, Pair>> {
  const pairs = new Map<string, Map<string, Pair>>()
  for (let at = 1; at < terms.length; at++) {
    const [one, other] = [terms[at - 1]!, terms[at]!]
    if (one === other) continue
    const after = pairs.get(one) ?? new Map<string, Pair>()
    pairs.set(one, after.set(other, { weight: (weights.get(one)! + weights.get(other)!) / 2 }))
  }
  return pairs
}

/** How much of the query a session speaks of, 1 for the best. `sessionOf`: null for a memory of none. */
export function scoreSessions(
  parts: readonly Counted[],
  weights: ReadonlyMap<string, number>,
  sessionOf: (memory: number) => number | null,
): Map<number, number> {
  const sessions = new Map<number, ReadonlyMap<string, number>>()
  for (const { hit, counts } of parts) {
    const session = sessionOf(hit.memory)
    if (session === null) continue
    const own = sessions.get(session)
    sessions.set(session, own ? added(own, counts) : counts)
  }
  const frequency = new Map<string, number>()
  for (const own of sessions.values())
    for (const term of own.keys()) frequency.set(term, (frequency.get(term) ?? 0) + 1)
  const scores = new Map<number, number>()
  let best = 1e-9
  for (const [session, own] of sessions) {
    let score = 0
    for (const [term, count] of own)
      if (weights.get(term)! > 0) score += idfOf(sessions.size + 3, frequency.get(term)!) * saturated(count, 1)
    scores.set(session, score)
    best = Math.max(best, score)
  }
  for (const [session, score] of scores) scores.set(session, score / best)
  return scores
}

function added(one: ReadonlyMap<string, number>, other: ReadonlyMap<string, number>): Map<string, number> {
  const sum = new Map(one)
  for (const [term, count] of other) sum.set(term, (sum.get(term) ?? 0) + count)
  return sum
}
