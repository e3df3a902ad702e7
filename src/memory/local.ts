/** The memory inside the binary: words under a namespace, ranked by what surrounds them and what they mean. No key, no service; no model is run. */
import { createWriteBehind } from "../event-loop/write-behind.ts"
import type { JsonObject } from "../exchange.ts"
import type { Memory, MemoryTools, MemoryEngine, Recalled, RecallQuery, SaidTurn } from "./engine.ts"
import { EVERYWHERE, type Namespace } from "./namespace.ts"
import { createIndexer } from "./indexer.ts"
import { openWordVectors } from "./word-vectors.ts"
import { asidesIn } from "./rank/asides.ts"
import { charsFor, excerpt } from "./rank/excerpt.ts"
import type { Corpus, Query } from "./rank/corpus.ts"
import type { WordVectors } from "./rank/word-vectors.ts"
import { isAnswerable, knownShare, LEAST_KNOWN, rank, type Ranked } from "./rank/rank.ts"
import { type Candidate, featuresOf } from "./rank/features.ts"
import { queryTerms, type Stems, termsOf } from "./rank/terms.ts"
import { reasonOf, sayingWhy } from "./disk-failure.ts"
import { redact } from "./redact.ts"
import { byWorth, latest, sayingOf } from "./worth.ts"
import type { MemoryStore } from "../store/memories.ts"
import type { NewMemory, StoredMemory } from "../store/memory-tables.ts"

/** What is kept of one memory: it has an owner that `namespaceOf` made. */
export interface Entry extends NewMemory {
  owner: Namespace
  source: Memory["source"]
}

export interface LocalOptions {
  store: MemoryStore
  estimate: (text: string) => number
  newId: () => string
  /** epoch milliseconds */
  clock: () => number
  /** monotonic milliseconds */
  now: () => number
  warn: (message: string) => void
}

/** Parts that are looked at: with 300 recall was the same, and a search took a fifth longer. */
const CANDIDATES = 240
/** Of ten memories so many may be standing instructions that fit less well than the others: on BEAM it costs nothing, while two cost 0.9 of R@10. */
const STANDING_SLOTS = 1
const STANDING_AMONG = 10
/** A standing instruction that fits less well than so many memories is about something else. */
const STANDING_LOOKED_AT = 20
const MOST_RECALLED = 40
/** Characters: a pasted file is no memory. */
const MOST_CONTENT = 4096
const LONG_QUERY = 800
const FLUSH_AFTER_MS = 20
const MOST_WAITING = 10_000
const RETRY_MS = 500
/** What was kept a moment ago is indexed before a recall, as far as this goes: a large import is found later. */
const INDEXING_MS = 5

export interface Answer extends Omit<Ranked, "why"> {
  why: string
  stored: StoredMemory
}

export interface LocalEngine extends MemoryEngine {
  readonly name: "local"
  recall(namespace: Namespace, query: RecallQuery): readonly Recalled[]
  /** ready to be kept; secrets are out */
  entry(draft: Draft): Entry
  /** How many were new. */
  keep(entries: readonly Entry[]): number
  /** For who keeps many: others have their turn, and the index keeps up. */
  room(): Promise<void>
  /** Best first, whole memories; standing instructions among them. All that was kept before is looked at. */
  search(namespaces: readonly number[], query: string, limit: number): Promise<Answer[]>
  /** Where there are memories: reads what the first recall would wait for, some 20 ms. @throws what the disk throws */
  prepare(): void
}

export interface Draft {
  namespace: Namespace
  content: string
  role?: string
  speaker?: string | null
  sessionId?: string | null
  createdAt: number
  source: Memory["source"]
  requestId?: string | null
  metadata?: JsonObject | null
}

