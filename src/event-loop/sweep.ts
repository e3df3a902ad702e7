/** One coarse timer for many deadlines: a timer per chunk or request costs more than the chunk. */

export interface Swept {
  /** the sweep's own: where it keeps it */
  place: number | undefined
  /** `nowMs` on the clock's scale; add and delete of others is allowed meanwhile */
  check(nowMs: number): void
}

export class Sweep<T extends Swept = Swept> {
  readonly everyMs: number
  readonly clock: () => number
  /** at most `everyMs` old while something is watched */
  nowMs = 0
  /** No Set: JavaScriptCore's keeps what was deleted alive until it grows anew, so that half of all requests outlived the collector's next round. */
  readonly #watched: T[] = []
  #timer: ReturnType<typeof setInterval> | null = null

  constructor(everyMs: number, clock: () => number) {
    this.everyMs = everyMs
    this.clock = clock
  }

  all(): readonly T[] {
    return this.#watched.slice()
  }

  get size(): number {
    return this.#watched.length
  }

  watch(one: T): void {
    if (one.place !== undefined) return
    one.place = this.#watched.push(one) - 1
    if (this.#timer !== null) return
    this.nowMs = this.clock()
    this.#timer = setInterval(() => this.#tick(), this.everyMs)
    this.#timer.unref()
  }

  forget(one: T): void {
    const { place } = one
    if (place === undefined) return
    one.place = undefined
    const last = this.#watched.pop()!
    if (last === one) return
    this.#watched[place] = last
    last.place = place
  }

  stop(): void {
    if (this.#timer !== null) clearInterval(this.#timer)
    this.#timer = null
  }

  #tick(): void {
    // The timer outlives a moment without work: starting one per request is what this class saves.
    if (this.#watched.length === 0) return this.stop()
    this.nowMs = this.clock()
    for (const one of this.all()) if (one.place !== undefined) one.check(this.nowMs)
  }
}
