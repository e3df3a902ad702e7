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
const halvesOf = (values: Float64Array) => new Uint32Array(values.buffer, values.byteOffset, values.length * 2)
const bucketOf = (high: number) => Math.min(Math.max((high >>> 13) - FIRST_BUCKET, 0), BUCKETS - 1)

const double = new Float64Array(1)
const doubleHalves = halvesOf(double)
const middleOf = (bucket: number) => {
  doubleHalves[0] = 0
  doubleHalves[1] = (bucket + FIRST_BUCKET) * 8192 + 4096
  return double[0]!
}

export class Samples {
  /** what these go on from: it stays as it is, and so does what is said of groups that get no more values */
  readonly #base: Samples | null
  /** values of each group */
  #counts: Uint32Array
  #total = 0
  /** of all groups together */
  readonly #all: Uint32Array
  /** those of each group that are in no histogram come singly, as they were added, or in runs */
  #histograms: (Uint32Array | undefined)[] = []
  #singles: { values: Float64Array; groups: Uint32Array }[] = []
  /** sorted, each */
  #runs: (Float64Array[] | undefined)[] = []
  /** the single values of small groups, group by group, and where each group begins; made when all are in */
  #ordered = new Float64Array(0)
  #starts = new Uint32Array(1)
  #said: (Percentiles | undefined)[] = []

  /** `base`: ordered. */
  constructor(base: Samples | null = null) {
    this.#base = base
    this.#counts = base ? base.#counts.slice() : new Uint32Array(256)
    this.#all = base ? base.#all.slice() : new Uint32Array(BUCKETS)
  }

  get bytes(): number {
    const runs = this.#runs.reduce((sum, own) => sum + own!.reduce((all, run) => all + run.byteLength, 0), 0)
    const histograms = this.#histograms.reduce((sum, one) => sum + one!.byteLength, 0)
    return this.#counts.byteLength + this.#ordered.byteLength + runs + histograms
  }

