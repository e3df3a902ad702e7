/** The ranking features of each candidate: its match, its neighbours', its session's, who spoke, when. What a feature weighs is `weights.ts`'s. Pure. */
import { bitOf, countTerms, type Match, matchParts, NO_MATCH, scoreSessions, weigh } from "./bm25.ts"
import type { Corpus, Query } from "./corpus.ts"
import type { Place } from "../../store/memory-tables.ts"
import { datedBy } from "./dates.ts"
import { asksSummary, asksWhen } from "./text-features.ts"
import type { Features } from "./weights.ts"

export interface Candidate {
  place: Place
  match: Match
  features: Features
}

/** Thirty words in bytes, about. */
const LONG_WORDS = 31
const BYTES_A_WORD = 10

/** By name, the words of it. */
export function speakersOf({ termsOf }: Query, { places }: Corpus): Map<string, readonly string[]> {
  const speakers = new Map<string, readonly string[]>()
  for (const { speaker } of places)
    if (speaker !== null && !speakers.has(speaker)) speakers.set(speaker, termsOf(speaker))
  return speakers
}

export function featuresOf(query: Query, corpus: Corpus): Candidate[] {
  const speakers = speakersOf(query, corpus)
  const names = new Set([...speakers.values()].flat())
  const weights = weigh(query, corpus, names)
  const parts = countTerms(query, corpus, weights)
  const matches = matchParts(parts, weights, corpus.meanTerms)
  const places = [...corpus.places].sort(bySession) // neighbours lie side by side
  const found = places.map(({ memory }) => matches.get(memory) ?? NO_MATCH)
  const hit = places.filter((_, at) => found[at] !== NO_MATCH)
  const sessionOf = new Map(hit.map(({ memory, session }) => [memory, session]))
  const sessions = scoreSessions(parts, weights, (memory) => sessionOf.get(memory) ?? null)
  const all = Math.max(
    1e-9,
    [...weights.values()].reduce((sum, weight) => sum + weight, 0),
  )
  const most = Math.max(1e-9, ...weights.values())
  const named = new Set(
    [...speakers].filter(([, its]) => its.some((term) => weights.has(term))).map(([speaker]) => speaker),
  )
  const namesAny = [...names].some((name) => weights.has(name))
  const isWhen = Number(asksWhen(query.text))
  const isSummary = Number(asksSummary(query.text))
  const dated = datedBy(query)
  const shareOf = sharesOf(weights, all)

  return places.map((place, index) => {
    const match = found[index]!
    const [oneBefore, oneAfter] = [neighbour(places, index, -1), neighbour(places, index, 1)]
    const matchAt = (at: number) => found[at] ?? NO_MATCH
    const [before, after] = [matchAt(oneBefore), matchAt(oneAfter)]
    const twoBefore = matchAt(neighbour(places, index, -2))
    const twoAfter = matchAt(neighbour(places, index, 2))
    const said = match.mask | twoBefore.mask | before.mask | after.mask
    const speaks = place.speaker !== null && named.has(place.speaker)
    const isPerson = Number(place.speaker === null && place.role === "user")
    const isAssistant = Number(place.speaker === null && place.role !== "user")
    const opens = (1 - isAssistant) * Number(place.pos === 1)
    const when = isWhen * Number(place.saysWhen)
    const features: Features = {
      match: match.score,
      before: before.score,
      after: after.score,
      twoBefore: twoBefore.score,
      twoAfter: twoAfter.score,
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
      opens,
      opensMatch: opens * match.score,
      summary: isSummary * isAssistant,
      share: match.share / all,
      nearShare: shareOf(said),
      length: Math.min(1, Math.log1p(place.bytes / BYTES_A_WORD) / Math.log(LONG_WORDS)),
      answers: (places[oneBefore]?.asking ?? 0) * before.score,
      askedAbout: (places[oneAfter]?.asking ?? 0) * after.score,
      rarest: match.rarest / most,
    }
    return { place, match, features }
  })
}

const bySession = (one: Place, other: Place) => (one.session ?? -1) - (other.session ?? -1) || one.pos - other.pos

/** Which of `places` is so many turns after another of the same session; -1 for none. */
function neighbour(places: readonly Place[], at: number, distance: number): number {
  const { session, pos } = places[at]!
  if (session === null) return -1
  const step = Math.sign(distance)
  for (let index = at + step; places[index]?.session === session; index += step) {
    const away = places[index]!.pos - pos
    if (away === distance) return index
    if (Math.abs(away) > Math.abs(distance)) return -1
  }
  return -1
}

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
