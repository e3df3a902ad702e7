/**
 * The thread on which reports are made and the ledger's columns kept: a second processor's work, that no request waits for. It is there while somebody asks for reports.
 * While nobody does, rows wait until there are not many requests, or until so many wait that the next report would; then it is started for them and ends. With many rows it
 * stays, for a thread just started takes twice as long.
 */
import { existsSync } from "node:fs"
import { join } from "node:path"
import { PIECE_ROWS } from "./columns/pieces.ts"
import type { Query, ReportName } from "./reports.ts"

/** `work` brings the columns up to date, `isLast`: also what may change again in a moment. `forget` asks for an empty answer. */
export type ToThread =
  | { ask: "open"; dir: string }
  | { ask: "work"; isLast: boolean }
  | { ask: "end" }
  | { ask: "report"; id: number; name: ReportName; query: Query<ReportName> }
  | { ask: "forget"; id: number }
/** `applied`: this change of the ledger and all before it are in the columns' file; `isDone`: nothing is left to do. `trouble`: why the columns cannot be kept. */
export type FromThread =
  | { applied: number; isDone: boolean }
  | { trouble: string }
  | { id: number; json: Uint8Array<ArrayBuffer> }
  | { id: number; error: { message: string; code: string } }

export interface ReportThread {
  /** The report as JSON, of what is on disk. @throws Error when the thread cannot make it */
  report<N extends ReportName>(name: N, query: Query<N>): Promise<Uint8Array<ArrayBuffer>>
  /** Takes out names that no row has any more. @throws Error when it cannot */
  forgetWords(): Promise<void>
  /** So many rows of the ledger came or changed; `newest` of them there are when it is opened. */
  changed(rows: number): void
  opened(newest: number): void
  /** Calls back with the number of the ledger's newest change that need not be known any longer. */
  onApplied(act: (change: number) => void): void
  /** The ledger is another file now. */
  restart(): void
  close(): Promise<void>
}

/** Who asked will ask again. */
const WATCH_MS = 60_000
/** Of so many rows a report takes a second while the thread has not kept their columns. */
const MANY_ROWS = 32 * PIECE_ROWS
/** More do not wait for a quiet moment: the next report would take longer than two seconds. */
const MOST_WAITING_ROWS = 64 * PIECE_ROWS
/** Some time after the start, that it does not hold up. */
const BEGIN_MS = 100
/** There are few requests when for so long no more than these end in a second: they leave most of a processor. A pause between two bursts is shorter. */
const QUIET_MS = 20_000
const QUIET_ROWS_PER_S = 750
/** A report under way is not waited for any longer. */
const CLOSE_MS = 2_000

export function createReportThread(dir: string, warn: (message: string) => void, quietMs = QUIET_MS): ReportThread {
  const waiting = new Map<number, PromiseWithResolvers<Uint8Array<ArrayBuffer>>>()
  let worker: Worker | null = null
  /** runs while somebody asks */
  let watch: ReturnType<typeof setTimeout> | null = null
  let quiet: ReturnType<typeof setTimeout> | null = null
  let last = 0
  /** of the ledger, about */
  let rowsThere = 0
  /** rows that came or changed since the columns were brought up to date, and since the last look at how many come */
  let rowsWaiting = 0
  let rowsLately = 0
  let isClosed = false
  let applied: (change: number) => void = () => {}
  let lastApplied = 0
  let lastTrouble = ""

  /**
   * The thread closes its files and ends by itself: one that is terminated holds its locks for as long as it likes.
   * @returns when it has ended
   */
  function end(reason: string): Promise<unknown> {
    for (const timer of [watch, quiet]) if (timer !== null) clearTimeout(timer)
    watch = quiet = null
    for (const one of waiting.values()) one.reject(new Error(reason))
    waiting.clear()
    const ended = worker && new Promise((resolve) => worker!.addEventListener("close", resolve))
    worker?.postMessage({ ask: "end" } satisfies ToThread)
    worker = null
    return Promise.resolve(ended)
  }

  function start(): Worker {
    // In the binary all entries lie side by side.
    const path = Bun.isStandaloneExecutable ? "./report-worker.ts" : "../report-worker.ts"
    const started = new Worker(new URL(path, import.meta.url).href, { ref: false })
    started.addEventListener("message", ({ data }: MessageEvent<FromThread>) => {
      if (worker === started) hear(data)
    })
    started.addEventListener("error", ({ message }) => worker === started && void end(message))
    started.postMessage({ ask: "open", dir } satisfies ToThread)
    return started
  }

  function hear(said: FromThread): void {
    if ("trouble" in said) complain(said.trouble)
    else if ("applied" in said) {
      if (said.applied !== lastApplied) applied((lastApplied = said.applied))
      if (!said.isDone) return
    } else {
      const one = waiting.get(said.id)
      waiting.delete(said.id)
      if ("json" in said) one?.resolve(said.json)
      else one?.reject(Object.assign(new Error(said.error.message), { code: said.error.code }))
    }
    endUnlessNeeded()
  }

  function endUnlessNeeded(): void {
    if (watch === null && waiting.size === 0 && rowsThere < MANY_ROWS) void end("nobody asks")
  }

  /** Once for each trouble: it is tried again all the time. */
  function complain(trouble: string): void {
    if (trouble !== lastTrouble)
      warn(
        `columns.db cannot be kept (${trouble}): reports are made from the rows that are not in it, which takes longer; it is tried again`,
      )
    lastTrouble = trouble
  }

  function watchOn(): void {
    if (watch !== null) clearTimeout(watch)
    watch = setTimeout(() => {
      watch = null
      endUnlessNeeded()
    }, WATCH_MS).unref()
  }

  function send(message: ToThread): void {
    if (isClosed) throw new Error("the ledger is closed")
    worker ??= start()
    worker.postMessage(message)
  }

  function ask(message: (id: number) => ToThread): Promise<Uint8Array<ArrayBuffer>> {
    const one = Promise.withResolvers<Uint8Array<ArrayBuffer>>()
    const id = ++last
    send(message(id))
    waiting.set(id, one)
    return one.promise
  }

  function changed(rows: number): void {
    rowsThere += rows
    rowsWaiting += rows
    rowsLately += rows
    if (rowsWaiting < PIECE_ROWS || isClosed) return
    if (watch !== null || rowsWaiting >= MOST_WAITING_ROWS) bringUpToDate()
    else quiet ??= setTimeout(whenQuiet, quietMs).unref()
  }

  function whenQuiet(): void {
    quiet = rowsLately > (QUIET_ROWS_PER_S * quietMs) / 1000 ? setTimeout(whenQuiet, quietMs).unref() : null
    rowsLately = 0
    if (quiet === null && rowsWaiting >= PIECE_ROWS) bringUpToDate()
  }

  function bringUpToDate(): void {
    rowsWaiting = 0
    send({ ask: "work", isLast: watch === null && rowsThere < MANY_ROWS })
  }

  return {
    report: async (name, query) => {
      const json = ask((id) => ({ ask: "report", id, name, query }))
      watchOn()
      return json
    },
    forgetWords: async () => void (await ask((id) => ({ ask: "forget", id }))),
    changed,
    opened(newest) {
      const isKept = newest < MANY_ROWS && existsSync(join(dir, "columns.db"))
      setTimeout(changed, BEGIN_MS, isKept ? newest % PIECE_ROWS : newest).unref()
    },
    onApplied: (act) => void (applied = act),
    restart: () => void end("the ledger is another file now"),
    async close() {
      isClosed = true
      await Promise.race([end("the ledger is closed"), Bun.sleep(CLOSE_MS)])
    },
  }
}
