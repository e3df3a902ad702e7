/**
 * How much of the thread that serves requests a slow disk may take, since all wait while SQLite does: work that is late is left, and none is begun for
 * a while that grows with the square of its lateness. What the work is is not known here.
 */

/** `TIMEOUT`: its time was over. `SLOW`: it was not begun. */
export class TooSlow extends Error {
  readonly code: "TIMEOUT" | "SLOW"
  constructor(code: TooSlow["code"], message: string) {
    super(message)
    this.name = "TooSlow"
    this.code = code
  }
}

/** The rest is as long as work was late, times its lateness as a share of its time, times this: twice as much each time until some is not late. */
const FIRST_REST = 1
const LAST_REST = 64
const LONGEST_REST_MS = 30_000
/** How old what is known of waiting for a processor may be: it is asked for seldom, for it takes 10 µs. */
const WAIT_KNOWN_MS = 100
/** What took less says nothing of the disk. */
const CACHED_MS = 1
const STRAINED_MS = 10_000

export class Patience {
  readonly #now: () => number
  readonly #cpuWait: () => number
  #cpuWaitBefore = 0
  #cpuWaitAt = Number.NEGATIVE_INFINITY
  #deadline = Number.POSITIVE_INFINITY
  #restsUntil = Number.NEGATIVE_INFINITY
  #rest = FIRST_REST

  /**
   * `now`: monotonic milliseconds. With a clock that stands still nothing is late. `cpuWait`: milliseconds so far that this thread waited for a processor:
   * on a busy machine work is late, and a rest would help nobody.
   */
  constructor(now: () => number = () => 0, cpuWait: () => number = () => 0) {
    this.#now = now
    this.#cpuWait = cpuWait
  }

  /** Milliseconds until work may begin; 0: now. */
  restMs(): number {
    return Math.max(0, this.#restsUntil - this.#now())
  }

  /** Work was late a moment ago: less of it should be done at once. */
  get isStrained(): boolean {
    return this.#now() - this.#restsUntil < STRAINED_MS
  }

  /** Does `act`, which is synchronous and left where it calls `check` after so many milliseconds. @throws TooSlow */
  within<T>(ms: number, act: () => T): T {
    if (this.restMs() > 0) throw new TooSlow("SLOW", "its disk was slow a moment ago")
    this.#deadline = this.#now() + ms
    try {
      return this.measure(ms, act)
    } finally {
      this.#deadline = Number.POSITIVE_INFINITY
    }
  }

  /** Does `act` to its end. What the disk takes more than half of `ms` for is late: work that is always just in time would leave nobody any. */
  measure<T>(ms: number, act: () => T): T {
    const started = this.#now()
    if (started - this.#cpuWaitAt > WAIT_KNOWN_MS) {
      this.#cpuWaitBefore = this.#cpuWait()
      this.#cpuWaitAt = started
    }
    try {
      return act()
    } finally {
      const tookMs = this.#now() - started
      const lateMs = tookMs > ms / 2 ? tookMs - (this.#cpuWait() - this.#cpuWaitBefore) - ms / 2 : 0
      if (lateMs > 0) this.#late(lateMs, ms)
      else if (tookMs > CACHED_MS) this.#rest = FIRST_REST
    }
  }

  #late(lateMs: number, ms: number): void {
    if (!this.isStrained) this.#rest = FIRST_REST
    this.#restsUntil = this.#now() + Math.min((this.#rest * lateMs ** 2) / ms, LONGEST_REST_MS)
    this.#rest = Math.min(this.#rest * 2, LAST_REST)
  }

  /** @throws TooSlow where the time of the work around it is over */
  check(): void {
    if (this.#deadline !== Number.POSITIVE_INFINITY && this.#now() > this.#deadline)
      throw new TooSlow("TIMEOUT", "its time was over")
  }
}
