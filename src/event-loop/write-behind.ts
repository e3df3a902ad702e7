/** Work behind the request: a moment later, so that much is done at once, and again while the disk refuses. What is done is not known here. */

export interface WriteBehind {
  /** Something waits: it is written a moment later. */
  plan(): void
  /** Writes now. It does not throw: what fails is tried again. */
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
}): WriteBehind {
  const { afterMs, retryMs, write, failed } = options
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
    try {
      if (write()) plan(0)
      isFailing = false
    } catch (error) {
      if (!isFailing) failed(error)
      isFailing = true
      plan(retryMs)
    }
  }

  return { plan: () => plan(), flush, stop }
}
