/**
 * Percentiles of many groups' values at once: exact (nearest rank) for a group of up to a thousand, within 0.4 % for larger ones, which are counted in buckets.
 * A bucket is a double's exponent and the first seven bits of its fraction: 0.8 % wide, found without a logarithm.
 * Histograms of logarithmic buckets as in https://arxiv.org/abs/1908.10693 (DDSketch).
 */
import { NO_GROUP } from "./group-table.ts"
import { nthSmallest } from "./selection.ts"

/** null: there are no values. */
export interface Percentiles {
  p50: number | null
  p95: number | null
}

const EXACT = 1_024
/** From 2^-10 (a microsecond, in milliseconds) to 2^30. */
const FIRST_BUCKET = (1023 - 10) << 7
const BUCKETS = 40 << 7

/** The high half comes last on every machine that Bun runs on. */
const double = new Float64Array(1)
const doubleHalves = new Int32Array(double.buffer)
const bucketOf = (value: number) => {
  double[0] = value
  return Math.min(Math.max((doubleHalves[1]! >>> 13) - FIRST_BUCKET, 0), BUCKETS - 1)
}
const middleOf = (bucket: number) => {
  doubleHalves[0] = 0
  doubleHalves[1] = (bucket + FIRST_BUCKET) * 8192 + 4096
  return double[0]!
}

/** Values of rows, NaN for none, and the group of each; or what `pack` gave, and the group here of each group there, or `NO_GROUP`. */
export type Valued = { groups: Uint32Array } & ({ values: Float64Array } | { packed: PackedSamples })

/** All values come twice: `count` all of them, `arrange`, then `place` the same. By then it is known which groups are large, and nothing is kept that is not needed. */
export class Samples {
  /** what these go on from: it stays as it is, and so does what is said of groups that get no more values */
  readonly #base: Samples | null
  /** values of each group */
  #counts: Uint32Array
  #total = 0
  /** of all groups together */
  readonly #all: Uint32Array
  #histograms: (Uint32Array | undefined)[] = []
  /** the values of small groups, group by group, where each group begins, and where its next value goes; -1: nowhere */
  #ordered = new Float64Array(0)
  #starts = new Uint32Array(1)
  #next = new Int32Array(0)
  #said: (Percentiles | undefined)[] = []

  /** `base`: all its values are placed. */
  constructor(base: Samples | null = null) {
    this.#base = base
    this.#counts = base ? base.#counts.slice() : new Uint32Array(256)
    this.#all = base ? base.#all.slice() : new Uint32Array(BUCKETS)
  }

  get bytes(): number {
    const histograms = this.#histograms.reduce((sum, one) => sum + one!.byteLength, 0)
    return this.#counts.byteLength + this.#ordered.byteLength + histograms
  }

  /** `size`: how many groups there are so far. Of all groups together, what is packed counts as a whole. */
  count(valued: Valued, size: number): void {
    this.#makeRoom(size)
    if ("packed" in valued) this.#countPacked(valued.packed, valued.groups)
    else this.#countRows(valued.values, valued.groups)
  }

  #countRows(values: Float64Array, groups: Uint32Array): void {
    const [counts, all] = [this.#counts, this.#all]
    for (let index = 0; index < values.length; index++) {
      const value = values[index]!
      if (value !== value) continue
      counts[groups[index]!]!++
      all[bucketOf(value)]!++
    }
  }

  #countPacked({ counts, all }: PackedSamples, groups: Uint32Array): void {
    for (let other = 0; other < counts.length; other++)
      if (groups[other] !== NO_GROUP) this.#counts[groups[other]!]! += counts[other]!
    addSparse(this.#all, all, 0, all.buckets.length)
  }

