/**
 * Which memories answer a query: BM25 over the parts that share a word with it, then what the conversation around a part says of it (its neighbours, its session,
 * who spoke, when). No model. The features and their weights were measured on LoCoMo, REALTALK and BEAM conversations. Pure.
 */
import { asksWhen } from "./signs.ts"
import { CHAT, type Habits, PEERS } from "./weights.ts"

/** A part of a memory that shares a word with the query. */
export interface Hit {
  memory: number
  part: number
  /** its words in order, separated by spaces */
  terms: string
}

/** A memory that was hit, or lies near one. */
export interface Place {
  memory: number
  /** null: of no session */
  session: number | null
  /** its place in the session */
  pos: number
  role: string
  /** a name; null where it is only the role again */
  speaker: string | null
  /** epoch milliseconds */
  createdAt: number
  saysWhen: boolean
  /** 0 to 1 */
  asking: number
}

export interface Corpus {
  /** parts in the namespace, and words in a part on average */
  parts: number
  meanTerms: number
  /** in how many parts of the namespace each of the query's words is */
  frequency: ReadonlyMap<string, number>
  hits: readonly Hit[]
  places: readonly Place[]
}

export interface Query {
  text: string
  /** its words in order, with repetitions */
  terms: readonly string[]
  /** words of the speakers' names, and of dates, as terms */
  termsOf: (text: string) => readonly string[]
}

export interface Ranked {
  memory: number
  score: number
  /** the part that decided; null: it was found by its neighbours alone */
  part: number | null
  why: string
}

/** https://en.wikipedia.org/wiki/Okapi_BM25, as Lucene has its idf: never negative. */
const idfOf = (parts: number, frequency: number) => Math.log(1 + (parts - frequency + 0.5) / (frequency + 0.5))

interface Scored extends Place {
  /** the best part's score, 1 for the best of all */
  score: number
  part: number | null
  matched: Set<string>
}

export function rank(query: Query, corpus: Corpus): Ranked[] {
  const wanted = new Set(query.terms)
  const idf = new Map(
    [...wanted].map((term) => [term, idfOf(Math.max(corpus.parts, 1), corpus.frequency.get(term) ?? 0)]),
  )
  const speakers = new Set(corpus.places.flatMap(({ speaker }) => (speaker === null ? [] : query.termsOf(speaker))))
  const habits = speakers.size > 0 ? PEERS : CHAT
  const scored = scoreParts(query, corpus, idf, habits)
  const near = new Map<string, Scored>()
  for (const one of scored.values()) if (one.session !== null) near.set(`${one.session} ${one.pos}`, one)
  const sessions = scoreSessions(corpus, scored, idf)
  const names = new Map<string, boolean>()
  const isNamed = (speaker: string) => {
    let named = names.get(speaker)
    if (named === undefined) names.set(speaker, (named = query.termsOf(speaker).some((term) => wanted.has(term))))
    return named
  }
  const days = new Map<number, number>()
  const dated = (createdAt: number) => {
    const day = Math.floor(createdAt / DAY_MS)
    let matches = days.get(day)
    if (matches === undefined)
      days.set(day, (matches = dateTerms(createdAt, query).filter((term) => wanted.has(term)).length))
    return matches
  }
  const surroundings = { near, sessions, isNamed, dated, isWhen: asksWhen(query.text), habits }
  const ranked: Ranked[] = []
  for (const one of scored.values()) {
    const score = around(one, surroundings)
    if (score > 0) ranked.push({ memory: one.memory, score, part: one.part, why: whyOf(one) })
  }
  return ranked.sort((a, b) => b.score - a.score || b.memory - a.memory)
}

function scoreParts(
  query: Query,
  corpus: Corpus,
  idf: ReadonlyMap<string, number>,
  habits: Habits,
): Map<number, Scored> {
  const scored = new Map<number, Scored>(
    corpus.places.map((place) => [place.memory, { ...place, score: 0, part: null, matched: new Set<string>() }]),
  )
  const { k1, b, pair } = habits
  const pairs = pairsOf(query.terms)
  let best = 1e-9
  for (const hit of corpus.hits) {
    const one = scored.get(hit.memory)
    if (!one) continue
    const terms = hit.terms.split(" ")
    const counts = new Map<string, number>()
    let bonus = 0
    for (let at = 0; at < terms.length; at++) {
      const term = terms[at]!
      const value = idf.get(term)
      if (value === undefined) continue
      counts.set(term, (counts.get(term) ?? 0) + 1)
      const before = terms[at - 1]
      if (before !== undefined && pairs.isNew(`${before} ${term}`, hit))
        bonus += (pair * (value + (idf.get(before) ?? 0))) / 2
    }
    let score = bonus
    const length = 1 - b + (b * terms.length) / Math.max(1, corpus.meanTerms)
    for (const [term, count] of counts) score += (idf.get(term)! * count * (k1 + 1)) / (count + k1 * length)
    for (const term of counts.keys()) one.matched.add(term)
    if (score > one.score) {
      one.score = score
      one.part = hit.part
    }
    if (score > best) best = score
  }
  for (const one of scored.values()) one.score /= best
  return scored
}

