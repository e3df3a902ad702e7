/** Sums of rows by group, an array for each sum, and what percentiles are taken of. What is summed is said by `usage.ts` and `quality.ts`. */
import { NO_GROUP } from "./group-table.ts"
import type { Columns } from "./layout.ts"
import { nthSmallest } from "./selection.ts"
import { type PackedSamples, Samples, type Valued } from "./samples.ts"

/** What rows are summed as. */
export interface Measure {
  /** how many sums, and how many kinds of values for percentiles */
  readonly sums: number
  readonly samples: number
  /** Adds each row to the sums of its group. `sums` has an array for each place. */
  add(columns: Columns, groups: Uint32Array, sums: readonly Float64Array[]): void
  /** The values of one kind, NaN for none. They hold until the next are asked for. */
  values(columns: Columns, kind: number): Float64Array
  /** the sums that say which groups are the largest, the first of them first */
  readonly ranked: readonly number[]
  /** As `add`, of these alone. */
  rank(columns: Columns, groups: Uint32Array, sums: readonly Float64Array[]): void
}

/** Adds what one column has. */
export function addColumn(sums: Float64Array, groups: Uint32Array, values: Float64Array): void {
  for (let index = 0; index < values.length; index++) sums[groups[index]!]! += values[index]!
}

export class Tallies {
  readonly measure: Measure
  readonly samples: readonly Samples[]
  sums: Float64Array[]
  /** how many groups there are so far */
  size: number
  /** what is read a second time for percentiles, when it is known which groups are large */
  #counted: ((kind: number) => Valued)[] = []

  /** `base`: what they go on from. It is finished, and stays as it is. */
  constructor(measure: Measure, base: Tallies | null = null) {
    this.measure = measure
    this.samples = Array.from({ length: measure.samples }, (_, at) => new Samples(base?.samples[at]))
    this.sums =
      base?.sums.map((sums) => sums.slice()) ?? Array.from({ length: measure.sums }, () => new Float64Array(256))
    this.size = base?.size ?? 0
  }

  get bytes(): number {
    return this.samples.reduce(
      (sum, { bytes }) => sum + bytes,
      this.sums.reduce((sum, one) => sum + one.byteLength, 0),
    )
  }

  /** `groups` has the group of each row; `size` is how many groups there are so far. `columns` and `groups` stay as they are. */
  count(columns: Columns, groups: Uint32Array, size: number): void {
    this.#makeRoom(size)
    this.measure.add(columns, groups, this.sums)
    this.#count((kind) => ({ groups, values: this.measure.values(columns, kind) }), size)
  }

  /** What `pack` gave, of other rows; `groups` has the group here of each group there, or `NO_GROUP`. */
  addPacked({ sumsAt, samples }: PackedTallies, groups: Uint32Array, size: number): void {
    this.#makeRoom(size)
    this.sums.forEach((sums, place) => addPackedSums(sums, groups, sumsAt(place)))
    this.#count((kind) => ({ groups, packed: samples(kind) }), size)
  }

  #count(read: (kind: number) => Valued, size: number): void {
    this.samples.forEach((samples, kind) => samples.count(read(kind), size))
    if (this.samples.length > 0) this.#counted.push(read)
  }

  /** The groups that rank highest: `most` of them, in no order. */
  largest(size: number, most: number): Uint32Array {
    let open = new Uint32Array(size)
    for (let group = 0; group < size; group++) open[group] = group
    if (size <= most) return open
    const found = new Uint32Array(most)
    let count = 0
    for (const place of this.measure.ranked) {
      if (count === most) break
      const sums = this.sums[place]!
      const ranks = new Float64Array(open.length)
      for (let at = 0; at < open.length; at++) ranks[at] = sums[open[at]!]!
      const least = nthSmallest(ranks.slice(), open.length - (most - count), 0, open.length - 1)
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
    this.samples.forEach((samples, kind) => {
      samples.arrange(size, asked)
      for (const read of this.#counted) samples.place(read(kind))
    })
    this.#counted = []
  }

  pack(size: number): { sums: Float64Array[]; samples: PackedSamples[] } {
    return {
      sums: this.sums.map((sums) => sums.slice(0, size)),
      samples: this.samples.map((samples) => samples.pack(size)),
    }
  }

  /** The sums of all groups. */
  total(size: number): Float64Array[] {
    return this.sums.map((sums) => Float64Array.of(sums.subarray(0, size).reduce((sum, one) => sum + one, 0)))
  }

  #makeRoom(size: number): void {
    this.size = Math.max(this.size, size)
    if (size <= (this.sums[0]?.length ?? size)) return
    this.sums = this.sums.map((sums) => {
      const larger = new Float64Array(size * 2)
      larger.set(sums)
      return larger
    })
  }
}

function addPackedSums(sums: Float64Array, groups: Uint32Array, own: Float64Array): void {
  for (let other = 0; other < own.length; other++) if (groups[other] !== NO_GROUP) sums[groups[other]!]! += own[other]!
}

/** What `pack` gave, each part of it when it is asked for. */
export interface PackedTallies {
  /** of each group */
  sumsAt(place: number): Float64Array
  samples(kind: number): PackedSamples
}
