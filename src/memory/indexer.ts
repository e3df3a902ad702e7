/** Makes what was kept findable: cut into parts, their words, what can be seen of it. In slices, so that requests go on meanwhile. */
import type { IndexedMemory, UnindexedMemory } from "../store/memory-tables.ts"
import type { MemoryStore } from "../store/memories.ts"
import { chunksOf } from "./rank/chunks.ts"
import { asking, isStanding, saysWhen } from "./rank/signs.ts"
import { type Stems, termsOf } from "./rank/terms.ts"

export interface Indexer {
  /** False: its time was over before all of these namespaces were done. @throws what the disk throws */
  catchUp(namespaces: readonly number[] | null, withinMs: number): boolean
  /** All of these namespaces are done. @rejects with what the disk throws */
  done(namespaces: readonly number[] | null): Promise<void>
  /** Begins soon, behind what is under way. */
  soon(): void
  stop(): void
}

const SLICE_MS = 8
const BATCH = 64
const RETRY_MS = 500

export interface IndexerOptions {
  store: MemoryStore
  stems: Stems
  /** monotonic milliseconds */
  now: () => number
  warn: (message: string) => void
}

export function createIndexer({ store, stems, now, warn }: IndexerOptions): Indexer {
  let timer: ReturnType<typeof setTimeout> | null = null
  let isFailing = false

  function catchUp(namespaces: readonly number[] | null, withinMs: number): boolean {
    const started = now()
    for (;;) {
      const waiting = store.unindexed(namespaces, BATCH)
      if (waiting.length > 0) store.index(waiting.map(read))
      if (waiting.length < BATCH) return true
      if (now() - started >= withinMs) return false
    }
  }

  function read({ memory, namespace, place, role, content }: UnindexedMemory): IndexedMemory {
    return {
      memory,
      namespace,
      place,
      isStanding: isStanding(role, content),
      saysWhen: saysWhen(content),
      asking: asking(content),
      parts: chunksOf(content, role).map(({ start, stop }) => ({
        start,
        stop,
        terms: termsOf(content.slice(start, stop), stems).join(" "),
      })),
    }
  }

  function later(ms: number): void {
    timer ??= setTimeout(slice, ms)
    timer.unref()
  }

  function slice(): void {
    timer = null
    try {
      if (!catchUp(null, SLICE_MS)) later(0)
      isFailing = false
    } catch (error) {
      if (!isFailing) warn(`memories cannot be indexed (${String(error)}); it is tried again`)
      isFailing = true
      later(RETRY_MS)
    }
  }

  return {
    catchUp,
    async done(namespaces) {
      while (!catchUp(namespaces, SLICE_MS)) await new Promise((resolve) => setImmediate(resolve))
    },
    soon: () => later(0),
    stop() {
      if (timer !== null) clearTimeout(timer)
      timer = null
    },
  }
}
