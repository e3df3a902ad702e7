/**
 * Reports over a large ledger, made on a thread of their own: a hundred milliseconds of arithmetic and megabytes of JSON that no request waits for. The thread is
 * started by the first such report and ends when none has been asked for in a while.
 */
import type { UsageQuery } from "./usage.ts"

export interface ReportQuestion {
  id: number
  dir: string
  query: UsageQuery
}
export interface ReportAnswer {
  id: number
  text: string | null
  error: string | null
}

export interface ReportThread {
  /** The report's JSON, of what is on disk. @throws Error when the thread cannot make it: it can still be made here */
  usage(query: UsageQuery): Promise<string>
  close(): void
}

const IDLE_MS = 60_000

export function createReportThread(dir: string): ReportThread {
  const waiting = new Map<number, PromiseWithResolvers<string>>()
  let worker: Worker | null = null
  let idle: ReturnType<typeof setTimeout> | null = null
  let last = 0

  function end(reason: string): void {
    worker?.terminate()
    worker = null
    for (const one of waiting.values()) one.reject(new Error(reason))
    waiting.clear()
  }

  function start(): Worker {
    // In the binary all entries lie side by side.
    const path = Bun.isStandaloneExecutable ? "./report-worker.ts" : "../report-worker.ts"
    const started = new Worker(new URL(path, import.meta.url).href, { ref: false })
    started.addEventListener("message", ({ data: { id, text, error } }: MessageEvent<ReportAnswer>) => {
      const one = waiting.get(id)
      waiting.delete(id)
      if (text === null) one?.reject(new Error(error ?? "no report"))
      else one?.resolve(text)
    })
    started.addEventListener("error", ({ message }) => end(message))
    return started
  }

  return {
    usage(query) {
      worker ??= start()
      if (idle !== null) clearTimeout(idle)
      idle = setTimeout(() => end("the thread was idle"), IDLE_MS)
      idle.unref()
      const id = ++last
      const one = Promise.withResolvers<string>()
      waiting.set(id, one)
      worker.postMessage({ id, dir, query } satisfies ReportQuestion)
      return one.promise
    },
    close() {
      if (idle !== null) clearTimeout(idle)
      end("the ledger is closed")
    },
  }
}
