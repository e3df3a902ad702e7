/** What `/api/quality` sums of rows. */
import { COUNTERS } from "../counters.ts"
import { type Columns, PRICED } from "./layout.ts"
import { eachSignal } from "./signals.ts"
import type { Measure } from "./tallies.ts"

const FIRST_CONTENT_MS = COUNTERS.indexOf("first_content_ms")
const PER_TOKEN_US = COUNTERS.indexOf("per_token_us")

/** Beside the counters each group has these sums. */
const OTHERS = ["requests", "input", "cacheRead", "output", "reasoning", "memory", "cost", "priced"] as const
export const QUALITY_PLACES = Object.fromEntries(OTHERS.map((name, at) => [name, COUNTERS.length + at])) as Record<
  (typeof OTHERS)[number],
  number
>
export const QUALITY_STRIDE = COUNTERS.length + OTHERS.length

/** `ttft_ms` and `tpot_ms` are the provider's own: from the request going out to the first content, and from one output token to the next. */
export const TIMES = ["ttft_ms", "tpot_ms", "overhead_ms", "memory_ms"] as const

/** Those of the most requests first. */
const RANKED = [QUALITY_PLACES.requests] as const

export const QUALITY_MEASURE: Measure = { sums: QUALITY_STRIDE, samples: TIMES.length, add, ranked: RANKED, rank }

function rank({ rows }: Columns, mask: Uint8Array | null, groups: Uint32Array, sums: Float64Array): void {
  for (let index = 0; index < rows; index++) if (mask === null || mask[index] === 1) sums[groups[index]!]!++
}

function add(columns: Columns, mask: Uint8Array | null, groups: Uint32Array, sums: Float64Array): Float64Array[] {
  const at = QUALITY_PLACES
  const signals = columns.signals()
  const flags = columns.flags()
  const [cost, inputs, cached] = [columns.fraction("cost"), columns.count("input"), columns.count("cacheRead")]
  const [outputs, thought] = [columns.count("output"), columns.count("reasoning")]
  for (let index = 0; index < flags.length; index++) {
    if (mask !== null && mask[index] === 0) continue
    const base = groups[index]! * QUALITY_STRIDE
    sums[base + at.requests]!++
    sums[base + at.input]! += inputs[index]!
    sums[base + at.cacheRead]! += cached[index]!
    sums[base + at.output]! += outputs[index]!
    sums[base + at.reasoning]! += thought[index]!
    sums[base + at.memory]! += signals.memoryTokens[index]!
    sums[base + at.cost]! += cost[index]!
    if (flags[index]! & PRICED) sums[base + at.priced]!++
  }
  const ttft = new Float64Array(columns.rows).fill(Number.NaN)
  const tpot = new Float64Array(columns.rows).fill(Number.NaN)
  eachSignal(signals, mask, (index, counter, value) => {
    if (counter >= COUNTERS.length) return // a newer memproxy's
    sums[groups[index]! * QUALITY_STRIDE + counter]! += value
    if (counter === FIRST_CONTENT_MS) ttft[index] = value
    else if (counter === PER_TOKEN_US) tpot[index] = value / 1000
  })
  return [ttft, tpot, signals.overhead, signals.memoryMs]
}
