/**
 * Which memories answer a query: every part that shares a word with it, and the turns around those, by a weighted sum of what is seen of them (`weights.ts`). No model.
 * Whether people talk with each other or with an assistant is read off the candidates. Pure.
 */
import { likeBest } from "./relevance-feedback.ts"
import { bitOf, weightOf } from "./bm25.ts"
import type { Corpus, Query } from "./corpus.ts"
import type { Candidate } from "./features.ts"
import { semanticFeaturesOf, saidBy } from "./semantic-features.ts"
import { CHAT, CHAT_AGAIN, PEERS, PEERS_AGAIN } from "./weights.ts"

export interface Ranked {
  memory: number
  score: number
  /** that it is what is asked for, 0 to 1; 1 for all together */
  likelihood: number
  /** the part that decided; null: it was found by its neighbours alone */
  part: number | null
  why: () => string
}

/** Those that are looked at again: with 150 LoCoMo's recall at 24 was 0.6 lower, with all of them no higher. */
const SHORTLIST = 220
/** Those that are compared with the best of them. */
const COMPARED = 60
/** Tried from 4 to 14. It brings LoCoMo's recall at 10 and at 22 0.3 and 0.5, BEAM's 0.3 and 0.4; with the same for all there is nothing to fit. */
const LIKE_BEST = 10

/** Best first, the likeliest only; equal ones newest first. */
export function rank(query: Query, corpus: Corpus, candidates: readonly Candidate[]): Ranked[] {
  let words: string[] | undefined
  const first = candidates
    .map((candidate) => ({ candidate, score: weighted(candidate.features, isPeers(candidate) ? PEERS : CHAT) }))
    .sort(byScore)
    .slice(0, SHORTLIST)
  const shortlist = first.map(({ candidate }) => candidate)
  const said = saidBy(corpus, shortlist)
  const semantic = semanticFeaturesOf(query, corpus, shortlist, said)
  const second = first
    .map(({ candidate, score }, at) => {
      const features = { ...candidate.features, ...semantic[at]! }
      const added = weighted(features, isPeers(candidate) ? PEERS_AGAIN : CHAT_AGAIN)
      return { candidate, score: score + added, terms: said[at]! }
    })
    .sort(byScore)
  const likelihoods = likelihoodsOf(second)
  const likely = second.map((one, at) => ({ ...one, likelihood: likelihoods[at]! }))
  const like = likeBest(likely.slice(0, COMPARED))
  return likely
    .map((one, at) => ({ ...one, score: one.score + LIKE_BEST * (like[at] ?? 0) }))
    .sort(byScore)
    .map(({ candidate, score, likelihood }) => ({
      memory: candidate.place.memory,
      score,
      likelihood,
      part: candidate.match.part,
      why: () => whyOf(candidate, (words ??= wordsOf(query))),
    }))
}

/** Weights are fitted so that scores are logarithms of odds. Best first. */
function likelihoodsOf(scored: readonly Scored[]): number[] {
  const odds = scored.map(({ score }) => Math.exp(score - scored[0]!.score))
  const all = odds.reduce((sum, one) => sum + one, 0)
  return odds.map((one) => one / all)
}

interface Scored {
  candidate: Candidate
  score: number
}

const byScore = (one: Scored, other: Scored) =>
  other.score - one.score || other.candidate.place.memory - one.candidate.place.memory
const isPeers = ({ place }: Candidate) => place.speaker !== null

function weighted<S extends string>(
  features: Readonly<Record<S, number>>,
  weights: Readonly<Record<S, number>>,
): number {
  let score = 0
  for (const feature in weights) score += weights[feature] * features[feature]
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
export function knownShare(query: Query, frequency: ReadonlyMap<string, number>, parts: number): number {
  let all = 0
  let known = 0
  for (const term of new Set(query.terms)) {
    const count = frequency.get(term) ?? 0
    const weight = weightOf(term, query, parts, count)
    all += weight
    if (count > 0) known += weight
  }
  return all === 0 ? 0 : known / all
}

const LEAST = 0.38
/** A question that names one who speaks here is about them, whatever else it says. */
const LEAST_OF_NAMED = 0.03
export const LEAST_KNOWN = LEAST_OF_NAMED

/**
 * Whether it is likely that any of them answers the query; else nothing is told. Seen is how much of the query the namespace knows, one memory says, and one with its neighbours
 * says. Measured with each question in its own conversation and in two foreign ones of the same set: 98 % of a person's own questions to an assistant are told something, and
 * 52 % of foreign ones on the same few subjects (BEAM-100K); between named people all and 33 % (LoCoMo).
 */
export function isAnswerable(query: Query, corpus: Corpus, candidates: readonly Candidate[]): boolean {
  let share = 0
  let nearShare = 0
  let isNamed = false
  for (const { features } of candidates) {
    share = Math.max(share, features.share)
    nearShare = Math.max(nearShare, features.nearShare)
    isNamed ||= features.speaker > 0
  }
  const relevance = 0.2 * knownShare(query, corpus.frequency, corpus.parts) + 0.4 * share + 0.4 * nearShare
  return relevance >= (isNamed ? LEAST_OF_NAMED : LEAST)
}