  /** NaN is no value. `size`: how many groups there are so far. */
  add(groups: Uint32Array, values: Float64Array, mask: Uint8Array | null, size: number): void {
    this.#makeRoom(size)
    const halves = halvesOf(values)
    const [counts, all] = [this.#counts, this.#all]
    const kept = new Float64Array(values.length)
    const keptGroups = new Uint32Array(values.length)
    let next = 0
    for (let index = 0; index < values.length; index++) {
      if (mask !== null && mask[index] === 0) continue
      const value = values[index]!
      if (value !== value) continue
      const group = groups[index]!
      const bucket = bucketOf(halves[index * 2 + 1]!)
      all[bucket]!++
      if (counts[group]!++ < EXACT) {
        kept[next] = value
        keptGroups[next++] = group
      } else this.#histogramOf(group)[bucket]!++
    }
    if (next > 0) this.#singles.push({ values: kept.subarray(0, next), groups: keptGroups })
  }

  /** What `pack` gave, of other rows; `groups` has the group here of each group there, or `NO_GROUP`. */
  addPacked([counts, values, widths, buckets, times]: PackedSamples, groups: Uint32Array, size: number): void {
    this.#makeRoom(size)
    const halves = halvesOf(values)
    const all = this.#all
    let value = 0
    let next = 0
    for (let other = 0; other < counts.length; other++) {
      const group = groups[other]!
      const count = counts[other]!
      if (count === 0) continue
      const end = next + widths[other]!
      if (group === NO_GROUP) {
        if (next === end) value += count
        next = end
        continue
      }
      const isLarge = (this.#counts[group]! += count) > EXACT
      if (!isLarge) {
        const run = values.slice(value, (value += count))
        countInto(all, run)
        const runs = this.#runs[group]
        if (runs) runs.push(run)
        else this.#runs[group] = [run]
        continue
      }
      const histogram = this.#histogramOf(group)
      if (next === end)
        for (const last = value + count; value < last; value++) {
          const bucket = bucketOf(halves[value * 2 + 1]!)
          all[bucket]!++
          histogram[bucket]!++
        }
      else
        for (; next < end; next++) {
          all[buckets[next]!]! += times[next]!
          histogram[buckets[next]!]! += times[next]!
        }
    }
  }

  /** After `order`. */
  pack(groups: number): PackedSamples {
    const counts = this.#counts.slice(0, groups)
    const values = new Float64Array(counts.reduce((sum, count) => (count <= EXACT ? sum + count : sum), 0))
    let at = 0
    const widths = new Uint32Array(groups)
    const buckets: number[] = []
    const times: number[] = []
    for (let group = 0; group < groups; group++) {
      if (counts[group]! <= EXACT) {
        values.set(this.#sorted(group), at)
        at += counts[group]!
        continue
      }
      this.#histograms[group]!.forEach((count, bucket) => {
        if (count === 0) return
        widths[group]!++
        buckets.push(bucket)
        times.push(count)
      })
    }
    return [counts, values, widths, Uint32Array.from(buckets), Uint32Array.from(times)]
  }

  /** To be called when all values are in. `asked`: 0 for a group whose percentiles nobody will ask for; null: there is none. */
  order(groups: number, asked: Uint8Array | null = null): void {
    this.#makeRoom(groups)
    this.#total = this.#counts.reduce((sum, count) => sum + count, 0)
    this.#runs.forEach((runs, group) => {
      if (this.#counts[group]! <= EXACT) return
      for (const run of runs!) countInto(this.#histogramOf(group), run)
      delete this.#runs[group]
    })
    const starts = (this.#starts = new Uint32Array(groups + 1))
    const isAsked = (group: number) => this.#total <= EXACT || asked === null || asked[group] === 1
    const isSingle = new Uint8Array(groups)
    for (let group = 0; group < groups; group++)
      isSingle[group] = Number(this.#counts[group]! <= EXACT && isAsked(group))
    for (const { values, groups: own } of this.#singles) {
      const halves = halvesOf(values)
      for (let at = 0; at < values.length; at++) {
        const group = own[at]!
        if (isSingle[group] === 1) starts[group + 1]!++
        else if (this.#counts[group]! > EXACT) this.#histogramOf(group)[bucketOf(halves[at * 2 + 1]!)]!++
      }
    }
    for (let group = 0; group < groups; group++) starts[group + 1]! += starts[group]!
    const ordered = (this.#ordered = new Float64Array(starts[groups]!))
    const next = starts.slice()
    for (const { values, groups: own } of this.#singles)
      for (let at = 0; at < values.length; at++) if (isSingle[own[at]!] === 1) ordered[next[own[at]!]!++] = values[at]!
    this.#singles = []
  }

  #histogramOf(group: number): Uint32Array {
    return (this.#histograms[group] ??= this.#base ? this.#base.#histogramFor(group) : new Uint32Array(BUCKETS))
  }

  /** One for who goes on from here. */
  #histogramFor(group: number): Uint32Array {
    const known = this.#histograms[group]
    if (known) return known.slice()
    const counts = new Uint32Array(BUCKETS)
    if (this.#counts[group]! > 0) countInto(counts, this.#valuesOf(group))
    return counts
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
    const runs = this.#runs[group]
    if (runs?.length === 1 && runs[0]!.length === this.#counts[group])
      return percentilesOf(sortedRanks(runs[0]!, [50, 95]))
    return selected(this.#valuesOf(group))
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
    const singly = this.#ordered.subarray(this.#starts[group], this.#starts[group + 1])
    const runs = this.#runs[group] ?? []
    const before = this.#base !== null && this.#base.#counts[group]! > 0 ? [this.#base.#valuesOf(group)] : []
    if (runs.length + before.length === 0) return singly
    const values = new Float64Array(this.#counts[group]!)
    let at = 0
    for (const some of [singly, ...runs, ...before]) {
      values.set(some, at)
      at += some.length
    }
    return values
  }

  #sorted(group: number): Float64Array {
    return this.#valuesOf(group).slice().sort()
  }

  #makeRoom(groups: number): void {
    if (groups > this.#counts.length) this.#counts = grown(this.#counts, new Uint32Array(groups * 2))
  }
}

/** Of each group: how many values; the sorted values of those of up to a thousand; how many buckets the others fill, which ones, and how often. */
export type PackedSamples = [
  counts: Uint32Array,
  values: Float64Array,
  widths: Uint32Array,
  buckets: Uint32Array,
  times: Uint32Array,
]

/** null: there are no values. */
export interface Ranks {
  n: number
  at: (number | null)[]
}

function countInto(counts: Uint32Array, values: Float64Array): void {
  for (let index = 0; index < values.length; index++) {
    double[0] = values[index]!
    counts[bucketOf(doubleHalves[1]!)]!++
  }
}

/** Changes the order of `values`. */
function selected(values: Float64Array): Percentiles {
  if (values.length === 0) return { p50: null, p95: null }
  const rank = (percent: number) => Math.ceil((percent * values.length) / 100) - 1
  // What comes before the larger rank is smaller: the other is among it.
  const p95 = nthSmallest(values, rank(95), values.length - 1)
  return { p50: nthSmallest(values, rank(50), rank(95)), p95 }
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
