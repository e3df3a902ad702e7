/**
 * The thread on which reports are made and the ledger's columns kept: a second processor's work, that no request waits for. It is started by the first report, or when
 * enough rows have come or changed, and ends when neither has happened for a while.
 */
import { existsSync } from "node:fs"
import { join } from "node:path"
import { PIECE_ROWS } from "./columns/pieces.ts"
import type { Query, ReportName } from "./reports.ts"

/** `work` asks for no answer, `forget` for an empty one. */
export type ToThread =
  | { ask: "open"; dir: string }
  | { ask: "work" }
  | { ask: "end" }
  | { ask: "report"; id: number; name: ReportName; query: Query<ReportName> }
  | { ask: "forget"; id: number }
/** `applied`: this change of the ledger and all before it are in the columns' file. `trouble`: why the columns cannot be kept. */
export type FromThread =
  | { applied: number }
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

const IDLE_MS = 60_000
/** A report under way is not waited for any longer. */
const CLOSE_MS = 2_000

export function createReportThread(dir: string, warn: (message: string) => void): ReportThread {
  const waiting = new Map<number, PromiseWithResolvers<Uint8Array<ArrayBuffer>>>()
  let worker: Worker | null = null
  let idle: ReturnType<typeof setTimeout> | null = null
  let last = 0
  let rowsSince = 0
  let isClosed = false
  let applied: (change: number) => void = () => {}
  let lastTrouble = ""

  /**
   * The thread closes its files and ends by itself: one that is terminated holds its locks for as long as it likes.
   * @returns when it has ended
   */
  function end(reason: string): Promise<unknown> {
    if (idle !== null) clearTimeout(idle)
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
    if ("trouble" in said) return complain(said.trouble)
    stayAwake()
    if ("applied" in said) return applied(said.applied)
    const one = waiting.get(said.id)
    waiting.delete(said.id)
    if ("json" in said) one?.resolve(said.json)
    else one?.reject(Object.assign(new Error(said.error.message), { code: said.error.code }))
  }

  /** Once for each trouble: it is tried again all the time. */
  function complain(trouble: string): void {
    if (trouble !== lastTrouble)
      warn(
        `columns.db cannot be kept (${trouble}): reports are made from the rows, which takes longer; it is tried again`,
      )
    lastTrouble = trouble
  }

  function stayAwake(): void {
    if (idle !== null) clearTimeout(idle)
    idle = setTimeout(() => void end("the thread was idle"), IDLE_MS)
    idle.unref()
  }

  function send(message: ToThread): void {
    if (isClosed) throw new Error("the ledger is closed")
    worker ??= start()
    stayAwake()
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
    rowsSince += rows
    if (rowsSince < PIECE_ROWS || isClosed) return
    rowsSince = 0
    send({ ask: "work" })
  }

  return {
    report: async (name, query) => ask((id) => ({ ask: "report", id, name, query })),
    forgetWords: async () => void (await ask((id) => ({ ask: "forget", id }))),
    changed,
    opened: (newest) => changed(existsSync(join(dir, "columns.db")) ? newest % PIECE_ROWS : newest),
    onApplied: (act) => void (applied = act),
    restart: () => void end("the ledger is another file now"),
    async close() {
      isClosed = true
      await Promise.race([end("the ledger is closed"), Bun.sleep(CLOSE_MS)])
    },
  }
}
