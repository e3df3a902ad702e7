/** What `/api/usage` and `/api/sessions` sum of rows. */
import { type Columns, GENERATED, OUTCOME, OUTCOMES, PRICED, UNPRICED } from "./layout.ts"
import type { Measure } from "./tallies.ts"

/** Places of a group's sums. `generatedTokens` and `generationMs`: of streamed rows, tokens and the time they took after the first. */
export const USAGE_PLACES = {
  requests: 0,
  errors: 1,
  input: 2,
  cacheRead: 3,
  cacheWrite: 4,
  output: 5,
  reasoning: 6,
  cost: 7,
  billed: 8,
  priced: 9,
  unpriced: 10,
  generatedTokens: 11,
  generationMs: 12,
  quality: 13,
  judged: 14,
  memories: 15,
} as const

export const USAGE_STRIDE = 16
const FIRST_ERROR = OUTCOMES.indexOf("upstream-failed")

/** The dearest first, of equal ones those of the most requests. */
const RANKED = [USAGE_PLACES.cost, USAGE_PLACES.requests] as const

export const USAGE_MEASURE: Measure = { sums: USAGE_STRIDE, samples: 2, add, ranked: RANKED, rank }

function rank(columns: Columns, mask: Uint8Array | null, groups: Uint32Array, sums: Float64Array): void {
  const cost = columns.fraction("cost")
  for (let index = 0; index < cost.length; index++) {
    if (mask !== null && mask[index] === 0) continue
    const at = groups[index]! * RANKED.length
    sums[at]! += cost[index]!
    sums[at + 1]!++
  }
}

/** @returns durations and times to the first token */
function add(columns: Columns, mask: Uint8Array | null, groups: Uint32Array, sums: Float64Array): Float64Array[] {
  const flags = columns.flags()
  const quality = columns.quality()
  const [cost, billed] = [columns.fraction("cost"), columns.fraction("billed")]
  const [duration, ttft] = [columns.fraction("duration"), columns.fraction("ttft")]
  const [input, cacheRead, cacheWrite] = [
    columns.count("input"),
    columns.count("cacheRead"),
    columns.count("cacheWrite"),
  ]
  const [output, reasoning, memories] = [columns.count("output"), columns.count("reasoning"), columns.count("memories")]
  for (let index = 0; index < flags.length; index++) {
    if (mask !== null && mask[index] === 0) continue
    const at = groups[index]! * USAGE_STRIDE
    const flag = flags[index]!
    sums[at]!++
    if ((flag & OUTCOME) >= FIRST_ERROR) sums[at + 1]!++
    sums[at + 2]! += input[index]!
    sums[at + 3]! += cacheRead[index]!
    sums[at + 4]! += cacheWrite[index]!
    sums[at + 5]! += output[index]!
    sums[at + 6]! += reasoning[index]!
    sums[at + 7]! += cost[index]!
    sums[at + 8]! += billed[index]!
    if (flag & PRICED) sums[at + 9]!++
    if (flag & UNPRICED) sums[at + 10]!++
    if (flag & GENERATED) {
      sums[at + 11]! += output[index]!
      sums[at + 12]! += duration[index]! - ttft[index]!
    }
    const good = quality[index]!
    if (good === good) {
      sums[at + 13]! += good
      sums[at + 14]!++
    }
    sums[at + 15]! += memories[index]!
  }
  return [duration, ttft]
}
