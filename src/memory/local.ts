/** The memory inside the binary: kept, indexed a moment later, and searched (`local-search.ts`). No key, no service; no model is run. */
import { type Patience, TooSlow } from "../event-loop/patience.ts"
import { createWriteBehind } from "../event-loop/write-behind.ts"
import type { JsonObject } from "../exchange.ts"
import type { Memory, MemoryTools, MemoryEngine, Recalled, RecallQuery, SaidTurn } from "./engine.ts"
import { EVERYWHERE, type Namespace } from "./namespace.ts"
import { createIndexer } from "./indexer.ts"
import { type Answer, createLocalSearch } from "./local-search.ts"
import { memoryOf } from "./memory-of.ts"
import type { Stems } from "./rank/terms.ts"
import { reasonOf, sayingWhy } from "./disk-failure.ts"
import { redact, redactObject, withoutKey } from "./redact.ts"
import type { MemoryPlace, MemoryStore } from "../store/memories.ts"
import type { NewMemory } from "../store/memory-tables.ts"

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
  /** with the disk, for what nobody asked for by hand */
  patience?: Patience
}

/** Characters: a pasted file is no memory. */
const MOST_CONTENT = 4096
const FLUSH_AFTER_MS = 20
const MOST_WAITING = 10_000
const RETRY_MS = 500
/** Of a slow disk. */
const FEW = 16
/** What was kept a moment ago is indexed before a recall, as far as this goes: a large import is found later. */
const INDEXING_MS = 5
/** Late by less is no sign of a slow disk. */
const REHEARSAL_MS = 400

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
  /** Where there are memories: does what the first recall would wait for. @throws what the disk throws */
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
  const { store, estimate, newId, clock, now, warn, patience } = options
  const stems: Stems = new Map()
  const indexer = createIndexer({ store, stems, now, warn, patience })
  const searcher = createLocalSearch({ store, stems, estimate })
  let waiting: Entry[] = []

  function entry({ namespace, role = "user", requestId = null, metadata = null, ...draft }: Draft): Entry {
    const content = redact(draft.content)
    const speaker = draft.speaker ? redact(draft.speaker) : null
    const sessionId = draft.sessionId ? withoutKey(draft.sessionId) : null
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
      metadata: metadata && JSON.stringify(redactObject(metadata)),
      identity: BigInt.asIntN(64, Bun.hash.wyhash(content, head)),
    }
  }

  function keep(entries: readonly Entry[]): number {
    const added = store.insert(entries)
    if (added > 0) {
      indexer.add(entries.reduce((sum, { content }) => sum + content.length, 0))
      searcher.warm()
    }
    return added
  }

  /** While another program writes, or the disk takes nothing more, all but the newest can still be read; the indexer tries again and warns. */
  function indexWhatWaits(namespaces: readonly number[]): void {
    try {
      indexer.catchUp(namespaces, INDEXING_MS)
    } catch (error) {
      if (!["locked", "full", "disk"].includes(reasonOf(error))) throw error
    }
  }

  async function search(namespaces: readonly number[], text: string, limit: number): Promise<Answer[]> {
    behind.flush()
    await indexer.done()
    return searcher.find(namespaces, text, limit)
  }

  function recall(namespace: Namespace, query: RecallQuery): Recalled[] {
    const namespaces = visible(namespace)
    if (namespaces.length === 0) return []
    indexWhatWaits(namespaces)
    return searcher.recall(namespaces, query)
  }

  /** The first recall reads the word vectors and runs code that was never run before: on a busy machine it would be late. Of the newest memory's own words. */
  function rehearse({ user_id: userId, project_key: projectKey }: MemoryPlace): void {
    searcher.warm()
    const [newest] = store.list({ userId, projectKey }, { limit: 1, before: null })
    const act = () =>
      searcher.recall(store.namespaces(userId, [projectKey]), {
        text: newest?.content ?? "",
        previous: null,
      })
    try {
      if (patience) patience.within(REHEARSAL_MS, act)
      else act()
    } catch (error) {
      if (!(error instanceof TooSlow)) throw error // of a slow disk no recall comes to its end
    }
  }

  const visible = (namespace: Namespace) => store.namespaces(namespace.userId, [namespace.projectKey, EVERYWHERE])

  function flushNow(most = MOST_WAITING): void {
    if (waiting.length === 0) return
    const batch = waiting.slice(0, most)
    waiting = waiting.slice(most)
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
    patience,
    write() {
      flushNow(patience?.isStrained ? FEW : MOST_WAITING)
      return waiting.length > 0
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
      const [place] = store.places(null, 1)
      if (!place) return
      rehearse(place)
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
