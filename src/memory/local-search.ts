/** Finds what answers a query in the memory inside the binary, and what of it is told. What is kept and when it is indexed is `local.ts`'s. */
import type { MemoryStore } from "../store/memories.ts"
import type { StoredMemory } from "../store/memory-tables.ts"
import type { Recalled, RecallQuery } from "./engine.ts"
import { timeOf } from "./memory-of.ts"
import { asidesIn } from "./rank/asides.ts"
import type { Corpus, Query } from "./rank/corpus.ts"
import { charsFor, excerpt } from "./rank/excerpt.ts"
import { type Candidate, featuresOf } from "./rank/features.ts"
import { isAnswerable, knownShare, LEAST_KNOWN, rank, type Ranked } from "./rank/rank.ts"
import { queryTerms, type Stems, termsOf } from "./rank/terms.ts"
import type { WordVectors } from "./rank/word-vectors.ts"
import { redact } from "./redact.ts"
import { byWorth, latest, sayingOf } from "./worth.ts"
import { openWordVectors } from "./word-vectors.ts"

/** Parts that are looked at: with 300 recall was the same, and a search took a fifth longer. */
const CANDIDATES = 240
/** Of ten memories so many may be standing instructions that fit less well than the others: on BEAM it costs nothing, while two cost 0.9 of R@10. */
const STANDING_SLOTS = 1
const STANDING_AMONG = 10
/** A standing instruction that fits less well than so many memories is about something else. */
const STANDING_LOOKED_AT = 20
const MOST_RECALLED = 40
const LONG_QUERY = 800

export interface Answer extends Omit<Ranked, "why"> {
  why: string
  stored: StoredMemory
}

export interface LocalSearch {
  /** Reads what the first search would wait for, some 20 ms. */
  warm(): WordVectors
  /** Best first, whole memories; standing instructions among them. */
  find(namespaces: readonly number[], query: string, limit: number): Answer[]
  /** What of each matters, in the order of its worth: more than a block takes. Nothing where it is likely that nothing answers. */
  recall(namespaces: readonly number[], query: RecallQuery): Recalled[]
}

export function createLocalSearch(options: {
  store: MemoryStore
  stems: Stems
  estimate: (text: string) => number
}): LocalSearch {
  const { store, stems, estimate } = options
  let vectors: WordVectors | null = null
  const warm = () => (vectors ??= openWordVectors())

  function readQuery(text: string): Query {
    const terms = queryTerms(text, stems)
    const asides = new Set(termsOf(asidesIn(text), stems))
    return { text, terms, termsOf: (words) => termsOf(words, stems), asides, compare: warm().compareTo }
  }

  function look(
    namespaces: readonly number[],
    query: Query,
    leastKnown = 0,
  ): { corpus: Corpus; candidates: Candidate[] } {
    const distinct = [...new Set(query.terms)]
    const { hits, places, frequency, size } = store.find(
      namespaces,
      distinct,
      CANDIDATES,
      (counted) => knownShare(query, counted.frequency, counted.size.parts) >= leastKnown,
    )
    const { parts, terms } = size
    const corpus: Corpus = {
      parts,
      meanTerms: terms / Math.max(1, parts),
      frequency,
      hits,
      places,
      wordsOf: store.wordsOf,
    }
    return { corpus, candidates: featuresOf(query, corpus) }
  }

  const read = (namespaces: readonly number[], ranked: readonly Ranked[]) => {
    const stored = new Map(
      store
        .read(
          namespaces,
          ranked.map(({ memory }) => memory),
        )
        .map((one) => [one.seq, one]),
    )
    return ranked.flatMap((one) => {
      const found = stored.get(one.memory)
      return found ? [{ ...one, why: one.why(), stored: found }] : []
    })
  }

  function find(namespaces: readonly number[], text: string, limit: number): Answer[] {
    const query = readQuery(text)
    const { corpus, candidates } = look(namespaces, query)
    return read(namespaces, withStanding(corpus, rank(query, corpus, candidates), limit))
  }

  function recall(namespaces: readonly number[], { text, previous }: RecallQuery): Recalled[] {
    const short = readQuery(gist(text))
    const query = short.terms.length < 4 && previous ? readQuery(`${gist(previous)}\n${gist(text)}`) : short
    const { corpus, candidates } = look(namespaces, query, LEAST_KNOWN)
    if (!isAnswerable(query, corpus, candidates)) return []
    const ranked = withStanding(corpus, rank(query, corpus, candidates), Infinity)
    const told = new Map<string, Recalled>()
    for (const answer of readInTurn(namespaces, ranked)) {
      if (answer.stored.content.trim() === text.trim()) continue // the same question asked before answers nothing
      const one = tell(answer, query)
      const known = told.get(sayingOf(one))
      told.set(sayingOf(one), known ? latest(known, one) : one)
      if (told.size === MOST_RECALLED) break // the block takes what fits
    }
    return byWorth([...told.values()])
  }

  /** Seldom more than the first are looked at. */
  function* readInTurn(namespaces: readonly number[], ranked: readonly Ranked[]): Generator<Answer> {
    for (let at = 0; at < ranked.length; at += MOST_RECALLED)
      yield* read(namespaces, ranked.slice(at, at + MOST_RECALLED))
  }

  /** The part that answers, or what of it matters. */
  function tell({ stored, score, likelihood, part, why }: Answer, query: Query): Recalled {
    const span = part === null ? null : store.parts(stored.seq)[part]
    const whole = redact((span ? stored.content.slice(span.start, span.stop) : stored.content.slice(0, 400)).trim())
    const wanted = new Set(query.terms)
    const text = excerpt(whole, charsFor(likelihood), (sentence) =>
      query.termsOf(sentence).some((term) => wanted.has(term)),
    )
    const { id, role, speaker } = stored
    const memory = { id, role, speaker, created_at: timeOf(stored) }
    return { memory, text, score, why, tokens: estimate(text) + ENTRY_TOKENS }
  }

  return { warm, find, recall }
}

/** The best standing instructions of a person with an assistant stand at the end of the first ten, as if they fitted as well. */
function withStanding({ places }: Corpus, ranked: readonly Ranked[], limit: number): Ranked[] {
  const first = Math.min(limit, STANDING_AMONG)
  const slots = Math.floor((first * STANDING_SLOTS) / STANDING_AMONG)
  const standing = new Set(places.flatMap((one) => (one.isStanding && one.speaker === null ? [one.memory] : [])))
  const top = ranked.slice(0, first - slots)
  const rest = ranked.slice(first - slots)
  const score = rest[0]?.score ?? 0
  const chosen = rest
    .slice(0, STANDING_LOOKED_AT - top.length)
    .filter(({ memory }) => standing.has(memory))
    .slice(0, slots)
  const told = chosen.map((one) => ({ ...one, score, why: () => `a standing instruction; ${one.why()}` }))
  const others = rest.filter((one) => !chosen.includes(one))
  const room = first - top.length - told.length
  return [...top, ...others.slice(0, room), ...told, ...others.slice(room)].slice(0, limit)
}

/** Of a block's entry beside its text, at the least: a line's end. */
const ENTRY_TOKENS = 1

/** What a long message is about stands at its ends. */
function gist(text: string): string {
  const plain = text.replace(/```[\s\S]*?(```|$)/g, " ")
  return plain.length <= LONG_QUERY ? plain : `${plain.slice(0, LONG_QUERY / 2)}\n${plain.slice(-LONG_QUERY / 2)}`
}
