/**
 * Counts that come after their row: what a person makes of an answer shows in the next request. They wait for a moment, so that one transaction takes many, and
 * as long as the disk refuses them. It knows nothing of what they mean.
 */
import type { Database } from "bun:sqlite"
import { addCounts, type Counts, decodeCounts, encodeCounts } from "./counters.ts"
import { createWriteBehind } from "../event-loop/write-behind.ts"

/** A row's quality (0 to 100) from its counts; null: they say nothing about it. */
export type ScoreOf = (counts: Counts) => number | null

export interface LateCounts {
  add(id: string, more: Counts): void
  /** Tries to write what waits. It does not throw. */
  flush(): void
  close(): void
}

const WAIT_MS = 50
const RETRY_MS = 1_000
/** Rows. What is over is dropped. */
const KEEP = 10_000

export function createLateCounts(
  write: (waiting: ReadonlyMap<string, Counts>) => void,
  warn: (message: string) => void,
): LateCounts {
  let waiting = new Map<string, Counts>()

  const behind = createWriteBehind({
    afterMs: WAIT_MS,
    retryMs: RETRY_MS,
    write() {
      if (waiting.size > 0) write(waiting)
      waiting = new Map()
      return false
    },
    failed: (error) =>
      warn(`what is known about the quality of ${waiting.size} answers waits to be written: ${String(error)}`),
  })

  return {
    add(id, more) {
      const known = waiting.get(id)
      if (!known && waiting.size >= KEEP) return
      // differences: they may be negative here, only the sum with the row's own may not
      waiting.set(id, known ? merge(known, more) : more)
      behind.plan()
    },
    flush: behind.flush,
    close() {
      behind.flush()
      behind.stop()
    },
  }
}

function merge(one: Counts, other: Counts): Counts {
  const sum: Record<string, number> = { ...one }
  for (const [name, value] of Object.entries(other)) sum[name] = (sum[name] ?? 0) + value
  return sum
}

/** Within the caller's transaction; a row that is gone is passed over. */
export function addToRow(
  db: Database,
  id: string,
  more: Counts | ((counts: Counts) => Counts),
  scoreOf: ScoreOf,
): void {
  const stored = db.query<{ signals: Uint8Array | null }, [string]>("SELECT signals FROM requests WHERE id = ?").get(id)
  if (!stored) return
  const before = decodeCounts(stored.signals)
  const counts = addCounts(before, typeof more === "function" ? more(before) : more)
  db.query("UPDATE requests SET signals = ?, quality = ? WHERE id = ?").run(encodeCounts(counts), scoreOf(counts), id)
}
