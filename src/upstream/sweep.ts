/** One coarse timer for every deadline of the upstream clients: a timer per chunk or request costs more than the chunk. */

export interface Swept {
  /** `nowMs` on the clock's scale; add and delete of others is allowed meanwhile */
  check(nowMs: number): void
}

export class Sweep {
  readonly everyMs: number
  readonly clock: () => number
  /** at most `everyMs` old while something is watched */
  nowMs = 0
  readonly #watched = new Set<Swept>()
  #timer: ReturnType<typeof setInterval> | null = null

  constructor(everyMs: number, clock: () => number) {
    this.everyMs = everyMs
    this.clock = clock
  }

  get size(): number {
    return this.#watched.size
  }

  watch(one: Swept): void {
    this.#watched.add(one)
    if (this.#timer !== null) return
    this.nowMs = this.clock()
    this.#timer = setInterval(() => this.#tick(), this.everyMs)
    this.#timer.unref()
  }

  forget(one: Swept): void {
    this.#watched.delete(one)
  }

  stop(): void {
    if (this.#timer !== null) clearInterval(this.#timer)
    this.#timer = null
  }

  #tick(): void {
    // The timer outlives a moment without work: starting one per request is what this class saves.
    if (this.#watched.size === 0) return this.stop()
    this.nowMs = this.clock()
    for (const one of this.#watched) one.check(this.nowMs)
  }
}
