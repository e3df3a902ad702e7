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

export const USAGE_MEASURE: Measure = { sums: USAGE_STRIDE, samples: 2, add }

/** @returns durations and times to the first token */
function add(columns: Columns, mask: Uint8Array | null, groups: Uint32Array, sums: Float64Array): Float64Array[] {
  const flags = columns.flags()
  const quality = columns.quality()
  const { cost, billed, duration, ttft, input, cacheRead, cacheWrite, output, reasoning, memories } = columns.measures()
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
