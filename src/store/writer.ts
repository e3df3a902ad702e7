/**
 * Rows on their way to disk: an array in memory, one transaction every 20 ms or 128 rows, retries when the disk will not.
 * The request path only pushes; whatever happens here, requests go on. It reads nothing back.
 */
import { Patience } from "../event-loop/patience.ts"
import type { LedgerDetail, LedgerRow } from "../exchange.ts"

export interface WriterHealth {
  /** rows in memory only */
  queued: number
  /** rows given up since the start */
  dropped: number
  /** null once writing works again */
  lastError: string | null
}

export interface WriterOptions {
  /** called before a batch is written: what it changes in waiting rows goes with them */
  before: () => void
  /** writes what it can of the rows in one transaction and returns how many had to be left out; throws when none was written */
  write: (rows: readonly Queued[]) => number
  /** called with rows that are on disk */
  written: (rows: readonly Queued[]) => void
  /** moves the write-ahead log into the database; called when nothing else is going on, or has to be */
  checkpoint: () => void
  warn: (message: string) => void
  /** with the disk; left out: it has all the time */
  patience?: Patience
}

export type Queued = readonly [row: LedgerRow, detail: LedgerDetail]

/** The promise is 50 ms: this leaves room for a busy event loop and for the write itself. */
const FLUSH_AFTER_MS = 20
const BATCH_ROWS = 512
/** So many are written at once: those that wait live through the collector's rounds, and writing fewer would cost more than that. */
const ENOUGH_ROWS = 128
/** A batch. While the disk rests after late ones, a whole batch is written all the same: none is given up because it is slow. */
const WRITE_MS = 200
const KEEP_ROWS = 10_000
/** Another program that writes is done in a moment; a disk that will not is not asked all the time. */
const FIRST_RETRY_MS = 5
const LAST_RETRY_MS = 1_000
/** So long it is no moment any more. */
const WARN_AFTER_MS = 20
const CLOSE_ATTEMPTS = 6
const CLOSE_PAUSE_MS = 50
const IDLE_MS = 1_000
/** About 10 MB of write-ahead log: moving it over takes some 10 ms. */
const CHECKPOINT_ROWS = 20_000
const CHECKPOINT_AT_LATEST_MS = 60_000

export interface Writer {
  push(row: LedgerRow, detail: LedgerDetail): void
  /** Tries to write everything now. It does not throw: rows that cannot be written stay queued. */
  flush(): Promise<void>
  /** The row with this id, while it waits. */
  waiting(id: string): Queued | undefined
  health(): WriterHealth
  /** Writes the rest, trying for about a second. */
  close(): Promise<void>
}

export function createWriter(options: WriterOptions): Writer {
  const { patience = new Patience() } = options
  let queue: Queued[] = []
  let dropped = 0
  let lastError: string | null = null
  let isWarned = false
  let closed = false
  let retryMs = 0
  let timer: ReturnType<typeof setTimeout> | null = null
  let checkpointTimer: ReturnType<typeof setTimeout> | null = null
  let rowsToCheckpoint = 0
  let rowsSince = 0

  function push(row: LedgerRow, detail: LedgerDetail): void {
    if (closed) {
      dropped++
      return
    }
    if (queue.length >= KEEP_ROWS) {
      queue.shift()
      dropped++
    }
    queue.push([row, detail])
    if (timer === null) timer = setTimeout(tick, retryMs || FLUSH_AFTER_MS)
    else if (retryMs === 0 && isEnough(queue.length)) setImmediate(writeBatch)
  }

  /** While the disk rests, a whole batch. */
  const isEnough = (rows: number) => rows === BATCH_ROWS || (rows === ENOUGH_ROWS && patience.restMs() === 0)

  function tick(): void {
    timer = null
    const restMs = patience.restMs()
    if (restMs > 0 && queue.length < BATCH_ROWS) {
      timer = setTimeout(tick, restMs)
      return
    }
    // After an outage there is more than one batch: the next turns of the event loop take them, requests in between.
    if (writeBatch() && queue.length > 0) timer = setTimeout(tick, 0)
    else if (queue.length > 0) timer ??= setTimeout(tick, retryMs)
  }

  /** @returns whether the disk took it */
  function writeBatch(): boolean {
    if (queue.length === 0) return true
    options.before()
    const batch = queue.length <= BATCH_ROWS ? queue : queue.slice(0, BATCH_ROWS)
    try {
      const refused = patience.measure(WRITE_MS, () => options.write(batch))
      dropped += refused
    } catch (error) {
      failed(error)
      return false
    }
    queue = batch === queue ? [] : queue.slice(BATCH_ROWS)
    if (lastError !== null) recovered()
    planCheckpoint(batch.length)
    options.written(batch)
    return true
  }

  function failed(error: unknown): void {
    lastError = String(error)
    retryMs = Math.min(retryMs === 0 ? FIRST_RETRY_MS : retryMs * 2, LAST_RETRY_MS)
    if (!isWarned && retryMs > WARN_AFTER_MS) {
      isWarned = true
      options.warn(
        `the ledger cannot be written (${String(error)}): requests go on, up to ${KEEP_ROWS} rows wait in memory and are written when it works again`,
      )
    }
  }

  function recovered(): void {
    if (isWarned) options.warn(`the ledger is written again; rows given up since the start: ${dropped}`)
    isWarned = false
    lastError = null
    retryMs = 0
  }

  function planCheckpoint(rows: number): void {
    rowsToCheckpoint += rows
    rowsSince += rows
    if (rowsToCheckpoint >= CHECKPOINT_ROWS) return runCheckpoint()
    checkpointTimer ??= setTimeout(whenIdle, IDLE_MS, CHECKPOINT_AT_LATEST_MS)
  }

  /** Waits until a second passes without a row, but not for ever. */
  function whenIdle(patienceMs: number): void {
    const isBusy = rowsSince > 0
    rowsSince = 0
    if (isBusy && patienceMs > 0) checkpointTimer = setTimeout(whenIdle, IDLE_MS, patienceMs - IDLE_MS)
    else runCheckpoint()
  }

  function runCheckpoint(): void {
    if (checkpointTimer !== null) clearTimeout(checkpointTimer)
    checkpointTimer = null
    rowsToCheckpoint = 0
    rowsSince = 0
    try {
      options.checkpoint()
    } catch (error) {
      options.warn(`the ledger's log could not be moved into the database, it will be tried again: ${String(error)}`)
    }
  }

  async function flush(): Promise<void> {
    while (queue.length > 0 && writeBatch()) {
      if (queue.length > 0) await new Promise((resume) => setImmediate(resume))
    }
  }

  async function close(): Promise<void> {
    if (closed) return
    for (let attempt = 1; attempt <= CLOSE_ATTEMPTS; attempt++) {
      await flush()
      if (queue.length === 0 || attempt === CLOSE_ATTEMPTS) break
      await Bun.sleep(CLOSE_PAUSE_MS * attempt)
    }
    closed = true
    if (timer !== null) clearTimeout(timer)
    if (checkpointTimer !== null) clearTimeout(checkpointTimer)
    if (queue.length > 0) options.warn(`${queue.length} ledger rows could not be written and are lost: ${lastError}`)
    dropped += queue.length
    queue = []
  }

  /** Seldom asked, mostly for one of the last: a map of them would cost each request more, and keep its row from the collector. */
  const waiting = (id: string) => queue.findLast(([row]) => row.id === id)

  return { push, flush, close, waiting, health: () => ({ queued: queue.length, dropped, lastError }) }
}