  /** To be called when all values are counted. `asked`: 0 for a group whose percentiles nobody will ask for; null: there is none. */
  arrange(groups: number, asked: Uint8Array | null = null): void {
    this.#makeRoom(groups)
    this.#total = this.#counts.reduce((sum, count) => sum + count, 0)
    const isAsked = (group: number) => this.#total <= EXACT || asked === null || asked[group] === 1
    const before = this.#base === null ? new Uint32Array(0) : this.#base.#counts
    const starts = (this.#starts = new Uint32Array(groups + 1))
    const next = (this.#next = new Int32Array(groups).fill(-1))
    for (let group = 0; group < groups; group++) {
      const count = this.#counts[group]!
      const start = (starts[group + 1] = starts[group]!)
      if (count === 0 || !isAsked(group)) continue
      const own = count - (before[group] ?? 0)
      if (count > EXACT) {
        if (own > 0) this.#histograms[group] = this.#base ? this.#base.#histogramFor(group) : new Uint32Array(BUCKETS)
        continue
      }
      next[group] = start
      starts[group + 1] = start + own
    }
    this.#ordered = new Float64Array(starts[groups]!)
  }

  /** A histogram of a group, for who goes on from here. */
  #histogramFor(group: number): Uint32Array {
    const known = this.#histograms[group]
    if (known) return known.slice()
    const counts = new Uint32Array(BUCKETS)
    if (group < this.#starts.length - 1) countInto(counts, this.#valuesOf(group))
    return counts
  }

  /** What was counted, again. */
  place(valued: Valued): void {
    if ("packed" in valued) this.#placePacked(valued.packed, valued.groups)
    else this.#placeRows(valued.values, valued.groups)
  }

  #placeRows(values: Float64Array, groups: Uint32Array): void {
    const [histograms, ordered, next] = [this.#histograms, this.#ordered, this.#next]
    for (let index = 0; index < values.length; index++) {
      const value = values[index]!
      if (value !== value) continue
      const group = groups[index]!
      const at = next[group]!
      if (at >= 0) {
        ordered[at] = value
        next[group] = at + 1
      } else {
        const histogram = histograms[group]
        if (histogram !== undefined) histogram[bucketOf(value)]!++
      }
    }
  }

  #placePacked({ counts, values, widths, sparse }: PackedSamples, groups: Uint32Array): void {
    const [histograms, ordered, next] = [this.#histograms, this.#ordered, this.#next]
    let value = 0
    let bucket = 0
    for (let other = 0; other < counts.length; other++) {
      const width = widths[other]!
      const count = width === 0 ? counts[other]! : 0
      const group = groups[other]!
      const at = group === NO_GROUP ? -1 : next[group]!
      const histogram = group === NO_GROUP ? undefined : histograms[group]
      if (at >= 0) {
        for (let index = 0; index < count; index++) ordered[at + index] = values[value + index]!
        next[group] = at + count
      } else if (histogram !== undefined) {
        countInto(histogram, values.subarray(value, value + count))
        addSparse(histogram, sparse, bucket, bucket + width)
      }
      value += count
      bucket += width
    }
  }

  pack(groups: number): PackedSamples {
    const counts = this.#counts.slice(0, groups)
    const small = Array.from(counts, (count, group) => (count <= EXACT ? this.#sorted(group) : new Float64Array(0)))
    const large = Array.from(counts, (count, group) => (count > EXACT ? sparseOf(this.#histograms[group]!) : NOTHING))
    return {
      counts,
      values: Float64Array.from(small.flatMap((values) => [...values])),
      widths: Uint32Array.from(large, ({ buckets }) => buckets.length),
      sparse: {
        buckets: Uint32Array.from(large.flatMap(({ buckets }) => [...buckets])),
        times: Uint32Array.from(large.flatMap(({ times }) => [...times])),
      },
      all: sparseOf(this.#all),
    }
  }

  of(group: number): Percentiles {
    return this.#baseOf(group)?.of(group) ?? (this.#said[group] ??= this.#percentilesOf(group))
  }

  /** Where the group has values, and got no more. */
  #baseOf(group: number): Samples | null {
    const count = this.#counts[group]!
    return this.#base !== null && count > 0 && count === this.#base.#counts[group] ? this.#base : null
  }

  #percentilesOf(group: number): Percentiles {
    if (this.#counts[group]! > EXACT)
      return percentilesOf(ranksOf(this.#histograms[group]!, this.#counts[group]!, [50, 95]))
    const isAlone = this.#base === null || !(this.#base.#counts[group]! > 0)
    if (isAlone) return selected(this.#ordered, this.#starts[group]!, this.#starts[group + 1]!)
    const values = this.#valuesOf(group)
    return selected(values, 0, values.length)
  }

  /** Any percentiles of a group, upwards, with the number of its values. */
  ranks(group: number, percents: readonly number[]): Ranks {
    const base = this.#baseOf(group)
    if (base) return base.ranks(group, percents)
    return this.#counts[group]! > EXACT
      ? ranksOf(this.#histograms[group]!, this.#counts[group]!, percents)
      : sortedRanks(this.#sorted(group), percents)
  }

  all(): Percentiles {
    return percentilesOf(this.ranksOfAll([50, 95]))
  }

  ranksOfAll(percents: readonly number[]): Ranks {
    if (this.#total > EXACT) return ranksOf(this.#all, this.#total, percents)
    const groups = Array.from(this.#starts.subarray(1), (_, group) => group)
    return sortedRanks(Float64Array.from(groups.flatMap((group) => [...this.#valuesOf(group)])).sort(), percents)
  }

  /** All of a group without a histogram, in no order. */
  #valuesOf(group: number): Float64Array {
    const own = this.#ordered.subarray(this.#starts[group], this.#starts[group + 1])
    if (this.#base === null || !(this.#base.#counts[group]! > 0)) return own
    const before = this.#base.#valuesOf(group)
    const values = new Float64Array(before.length + own.length)
    values.set(before)
    values.set(own, before.length)
    return values
  }

  #sorted(group: number): Float64Array {
    return this.#valuesOf(group).slice().sort()
  }

  #makeRoom(groups: number): void {
    if (groups > this.#counts.length) this.#counts = grown(this.#counts, new Uint32Array(groups * 2))
  }
}

/** A histogram: the buckets that are not empty, and how many values each has. */
interface Sparse {
  buckets: Uint32Array
  times: Uint32Array
}

const NOTHING: Sparse = { buckets: new Uint32Array(0), times: new Uint32Array(0) }

function sparseOf(histogram: Uint32Array): Sparse {
  const buckets = Uint32Array.from(histogram.keys()).filter((bucket) => histogram[bucket]! > 0)
  return { buckets, times: buckets.map((bucket) => histogram[bucket]!) }
}

function addSparse(histogram: Uint32Array, { buckets, times }: Sparse, from: number, to: number): void {
  for (let at = from; at < to; at++) histogram[buckets[at]!]! += times[at]!
}

export interface PackedSamples {
  /** how many values each group has */
  counts: Uint32Array
  /** those of groups of up to a thousand, sorted, group by group */
  values: Float64Array
  /** how many buckets the others fill, and these, group by group */
  widths: Uint32Array
  sparse: Sparse
  /** all groups together */
  all: Sparse
}

/** null: there are no values. */
export interface Ranks {
  n: number
  at: (number | null)[]
}

function countInto(counts: Uint32Array, values: Float64Array): void {
  for (let index = 0; index < values.length; index++) counts[bucketOf(values[index]!)]!++
}

/** Of the values from `start` to `end`, whose order it changes. */
function selected(values: Float64Array, start: number, end: number): Percentiles {
  if (start === end) return { p50: null, p95: null }
  const rank = (percent: number) => start + Math.ceil((percent * (end - start)) / 100) - 1
  // What comes before the larger rank is smaller: the other is among it.
  const p95 = nthSmallest(values, rank(95), start, end - 1)
  return { p50: nthSmallest(values, rank(50), start, rank(95)), p95 }
}

const sortedRanks = (sorted: Float64Array, percents: readonly number[]): Ranks => ({
  n: sorted.length,
  at: percents.map((percent) => sorted[Math.ceil((percent * sorted.length) / 100) - 1] ?? null),
})

const percentilesOf = ({ at: [p50, p95] }: Ranks): Percentiles => ({ p50: p50!, p95: p95! })

/** `n`: of all buckets; `percents`: upwards. */
function ranksOf(counts: Uint32Array, n: number, percents: readonly number[]): Ranks {
  let bucket = 0
  let seen = counts[0]!
  const at = percents.map((percent) => {
    const rank = Math.ceil((percent * n) / 100)
    while (seen < rank) seen += counts[++bucket]!
    return middleOf(bucket)
  })
  return { n, at }
}

function grown(small: Uint32Array, large: Uint32Array): Uint32Array {
  large.set(small)
  return large
}
