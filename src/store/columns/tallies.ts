/** Sums of rows by group, in flat arrays. What the sums mean to a reader of a report, `usage.ts` says. */
import { type Columns, GENERATED, OUTCOME, OUTCOMES, PRICED, UNPRICED } from "./layout.ts"
import { type Percentiles, Samples } from "./samples.ts"

export interface Tally {
  requests: number
  errors: number
  input: number
  cacheRead: number
  cacheWrite: number
  output: number
  reasoning: number
  cost: number
  billed: number
  priced: number
  unpriced: number
  /** of streamed rows: tokens, and the time they took after the first */
  generatedTokens: number
  generationMs: number
  quality: number
  judged: number
  durations: Percentiles
  ttfts: Percentiles
}

/** Places of a group's sums. */
const STRIDE = 16
const FIRST_ERROR = OUTCOMES.indexOf("upstream-failed")

export class Tallies {
  readonly #durations = new Samples()
  readonly #ttfts = new Samples()
  #sums = new Float64Array(STRIDE * 256)

  /** `groups` has the group of each row; `size` is how many groups there are so far. Rows with a 0 in `mask` are left out. */
  count(columns: Columns, mask: Uint8Array | null, groups: Uint32Array, size: number): void {
    if (size * STRIDE > this.#sums.length) this.#grow(size * STRIDE * 2)
    const sums = this.#sums
    const flags = columns.flags()
    const quality = columns.quality()
    const { cost, billed, duration, ttft, input, cacheRead, cacheWrite, output, reasoning } = columns.measures()
    for (let index = 0; index < columns.rows; index++) {
      if (mask !== null && mask[index] === 0) continue
      const at = groups[index]! * STRIDE
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
    }
    this.#durations.add(groups, duration, mask, size)
    this.#ttfts.add(groups, ttft, mask, size)
  }

  /** To be gone through when all rows are counted, before `of` and `all`; a caller may pause at each step. */
  *finish(size: number): Generator<void> {
    yield* this.#durations.order(size)
    yield* this.#ttfts.order(size)
  }

  of(group: number): Tally {
    return read(this.#sums, group * STRIDE, this.#durations.of(group), this.#ttfts.of(group))
  }

  all(size: number): Tally {
    const sums = new Float64Array(STRIDE)
    for (let at = 0; at < size * STRIDE; at++) sums[at % STRIDE]! += this.#sums[at]!
    return read(sums, 0, this.#durations.all(), this.#ttfts.all())
  }

  #grow(length: number): void {
    const larger = new Float64Array(length)
    larger.set(this.#sums)
    this.#sums = larger
  }
}

const read = (sums: Float64Array, at: number, durations: Percentiles, ttfts: Percentiles): Tally => ({
  requests: sums[at]!,
  errors: sums[at + 1]!,
  input: sums[at + 2]!,
  cacheRead: sums[at + 3]!,
  cacheWrite: sums[at + 4]!,
  output: sums[at + 5]!,
  reasoning: sums[at + 6]!,
  cost: sums[at + 7]!,
  billed: sums[at + 8]!,
  priced: sums[at + 9]!,
  unpriced: sums[at + 10]!,
  generatedTokens: sums[at + 11]!,
  generationMs: sums[at + 12]!,
  quality: sums[at + 13]!,
  judged: sums[at + 14]!,
  durations,
  ttfts,
})
