/** When segments are made: some time after their rows, never while a report is read, and never two in a row. */
import { PIECE_ROWS } from "./pieces.ts"

export interface SegmentWorkOptions {
  /** makes one; returns whether there was one to make. `numbers` remembers words between calls */
  build: (numbers: Map<string, number>) => boolean
  warn: (message: string) => void
}

export interface SegmentWork {
  /** so many rows were written or changed */
  changed(rows: number): void
  /** Numbers of words may not become others while a report is read in slices. */
  undisturbed<T>(read: () => Promise<T>): Promise<T>
  /** Words were deleted: their numbers mean nothing any more. */
  forget(): void
  stop(): void
}

const AFTER_MS = 250
/** After a pause a hundred times as long as the work. */
const BETWEEN_MS = 200
const AFTER_FAILURE_MS = 10_000

export function createSegmentWork({ build, warn }: SegmentWorkOptions): SegmentWork {
  const numbers = new Map<string, number>()
  let timer: ReturnType<typeof setTimeout> | null = null
  let rowsSince = 0
  let readers = 0
  let isStopped = false
  let isFailing = false

  function plan(afterMs: number): void {
    if (isStopped) return
    timer ??= setTimeout(work, afterMs)
    timer.unref()
  }

  function work(): void {
    timer = null
    if (readers > 0) return plan(BETWEEN_MS)
    try {
      if (build(numbers)) plan(BETWEEN_MS)
      isFailing = false
    } catch (error) {
      numbers.clear() // those of a transaction that was undone are not in the table
      if (!isFailing) warn(`the ledger's columns cannot be written, reports are slow until they can: ${String(error)}`)
      isFailing = true
      plan(AFTER_FAILURE_MS)
    }
  }

  return {
    changed(rows) {
      rowsSince += rows
      if (rowsSince < PIECE_ROWS) return
      rowsSince = 0
      plan(AFTER_MS)
    },
    async undisturbed(read) {
      readers++
      try {
        return await read()
      } finally {
        readers--
      }
    },
    forget: () => numbers.clear(),
    stop() {
      isStopped = true
      if (timer !== null) clearTimeout(timer)
    },
  }
}