export function createLocalEngine(options: LocalOptions): LocalEngine {
  const { store, estimate, newId, clock, now, warn } = options
  const stems: Stems = new Map()
  const indexer = createIndexer({ store, stems, now, warn })
  let waiting: Entry[] = []

  function entry({
    namespace,
    role = "user",
    speaker = null,
    sessionId = null,
    requestId = null,
    metadata = null,
    ...draft
  }: Draft): Entry {
    const content = redact(draft.content)
    const isChat = draft.source === "chat"
    // in a conversation the same words of the same session are the same turn, sent again
    const when = isChat ? null : draft.createdAt
    const head = Bun.hash.wyhash(JSON.stringify([sessionId, role, speaker, when]))
    return {
      id: newId(),
      owner: namespace,
      sessionId,
      role,
      speaker,
      content,
      createdAt: draft.createdAt,
      source: draft.source,
      requestId,
      metadata: metadata && JSON.stringify(metadata),
      identity: BigInt.asIntN(64, Bun.hash.wyhash(content, head)),
    }
  }

  function keep(entries: readonly Entry[]): number {
    const added = store.insert(entries)
    if (added > 0) {
      indexer.add(entries.reduce((sum, { content }) => sum + content.length, 0))
      vectors ??= openWordVectors()
    }
    return added
  }

  let vectors: WordVectors | null = null

  function readQuery(text: string): Query {
    const terms = queryTerms(text, stems)
    vectors ??= openWordVectors()
    const asides = new Set(termsOf(asidesIn(text), stems))
    return { text, terms, termsOf: (words) => termsOf(words, stems), asides, compare: vectors.compareTo }
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

  async function search(namespaces: readonly number[], text: string, limit: number) {
    behind.flush()
    await indexer.done()
    const query = readQuery(text)
    const { corpus, candidates } = look(namespaces, query)
    return read(namespaces, withStanding(corpus, rank(query, corpus, candidates), limit))
  }

  /** While another program writes, or the disk is full, all but the newest can still be read; the indexer tries again and warns. */
  function indexWhatWaits(namespaces: readonly number[]): void {
    try {
      indexer.catchUp(namespaces, INDEXING_MS)
    } catch (error) {
      if (!["locked", "full"].includes(reasonOf(error))) throw error
    }
  }

  function recall(namespace: Namespace, { text, previous }: RecallQuery): Recalled[] {
    const namespaces = visible(namespace)
    if (namespaces.length === 0) return []
    indexWhatWaits(namespaces)
    const short = readQuery(gist(text))
    const query = short.terms.length < 4 && previous ? readQuery(`${gist(previous)}\n${gist(text)}`) : short
    const { corpus, candidates } = look(namespaces, query, LEAST_KNOWN)
    if (!isAnswerable(query, corpus, candidates)) return []
    const ranked = withStanding(corpus, rank(query, corpus, candidates), Infinity)
    const told = new Map<string, Recalled>()
    for (const answer of readInTurn(namespaces, ranked)) {
      if (answer.stored.content.trim() === text.trim()) continue // the same question asked before answers nothing
      if (told.size === MOST_RECALLED) break // the block takes what fits
      const one = tell(answer, query)
      const known = told.get(sayingOf(one))
      told.set(sayingOf(one), known ? latest(known, one) : one)
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
    return { memory: memoryOf(stored), text, score, why, tokens: estimate(text) + ENTRY_TOKENS }
  }

  const visible = (namespace: Namespace) => store.namespaces(namespace.userId, [namespace.projectKey, EVERYWHERE])

  function flushNow(): void {
    if (waiting.length === 0) return
    const batch = waiting
    waiting = []
    try {
      keep(batch)
    } catch (error) {
      waiting = [...batch, ...waiting].slice(-MOST_WAITING)
      throw error
    }
  }

  const behind = createWriteBehind({
    afterMs: FLUSH_AFTER_MS,
    retryMs: RETRY_MS,
    write() {
      flushNow()
      return false
    },
    failed: (error) => warn(`memories cannot be written (${String(error)}); it is tried again`),
  })

  const tools: MemoryTools = sayingWhy({
    search: async (namespace, query, limit) =>
      (await search(visible(namespace), query, limit)).map(({ stored, score, why }) => ({
        ...memoryOf(stored),
        score,
        why,
      })),
    async add(namespace, content, source) {
      const made = entry({ namespace, content, source, createdAt: clock() })
      keep([made])
      return memoryOf(store.get(made.id) ?? store.same(made)!)
    },
    async list(namespace, { limit, cursor }) {
      behind.flush()
      const before = cursor === null ? null : Number(cursor)
      const filter = { userId: namespace.userId, projectKey: namespace.projectKey }
      const found = store.list(filter, { limit: limit + 1, before })
      const data = found.slice(0, limit)
      return { data: data.map(memoryOf), next_cursor: found.length > limit ? String(data.at(-1)!.seq) : null }
    },
    async forget(namespace, id) {
      behind.flush()
      const found = store.get(id)
      if (!found || found.user_id !== namespace.userId) return false
      return store.remove({ id }) > 0
    },
    async count(namespace) {
      behind.flush()
      return store.size(visible(namespace)).memories
    },
  })

  return {
    name: "local",
    entry,
    keep,
    room: indexer.room,
    search,
    prepare() {
      if (store.places(null, 1).length === 0) return
      vectors ??= openWordVectors()
      indexer.add(0) // what an earlier process left
    },
    version: store.version,
    recall,
    remember(namespace, turns: readonly SaidTurn[]) {
      for (const { role, text, speaker, sessionId, createdAt, requestId } of turns) {
        const content = text.length > MOST_CONTENT ? text.slice(0, MOST_CONTENT) : text
        waiting.push(entry({ namespace, content, role, speaker, sessionId, createdAt, requestId, source: "chat" }))
      }
      if (waiting.length > MOST_WAITING) waiting = waiting.slice(-MOST_WAITING)
      behind.plan()
    },
    adopt(userId, root, project) {
      flushNow()
      store.adopt(userId, root, project)
      indexer.add(0)
    },
    tools,
    flush: async () => behind.flush(),
    async close() {
      behind.stop()
      try {
        flushNow()
      } catch (error) {
        warn(`${waiting.length} memories are not kept: ${String(error)}`)
      }
      indexer.stop() // what is not indexed yet is when it is next looked for
    },
  }
}

/** Of a block's entry beside its text, at the least: a line's end. */
const ENTRY_TOKENS = 1

/** What a long message is about stands at its ends. */
function gist(text: string): string {
  const plain = text.replace(/```[\s\S]*?(```|$)/g, " ")
  return plain.length <= LONG_QUERY ? plain : `${plain.slice(0, LONG_QUERY / 2)}\n${plain.slice(-LONG_QUERY / 2)}`
}

export function memoryOf(stored: StoredMemory): Memory {
  return {
    id: stored.id,
    user_id: stored.user_id,
    project: stored.project,
    session_id: stored.session_id,
    role: stored.role,
    speaker: stored.speaker,
    content: redact(stored.content),
    created_at: new Date(stored.created_at).toISOString(),
    source: stored.source as Memory["source"],
    request_id: stored.request_id,
    metadata: stored.metadata === null ? null : (JSON.parse(stored.metadata) as JsonObject),
  }
}
