/** New ledger rows as server-sent events, for as long as somebody listens. Nothing is replayed: what came before is in the list. */
import { type LedgerRow, Refusal } from "../exchange.ts"
import type { Ledger } from "../store/ledger.ts"

interface LiveOptions {
  ledger: Pick<Ledger, "subscribe">
  matches: (row: LedgerRow) => boolean
  /** ends the stream (the server stops) */
  signal: AbortSignal | undefined
  heartbeatMs: number
}

interface LiveRows {
  /** @throws Refusal 503 when too many listen */
  open(options: LiveOptions): Response
}

const MAX_LISTENERS = 100
/** A listener this far behind is cut off; it connects again and reads the list. */
const MAX_WAITING = 2_000

export function createLiveRows(): LiveRows {
  let listeners = 0

  function open({ ledger, matches, signal, heartbeatMs }: LiveOptions): Response {
    if (listeners >= MAX_LISTENERS) {
      throw new Refusal(503, "unavailable", `${MAX_LISTENERS} listeners follow new requests already; close one.`)
    }
    listeners++
    let waiting = [": new requests follow\n\n"]
    let isOver = false
    let wake = () => {}
    const unsubscribe = ledger.subscribe((row) => {
      if (!matches(row)) return
      if (waiting.length >= MAX_WAITING) return end()
      waiting.push(`id: ${row.id}\ndata: ${JSON.stringify(row)}\n\n`)
      wake()
    })
    const heartbeat = setInterval(() => {
      if (waiting.length === 0) waiting.push(": still here\n\n")
      wake()
    }, heartbeatMs)

    function end(): void {
      if (isOver) return
      isOver = true
      listeners--
      clearInterval(heartbeat)
      unsubscribe()
      signal?.removeEventListener("abort", end)
      wake()
    }
    signal?.addEventListener("abort", end)
    if (signal?.aborted) end()

    const body = new ReadableStream<Uint8Array>(
      {
        async pull(controller) {
          if (waiting.length === 0 && !isOver) await new Promise<void>((resume) => (wake = resume))
          if (waiting.length > 0) controller.enqueue(new TextEncoder().encode(waiting.join("")))
          waiting = []
          if (isOver) controller.close()
        },
        cancel: end,
      },
      { highWaterMark: 0 },
    )
    return new Response(body, { headers: { "content-type": "text/event-stream", "cache-control": "no-store" } })
  }

  return { open }
}
