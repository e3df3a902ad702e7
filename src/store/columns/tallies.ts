/** Sums of rows by group in flat arrays, and what percentiles are taken of. What is summed is said by `usage.ts` and `quality.ts`. */
import { NO_GROUP } from "./group-table.ts"
import type { Columns } from "./layout.ts"
import { nthSmallest } from "./selection.ts"
import { type PackedSamples, Samples } from "./samples.ts"

/** What rows are summed as. */
export interface Measure {
  /** how many sums, and how many kinds of values for percentiles */
  readonly sums: number
  readonly samples: number
  /** Adds each row to the sums of its group, those with a 0 in `mask` left out; returns the values, NaN for none. `sums` has `stride` places a group. */
  add(columns: Columns, mask: Uint8Array | null, groups: Uint32Array, sums: Float64Array): Float64Array[]
  /** the sums that say which groups are the largest, the first of them first */
  readonly ranked: readonly number[]
  /** As `add`, of these alone: `sums` has as many places a group. */
  rank(columns: Columns, mask: Uint8Array | null, groups: Uint32Array, sums: Float64Array): void
}

export class Tallies {
  readonly measure: Measure
  readonly samples: readonly Samples[]
  sums: Float64Array
  /** how many groups there are so far */
  size: number

  /** `base`: what they go on from. It is finished, and stays as it is. */
  constructor(measure: Measure, base: Tallies | null = null) {
    this.measure = measure
    this.samples = Array.from({ length: measure.samples }, (_, at) => new Samples(base?.samples[at]))
    this.sums = base?.sums.slice() ?? new Float64Array(measure.sums * 256)
    this.size = base?.size ?? 0
  }

  get bytes(): number {
    return this.samples.reduce((sum, { bytes }) => sum + bytes, this.sums.byteLength)
  }

  /** `groups` has the group of each row; `size` is how many groups there are so far. */
  count(columns: Columns, mask: Uint8Array | null, groups: Uint32Array, size: number): void {
    this.#makeRoom(size)
    const values = this.measure.add(columns, mask, groups, this.sums)
    this.samples.forEach((samples, at) => samples.add(groups, values[at]!, mask, size))
  }

  /** What `pack` gave, of other rows; `groups` has the group here of each group there, or `NO_GROUP`. */
  addPacked({ sumsAt, samples }: PackedTallies, groups: Uint32Array, size: number): void {
    this.#makeRoom(size)
    const stride = this.measure.sums
    for (let place = 0; place < stride; place++) {
      const own = sumsAt(place)
      for (let other = 0; other < own.length; other++)
        if (groups[other] !== NO_GROUP) this.sums[groups[other]! * stride + place]! += own[other]!
    }
    this.samples.forEach((one, at) => one.addPacked(samples(at), groups, size))
  }

  /** The groups that rank highest: `most` of them, in no order. */
  largest(size: number, most: number): Uint32Array {
    let open = new Uint32Array(size)
    for (let group = 0; group < size; group++) open[group] = group
    if (size <= most) return open
    const found = new Uint32Array(most)
    const stride = this.measure.sums
    let count = 0
    for (const place of this.measure.ranked) {
      if (count === most) break
      const ranks = new Float64Array(open.length)
      for (let at = 0; at < open.length; at++) ranks[at] = this.sums[open[at]! * stride + place]!
      const least = nthSmallest(ranks.slice(), open.length - (most - count), open.length - 1)
      const equal = new Uint32Array(open.length)
      let equals = 0
      for (let at = 0; at < open.length; at++) {
        if (ranks[at]! > least) found[count++] = open[at]!
        else if (ranks[at] === least) equal[equals++] = open[at]!
      }
      open = equal.subarray(0, equals)
    }
    found.set(open.subarray(0, most - count), count)
    return found
  }

  /** To be called when all rows are counted, before samples are read: of all groups, or of these alone. */
  finish(size: number, groups: Uint32Array | null = null): void {
    this.#makeRoom(size)
    const asked = groups && new Uint8Array(size)
    groups?.forEach((group) => (asked![group] = 1))
    for (const samples of this.samples) samples.order(size, asked)
  }

  pack(size: number): { sums: Float64Array[]; samples: PackedSamples[] } {
    const stride = this.measure.sums
    const sumsAt = (place: number) =>
      Float64Array.from({ length: size }, (_, group) => this.sums[group * stride + place]!)
    return {
      sums: Array.from({ length: stride }, (_, place) => sumsAt(place)),
      samples: this.samples.map((samples) => samples.pack(size)),
    }
  }

  /** The sums of all groups. */
  total(size: number): Float64Array {
    const stride = this.measure.sums
    const total = new Float64Array(stride)
    for (let at = 0; at < size * stride; at += stride)
      for (let place = 0; place < stride; place++) total[place]! += this.sums[at + place]!
    return total
  }

  #makeRoom(size: number): void {
    const stride = this.measure.sums
    this.size = Math.max(this.size, size)
    if (size * stride <= this.sums.length) return
    const larger = new Float64Array(size * stride * 2)
    larger.set(this.sums)
    this.sums = larger
  }
}

/** What `pack` gave, each part of it when it is asked for. */
export interface PackedTallies {
  /** of each group */
  sumsAt(place: number): Float64Array
  samples(kind: number): PackedSamples
}
