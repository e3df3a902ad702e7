/**
 * Carries a streamed answer from the provider to the client: bytes pass as they come, pulled by the reader, watched by a meter.
 * Backpressure is the reader's: nothing is asked for before all is written, nothing buffered here. Exactly one ending is reported.
 */
import { type Body, type Meter, type Metered, type Outcome, Refusal } from "../exchange.ts"
import { Sweep, type Swept } from "../event-loop/sweep.ts"
import type { Take } from "../upstream/answer.ts"
import type { Flow, Sink } from "./answer.ts"

export interface RelaySource {
  /**
   * Calls `take` once, perhaps at once. No promise: each layer of them costs a chunk more than reading what is in it.
   * `isSpent`: the bytes that came before are in use nowhere any more.
   */
  next(take: Take, isSpent?: boolean): void
  cancel(): void
}

/** What stands between the provider's bytes and the client's. */
export interface Events {
  push(bytes: Uint8Array): Uint8Array
  /** the provider closed its answer cleanly */
  end(): Uint8Array
  /** nothing of an unfinished event has been let out */
  readonly between: boolean
  /** what the provider's answer failed with: known only where it is read to be translated */
  readonly failure?: Refusal | null
  /** the elements of one JSON array: nothing else fits between them */
  readonly isArray?: boolean
}

export interface RelayOptions {
  source: RelaySource
  meter: Meter
  /** lets events out whole, so that ours fall between them; null where the answer is not made of events */
  events: Events | null
  /** what to send in silence */
  keepAlive: Uint8Array | null
  /** the dialect's own error event, sent when the provider fails after the first byte */
  errorEvent: (refusal: Refusal) => Uint8Array | null
  client: Pick<Body, "hasLeft">
  onFirstContent: () => void
  /** called once; `stalls`: how often the provider was silent for longer than ten seconds amid its answer; `refusal` is set when the provider failed */
  onEnd: (outcome: Outcome, refusal: Refusal | null, metered: Metered, stalls: number) => void
}

export interface Relays {
  open(options: RelayOptions): Flow
  active(): number
  close(): void
}

const STALL_MS = 10_000
export const KEEP_ALIVE_MS = 15_000

const cut = () =>
  new Refusal(502, "upstream", "The provider ended its answer before it was complete. Send the request again.", {
    code: "answer_cut",
    origin: "upstream",
  })

/** One coarse timer serves every stream's keep-alive. `now` is monotonic milliseconds. */
export function createRelays(now: () => number, keepAliveMs = KEEP_ALIVE_MS): Relays {
  const sweep = new Sweep(Math.min(1_000, keepAliveMs), now)
  return {
    open: (options) => new Relay(options, sweep, keepAliveMs),
    active: () => sweep.size,
    close: () => sweep.stop(),
  }
}

/** One stream: a class, since closures for each of thousands of streams cost more memory than all else about them. */
class Relay implements Flow, Swept {
  place: number | undefined = undefined
  #lastByteAt: number
  readonly #o: RelayOptions
  readonly #sweep: Sweep
  readonly #keepAliveMs: number
  readonly #take: Take = (bytes, failure) => this.#arrive(bytes, failure)
  #sink!: Sink
  #isEnded = false
  #hasStarted = false
  /** the client reads, the provider is asked for more */
  #isAsking = false
  #isStalled = false
  #stalls = 0

  constructor(options: RelayOptions, sweep: Sweep, keepAliveMs: number) {
    this.#o = options
    this.#sweep = sweep
    this.#keepAliveMs = keepAliveMs
    this.#lastByteAt = sweep.clock()
    sweep.watch(this)
  }

  start(sink: Sink): void {
    this.#sink = sink
  }

  pull(): void {
    if (this.#isAsking) return // a keep-alive was read meanwhile
    this.#isAsking = true
    // Of events that were read before nothing is kept but copies; of a body that is no events a meter may hold the bytes themselves.
    this.#o.source.next(this.#take, this.#hasStarted)
  }

  cancel(): void {
    this.#end(this.#o.meter.terminal ? "done" : "client-left", null)
    this.#o.source.cancel()
  }

  check(nowMs: number): void {
    this.#notice(nowMs)
    if (this.#lastByteAt <= nowMs - this.#keepAliveMs) this.#beat()
  }

  /** Once for each silence: the provider had begun, is asked for more, and gives nothing. */
  #notice(nowMs: number): void {
    if (!this.#hasStarted || !this.#isAsking || this.#isStalled || nowMs - this.#lastByteAt <= STALL_MS) return
    this.#isStalled = true
    this.#stalls++
  }

  #beat(): void {
    const { events, keepAlive } = this.#o
    if (keepAlive === null || !this.#isAsking || (events && !events.between)) return
    this.#lastByteAt = this.#sweep.clock()
    this.#sink.enqueue(keepAlive)
  }

  #arrive(bytes: Uint8Array | null, failure: unknown): void {
    if (this.#isEnded) return
    try {
      if (failure !== undefined) this.#fail(failure)
      else if (bytes === null) this.#finish()
      else this.#pass(bytes)
    } catch (error) {
      this.#o.source.cancel()
      this.#fail(error)
    }
  }

  #pass(bytes: Uint8Array): void {
    const { meter, events, source, onFirstContent } = this.#o
    meter.push(bytes)
    this.#isStalled = false
    if (!this.#hasStarted && meter.started) {
      this.#hasStarted = true
      onFirstContent()
    }
    const out = events ? events.push(bytes) : bytes
    if (events?.failure) return this.#stop(out, events.failure)
    if (out.length === 0) return source.next(this.#take)
    this.#lastByteAt = this.#sweep.clock()
    this.#isAsking = false
    this.#sink.enqueue(out)
  }

  /** The provider itself said that it failed, or cannot be understood any more. */
  #stop(out: Uint8Array, failure: Refusal): void {
    if (out.length > 0) this.#sink.enqueue(out)
    this.#o.source.cancel()
    if (this.#o.client.hasLeft) this.#fail(failure)
    else this.#break(failure, failure)
  }

  #finish(): void {
    const metered = this.#o.meter.end()
    if (!metered.terminal && metered.errorType === null) return this.#fail(cut())
    const { events } = this.#o
    const rest = events?.end()
    if (events?.failure) return this.#stop(rest!, events.failure)
    this.#end(metered.errorType === null ? "done" : "upstream-failed", null, metered)
    this.#close(rest)
  }

  #fail(error: unknown): void {
    const { meter, client } = this.#o
    if (this.#isEnded) return this.#sink.error(error)
    if (client.hasLeft) {
      this.#end(meter.terminal ? "done" : "client-left", null)
      return this.#sink.error(error)
    }
    if (meter.terminal) {
      this.#end("done", null) // all of the answer went by before the connection broke
      return this.#close()
    }
    this.#break(
      error instanceof Refusal ? error : new Refusal(500, "internal", "internal error", { cause: error }),
      error,
    )
  }

  #break(refusal: Refusal, error: unknown): void {
    const { events, errorEvent } = this.#o
    this.#end("upstream-failed", refusal)
    const event = errorEvent(refusal)
    if (event && (!events || events.between)) this.#sink.enqueue(event)
    this.#sink.error(error)
  }

  #close(rest = this.#o.events?.end()): void {
    if (rest && rest.length > 0) this.#sink.enqueue(rest)
    this.#sink.close()
  }

  #end(outcome: Outcome, refusal: Refusal | null, metered = this.#o.meter.end()): void {
    if (this.#isEnded) return
    this.#isEnded = true
    this.#sweep.forget(this)
    this.#o.onEnd(outcome, refusal, metered, this.#stalls)
  }
}
