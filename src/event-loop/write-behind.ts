/** Work behind the request: a moment later, so that much is done at once, and again while the disk refuses. What is done is not known here. */
import { Patience } from "./patience.ts"

/** Longer than this is late. Nobody waits for its end, but all others for the thread. */
const WRITE_MS = 200

export interface WriteBehind {
  /** Something waits: it is written a moment later. */
  plan(): void
  /** Writes now, or when the disk may be used again. It does not throw: what fails is tried again. */
  flush(): void
  /** Nothing is written by itself until the next `plan` or `flush`. */
  stop(): void
}

export function createWriteBehind(options: {
  afterMs: number
  retryMs: number
  /** @returns whether more waits: it is written in the next turn of the event loop. @throws what the disk throws */
  write: () => boolean
  /** called at the first failure, and then not until writing has worked again */
  failed: (error: unknown) => void
  /** with the disk; left out: it has all the time */
  patience?: Patience
}): WriteBehind {
  const { afterMs, retryMs, write, failed, patience = new Patience() } = options
  let timer: ReturnType<typeof setTimeout> | null = null
  let isFailing = false

  function stop(): void {
    if (timer !== null) clearTimeout(timer)
    timer = null
  }

  function plan(ms = afterMs): void {
    timer ??= setTimeout(flush, ms)
    timer.unref()
  }

  function flush(): void {
    stop()
    const restMs = patience.restMs()
    if (restMs > 0) return plan(restMs)
    try {
      if (patience.measure(WRITE_MS, write)) plan(0)
      isFailing = false
    } catch (error) {
      if (!isFailing) failed(error)
      isFailing = true
      plan(retryMs)
    }
  }

  return { plan: () => plan(), flush, stop }
}
