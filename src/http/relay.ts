/**
 * Carries a streamed answer from the provider to the client: bytes pass as they come, pulled by the reader, watched by a meter.
 * Backpressure is the stream's own (highWaterMark 0, nothing buffered here). Exactly one ending is reported.
 */
import { type Meter, type Metered, type Outcome, Refusal } from "../exchange.ts"

export interface RelaySource {
  /** null at the clean end; throws a Refusal on a cut or a timeout */
  read(): Promise<Uint8Array | null>
  cancel(): void
}

export interface RelayOptions {
  source: RelaySource
  meter: Meter
  /** lets events out whole, so that ours fall between them; null where the answer is not made of events */
  events: { push(bytes: Uint8Array): Uint8Array; end(): Uint8Array; readonly between: boolean } | null
  /** what to send in silence */
  keepAlive: Uint8Array | null
  /** the dialect's own error event, sent when the provider fails after the first byte */
  errorEvent: (refusal: Refusal) => Uint8Array | null
  signal: AbortSignal
  onFirstContent: () => void
  /** called once; `refusal` is set when the provider failed */
  onEnd: (outcome: Outcome, refusal: Refusal | null, metered: Metered) => void
}

interface Beating {
  lastByteAt: number
  beat(): void
}

export interface Relays {
  open(options: RelayOptions): ReadableStream<Uint8Array>
  active(): number
  close(): void
}

export const KEEP_ALIVE_MS = 15_000
/** a turn of the event loop, with room for a busy one */
const FLUSH_MS = 10

const cut = () =>
  new Refusal(502, "upstream", "The provider ended its answer before it was complete. Send the request again.", {
    code: "answer_cut",
    origin: "upstream",
  })

/** One coarse timer serves every stream's keep-alive. `now` is monotonic milliseconds. */
export function createRelays(now: () => number, keepAliveMs = KEEP_ALIVE_MS): Relays {
  const beating = new Set<Beating>()
  let active = 0
  let timer: ReturnType<typeof setInterval> | null = null
  const sweep = () => {
    const due = now() - keepAliveMs
    for (const one of beating) if (one.lastByteAt <= due) one.beat()
  }
  const begin = (one: Beating) => {
    beating.add(one)
    timer ??= setInterval(sweep, Math.min(1_000, keepAliveMs))
  }
  const finish = (one: Beating) => {
    beating.delete(one)
    if (beating.size > 0 || timer === null) return
    clearInterval(timer)
    timer = null
  }

  function open(o: RelayOptions): ReadableStream<Uint8Array> {
    let ended = false
    let started = false
    let beat: Beating | null = null
    const end = (outcome: Outcome, refusal: Refusal | null, metered = o.meter.end()) => {
      if (ended) return
      ended = true
      active--
      if (beat) finish(beat)
      o.onEnd(outcome, refusal, metered)
    }
    const fail = async (controller: ReadableStreamDefaultController<Uint8Array>, error: unknown) => {
      if (o.signal.aborted) {
        end(o.meter.terminal ? "done" : "client-left", null)
        return controller.error(error)
      }
      if (o.meter.terminal) {
        end("done", null) // all of the answer went by before the connection broke
        return close(controller)
      }
      const refusal =
        error instanceof Refusal ? error : new Refusal(500, "internal", "internal error", { cause: error })
      end("upstream-failed", refusal)
      const event = o.errorEvent(refusal)
      if (event && (!o.events || o.events.between)) controller.enqueue(event)
      // The cut tells a truncated answer from a whole one. Bun drops what it has not written yet when a stream errors, so it has to wait.
      await Bun.sleep(FLUSH_MS)
      controller.error(error)
    }
    active++
    return new ReadableStream<Uint8Array>(
      {
        start(controller) {
          const { keepAlive } = o
          if (!keepAlive) return
          beat = {
            lastByteAt: now(),
            beat() {
              if (o.events && !o.events.between) return
              this.lastByteAt = now()
              controller.enqueue(keepAlive)
            },
          }
          begin(beat)
        },
        async pull(controller) {
          try {
            for (;;) {
              const bytes = await o.source.read()
              if (bytes === null) return await finishCleanly(controller)
              o.meter.push(bytes)
              if (!started && o.meter.started) {
                started = true
                o.onFirstContent()
              }
              const out = o.events ? o.events.push(bytes) : bytes
              if (out.length === 0) continue
              if (beat) beat.lastByteAt = now()
              return controller.enqueue(out)
            }
          } catch (error) {
            await fail(controller, error)
          }
        },
        cancel() {
          o.source.cancel()
          end(o.meter.terminal ? "done" : "client-left", null)
        },
      },
      { highWaterMark: 0 },
    )

    async function finishCleanly(controller: ReadableStreamDefaultController<Uint8Array>) {
      const metered = o.meter.end()
      if (!metered.terminal && metered.errorType === null) return fail(controller, cut())
      end(metered.errorType === null ? "done" : "upstream-failed", null, metered)
      close(controller)
    }

    function close(controller: ReadableStreamDefaultController<Uint8Array>) {
      const rest = o.events?.end()
      if (rest && rest.length > 0) controller.enqueue(rest)
      controller.close()
    }
  }

  return { open, active: () => active, close: () => timer !== null && clearInterval(timer) }
}
