/** The steps of an exchange, put together from the times that its row keeps. */
import type { LedgerDetail, LedgerRow } from "../exchange.ts"

/** Milliseconds since the exchange began. */
export type Timeline = readonly { at_ms: number; what: string }[]

type Times = Pick<LedgerRow, "ttft_ms" | "duration_ms" | "outcome"> & Pick<LedgerDetail, "sent_ms" | "answered_ms">

/** The steps that were taken, each once and in their order. */
export function timelineOf({ sent_ms, answered_ms, ttft_ms, duration_ms, outcome }: Times): Timeline {
  const steps: readonly [at_ms: number | null, what: string][] = [
    [0, "arrived"],
    [sent_ms, "sent to the provider"],
    [answered_ms, "answer began"],
    [ttft_ms, "first content"],
    [duration_ms, outcome],
  ]
  return steps.flatMap(([at_ms, what]) => (at_ms === null ? [] : [{ at_ms, what }]))
}
