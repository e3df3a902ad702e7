/** Makes what was kept findable: cut into parts, their words, what can be seen of it. In slices, so that requests go on meanwhile. */
import type { Patience } from "../event-loop/patience.ts"
import { createWriteBehind } from "../event-loop/write-behind.ts"
import type { IndexedMemory, UnindexedMemory } from "../store/memory-tables.ts"
import type { MemoryStore } from "../store/memories.ts"
import { chunksOf } from "./rank/chunks.ts"
import { addressing, asking, isStanding, saysWhen } from "./rank/text-features.ts"
import { type Stems, termsOf } from "./rank/terms.ts"

export interface Indexer {
  /** False: its time was over before all of these namespaces were done. @throws what the disk throws */
  catchUp(namespaces: readonly number[] | null, withinMs: number): boolean
  /** All is done: what waits is never much. @rejects with what the disk throws */
  done(): Promise<void>
  /** So many characters more wait. It begins when there was a moment without more, or when much waits. */
  add(chars: number): void
  /** Not too much waits any more: who imports goes no faster than this. @rejects with what the disk throws */
  room(): Promise<void>
  stop(): void
}

const SOON_MS = 100
const SLICE_MS = 8
const BATCH = 64
/** Of a slow disk. */
const FEW = 16
/** About a second's work, which the next search waits for. */
const MOST_CHARS = 8_000_000
const RETRY_MS = 500

export interface IndexerOptions {
  store: MemoryStore
  stems: Stems
  /** monotonic milliseconds */
  now: () => number
  warn: (message: string) => void
  patience?: Patience
}

export function createIndexer({ store, stems, now, warn, patience }: IndexerOptions): Indexer {
  let chars = 0

  const isTooMuch = () => chars > MOST_CHARS

  function catchUp(namespaces: readonly number[] | null, withinMs: number): boolean {
    const most = patience?.isStrained ? FEW : BATCH
    const next = () => store.unindexed(namespaces, most)
    const first = next()
    return first.length === 0 || store.together(() => index(first, next, most, now() + withinMs))
  }

  function index(
    first: readonly UnindexedMemory[],
    next: () => readonly UnindexedMemory[],
    most: number,
    deadline: number,
  ): boolean {
    for (let waiting = first; ; waiting = next()) {
      store.index(waiting.map(read))
      for (const { content } of waiting) chars = Math.max(0, chars - content.length)
      if (waiting.length < most) return true
      if (now() >= deadline) return false
    }
  }

  function read({ content, ...memory }: UnindexedMemory): IndexedMemory {
    const { role } = memory
    return {
      ...memory,
      speaker: nameOf(memory),
      isStanding: isStanding(role, content),
      saysWhen: saysWhen(content),
      asking: asking(content),
      addressing: addressing(content),
      parts: chunksOf(content, role).map(({ start, stop }) => ({
        start,
        stop,
        terms: termsOf(content.slice(start, stop), stems).join(" "),
      })),
    }
  }

  const behind = createWriteBehind({
    afterMs: SOON_MS,
    retryMs: RETRY_MS,
    patience,
    write: () => !catchUp(null, SLICE_MS),
    failed: (error) => warn(`memories cannot be indexed (${String(error)}); it is tried again`),
  })

  return {
    catchUp,
    async done() {
      while (!catchUp(null, SLICE_MS)) await turn()
    },
    add(more) {
      chars += more
      if (chars < MOST_CHARS) behind.stop()
      behind.plan()
    },
    async room() {
      await turn()
      while (isTooMuch() && !catchUp(null, SLICE_MS)) await turn()
    },
    stop: behind.stop,
  }
}

/** Requests go on meanwhile. */
const turn = () => new Promise((resolve) => setImmediate(resolve))

/** Null where the speaker is only the role again. */
function nameOf({ role, speaker }: { role: string; speaker: string | null }): string | null {
  return speaker === null || /^(user|assistant|human|ai|model|system)$/i.test(speaker) || speaker === role
    ? null
    : speaker
}