/** The query's neighbouring words; each counts once in a part. */
function pairsOf(terms: readonly string[]) {
  const pairs = new Set<string>()
  for (let at = 1; at < terms.length; at++) pairs.add(`${terms[at - 1]} ${terms[at]}`)
  let last: Hit | null = null
  let seen = new Set<string>()
  return {
    isNew(pair: string, hit: Hit): boolean {
      if (!pairs.has(pair)) return false
      if (hit !== last) {
        last = hit
        seen = new Set()
      }
      if (seen.has(pair)) return false
      seen.add(pair)
      return true
    },
  }
}

/** How much of the query a session speaks of, 1 for the best. */
function scoreSessions(
  corpus: Corpus,
  scored: ReadonlyMap<number, Scored>,
  idf: ReadonlyMap<string, number>,
): Map<number, number> {
  const counts = new Map<number, Map<string, number>>()
  for (const { memory, terms } of corpus.hits) {
    const session = scored.get(memory)?.session
    if (session === null || session === undefined) continue
    let own = counts.get(session)
    if (!own) counts.set(session, (own = new Map()))
    for (const term of terms.split(" ")) if (idf.has(term)) own.set(term, (own.get(term) ?? 0) + 1)
  }
  const frequency = new Map<string, number>()
  for (const own of counts.values()) for (const term of own.keys()) frequency.set(term, (frequency.get(term) ?? 0) + 1)
  const scores = new Map<number, number>()
  let best = 1e-9
  for (const [session, own] of counts) {
    let score = 0
    for (const [term, count] of own)
      score += (idfOf(counts.size + 3, frequency.get(term)!) * count * 2.2) / (count + 1.2)
    scores.set(session, score)
    best = Math.max(best, score)
  }
  for (const [session, score] of scores) scores.set(session, score / best)
  return scores
}

interface Surroundings {
  near: ReadonlyMap<string, Scored>
  sessions: ReadonlyMap<number, number>
  /** the query names this speaker */
  isNamed: (speaker: string) => boolean
  /** how many words of the query are of that day */
  dated: (createdAt: number) => number
  isWhen: boolean
  habits: Habits
}

const DAY_MS = 86_400_000

function around(one: Scored, { near, sessions, isNamed, dated, isWhen, habits }: Surroundings): number {
  const at = (distance: number) =>
    one.session === null ? 0 : (near.get(`${one.session} ${one.pos + distance}`)?.score ?? 0)
  const weights = one.role === "user" || habits === PEERS ? habits.person : habits.assistant
  let score = one.score + weights.before * at(-1) + weights.after * at(1) + weights.twoBefore * at(-2)
  if (one.session !== null) score += habits.session * (sessions.get(one.session) ?? 0)
  if (one.speaker !== null && habits.speaker > 0 && isNamed(one.speaker)) score += habits.speaker
  if (habits.date > 0) score += habits.date * dated(one.createdAt)
  score *= 1 - habits.asking * one.asking
  if (isWhen && one.saysWhen) score *= habits.when
  return score + weights.own * Math.min(1, score)
}

const MONTHS = "January February March April May June July August September October November December".split(" ")

/** The month's name, the day and the year. */
function dateTerms(createdAt: number, query: Query): readonly string[] {
  const date = new Date(createdAt)
  return query.termsOf(`${MONTHS[date.getUTCMonth()]} ${date.getUTCDate()} ${date.getUTCFullYear()}`)
}

const whyOf = ({ matched }: Scored) =>
  matched.size > 0 ? `says ${[...matched].slice(0, 6).join(", ")}` : "next to what answers the query"

/** In a small namespace every word is in every part and weighs nothing: words weigh as if there were so many parts. */
const FEW_PARTS = 200

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
  let all = 0
  let found = 0
  for (const term of new Set(query.terms)) {
    const idf = idfOf(Math.max(FEW_PARTS, corpus.parts), corpus.frequency.get(term) ?? 0)
    all += idf
    if (said.has(term)) found += idf
  }
  return all === 0 ? 0 : found / all
}
