/** The features of the likeliest candidates in a second look: how much of what the query means they say, though in other words. Pure. */
import { weightOf } from "./bm25.ts"
import type { Corpus, Query } from "./corpus.ts"
import { type Candidate, speakersOf } from "./features.ts"
import type { SemanticFeatures } from "./weights.ts"

/** The two turns before one and the next: what it answers, and what is answered to it. */
const NEAR = [-2, -1, 1]

/** Of each in `shortlist`, which says `said`. */
export function semanticFeaturesOf(
  query: Query,
  corpus: Corpus,
  shortlist: readonly Candidate[],
  said: readonly (readonly string[])[],
): SemanticFeatures[] {
  const words = tellingWords(query, corpus)
  const weights = words.map((term) => weightOf(term, query, corpus.parts, corpus.frequency.get(term) ?? 0))
  const all = weights.reduce((sum, weight) => sum + weight, 1e-9)
  const shareOf = (nearest: Float32Array) => weights.reduce((sum, weight, at) => sum + weight * nearest[at]!, 0) / all

  const compare = query.compare(words)
  const seen = said.map(compare)
  const indexes = new Map(shortlist.map(({ place: { session, pos } }, index) => [`${session} ${pos}`, index]))
  const best = new Map<number, number>()
  const meant = seen.map(({ nearest }, index) => {
    const share = shareOf(nearest)
    const { session } = shortlist[index]!.place
    if (session !== null) best.set(session, Math.max(best.get(session) ?? 0, share))
    return share
  })

  function nearestAround(index: number): Float32Array {
    const { session, pos } = shortlist[index]!.place
    const nearest = seen[index]!.nearest.slice()
    if (session === null) return nearest
    for (const distance of NEAR) {
      const other = indexes.get(`${session} ${pos + distance}`)
      seen[other ?? index]!.nearest.forEach((value, at) => (nearest[at] = Math.max(nearest[at]!, value)))
    }
    return nearest
  }
  const rarities = raritiesOf(said)
  return shortlist.map(({ place: { session, addressing } }, index) => ({
    meant: meant[index]!,
    meantNear: shareOf(nearestAround(index)),
    meantSession: session === null ? 0 : best.get(session)!,
    likeness: seen[index]!.likeness,
    number: Number(said[index]!.some(isNumber)),
    rarity: rarities[index]!,
    addressing,
  }))
}

interface Word {
  /** texts that say it */
  count: number
  /** the last of them */
  last: number
}

/** Of each text the mean of its three rarest words, as logarithms of how few say them. */
function raritiesOf(said: readonly (readonly string[])[]): number[] {
  const words = new Map<string, Word>()
  const texts = said.map((terms, at) => {
    const own: Word[] = []
    for (const term of terms) {
      let word = words.get(term)
      if (!word) words.set(term, (word = { count: 0, last: -1 }))
      if (word.last === at) continue
      word.last = at
      word.count++
      own.push(word)
    }
    return own
  })
  const rarityOf = (count: number) => Math.log1p(said.length / count)
  return texts.map((own) => {
    let [first, second, third] = [Infinity, Infinity, Infinity]
    for (const { count } of own)
      if (count < first) [first, second, third] = [count, first, second]
      else if (count < second) [second, third] = [count, second]
      else if (count < third) third = count
    return (rarityOf(first) + rarityOf(second) + rarityOf(third)) / 3
  })
}

/** Neither who is spoken of nor when, which are seen by who spoke and when, nor what says little. */
function tellingWords(query: Query, corpus: Corpus): string[] {
  const names = new Set([...speakersOf(query, corpus).values()].flat())
  return [...new Set(query.terms)].filter((term) => !names.has(term) && !query.asides.has(term))
}

/** Of the part that matches best; of who shares no word with the query, the first. */
export function saidBy({ hits, wordsOf }: Corpus, shortlist: readonly Candidate[]): string[][] {
  const parts = new Map(shortlist.map(({ place, match }) => [place.memory, match.part]))
  const known = new Map<number, string>()
  for (const { memory, part, terms } of hits) if (parts.get(memory) === part) known.set(memory, terms)
  const others = shortlist.flatMap(({ place }) => (known.has(place.memory) ? [] : [place.firstPart]))
  const read = wordsOf(others)
  return shortlist.map(({ place }) => (known.get(place.memory) ?? read.get(place.firstPart) ?? "").split(" "))
}

const isNumber = (term: string) => term.charCodeAt(0) >= 48 && term.charCodeAt(0) <= 57
