/** What is seen of each candidate beside the query: its match, its neighbours', its session's, who spoke, when. What a sign weighs is `weights.ts`'s. Pure. */
import { bitOf, type Match, matchParts, NO_MATCH, scoreSessions, weigh } from "./bm25.ts"
import type { Corpus, Place, Query } from "./corpus.ts"
import { asksWhen } from "./signs.ts"
import type { Signs } from "./weights.ts"

export interface Candidate {
  place: Place
  match: Match
  signs: Signs
}

/** Thirty words in bytes, about. */
const LONG_WORDS = 31
const BYTES_A_WORD = 10
const DAY_MS = 86_400_000

export function signsOf(query: Query, corpus: Corpus): Candidate[] {
  const speakers = new Map<string, readonly string[]>()
  for (const { speaker } of corpus.places)
    if (speaker !== null && !speakers.has(speaker)) speakers.set(speaker, query.termsOf(speaker))
  const names = new Set([...speakers.values()].flat())
  const weights = weigh(query, corpus, names)
  const matches = matchParts(query, corpus, weights)
  const places = new Map(corpus.places.map((place) => [place.memory, place]))
  const near = new Map(corpus.places.map((place) => [keyOf(place.session ?? -1, place.pos), place]))
  const sessions = scoreSessions(corpus.hits, weights, (memory) => places.get(memory)?.session ?? null)
  const all = Math.max(
    1e-9,
    [...weights.values()].reduce((sum, weight) => sum + weight, 0),
  )
  const most = Math.max(1e-9, ...weights.values())
  const isNamed = (speaker: string) => speakers.get(speaker)!.some((term) => weights.has(term))
  const namesAny = [...names].some((name) => weights.has(name))
  const isWhen = Number(asksWhen(query.text))
  const dated = datedBy(query, weights)
  const shareOf = sharesOf(weights, all)
  const matchOf = (place: Place | undefined) => (place && matches.get(place.memory)) ?? NO_MATCH

  return corpus.places.map((place) => {
    const at = (distance: number) =>
      place.session === null ? undefined : near.get(keyOf(place.session, place.pos + distance))
    const [twoBefore, before, after, twoAfter] = [at(-2), at(-1), at(1), at(2)]
    const match = matchOf(place)
    const said = match.mask | matchOf(twoBefore).mask | matchOf(before).mask | matchOf(after).mask
    const speaks = place.speaker !== null && isNamed(place.speaker)
    const isPerson = Number(place.speaker === null && place.role === "user")
    const when = isWhen * Number(place.saysWhen)
    const signs: Signs = {
      match: match.score,
      before: matchOf(before).score,
      after: matchOf(after).score,
      twoBefore: matchOf(twoBefore).score,
      twoAfter: matchOf(twoAfter).score,
      session: place.session === null ? 0 : (sessions.get(place.session) ?? 0),
      speaker: Number(speaks),
      otherSpeaker: Number(!speaks && namesAny && place.speaker !== null),
      date: dated(place.createdAt),
      asking: place.asking,
      when,
      whenMatch: when * match.score,
      pair: match.pair / all,
      person: isPerson,
      personMatch: isPerson * match.score,
      standing: Number(place.isStanding),
      share: match.share / all,
      nearShare: shareOf(said),
      length: Math.min(1, Math.log1p(place.bytes / BYTES_A_WORD) / Math.log(LONG_WORDS)),
      answers: before ? before.asking * matchOf(before).score : 0,
      askedAbout: after ? after.asking * matchOf(after).score : 0,
      rarest: match.rarest / most,
    }
    return { place, match, signs }
  })
}

/** One number for a place in a session: a Map of those is three times as fast as one of texts. */
const keyOf = (session: number, pos: number) => session * 2 ** 24 + pos

/** The share of the query that a set of its words is: few sets, many places. */
function sharesOf(weights: ReadonlyMap<string, number>, all: number): (mask: number) => number {
  const values = [...weights.values()]
  const known = new Map<number, number>()
  return (mask) => {
    let share = known.get(mask)
    if (share === undefined) {
      const sum = values.reduce((total, weight, at) => (mask & bitOf(at) ? total + weight : total), 0)
      known.set(mask, (share = sum / all))
    }
    return share
  }
}

const MONTHS = "January February March April May June July August September October November December".split(" ")

/** How many of the query's words are the month, the day or the year of a moment. */
function datedBy(query: Query, weights: ReadonlyMap<string, number>): (at: number) => number {
  const days = new Map<number, number>()
  return (at) => {
    const day = Math.floor(at / DAY_MS)
    let count = days.get(day)
    if (count === undefined) {
      const date = new Date(at)
      const words = query.termsOf(`${MONTHS[date.getUTCMonth()]} ${date.getUTCDate()} ${date.getUTCFullYear()}`)
      days.set(day, (count = words.filter((term) => weights.has(term)).length))
    }
    return count
  }
}
