/**
 * Percentiles of many groups' values at once: exact (nearest rank) for a group of up to a thousand, within 0.4 % for larger ones, which are counted in buckets.
 * A bucket is a double's exponent and the first seven bits of its fraction: 0.8 % wide, found without a logarithm.
 * Histograms of logarithmic buckets as in https://arxiv.org/abs/1908.10693 (DDSketch).
 */
import { NO_GROUP } from "./group-table.ts"

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
  /** values of each group */
  #counts = new Uint32Array(256)
  #total = 0
  /** those of each group that are in no histogram come singly, as they were added, or in runs */
  #histograms: (Uint32Array | undefined)[] = []
  /** of the groups that nobody will ask for */
  #others = new Uint32Array(BUCKETS)
  #values = new Float64Array(1_024)
  #groups = new Uint32Array(1_024)
  #kept = 0
  /** sorted, each */
  #runs: (Float64Array[] | undefined)[] = []
  /** the single values of small groups, group by group, and where each group begins; made when all are in */
  #ordered = new Float64Array(0)
  #starts = new Uint32Array(1)

  /** NaN is no value. `size`: how many groups there are so far. */
  add(groups: Uint32Array, values: Float64Array, mask: Uint8Array | null, size: number): void {
    this.#makeRoom(size, values.length)
    const halves = halvesOf(values)
    const [counts, kept, keptGroups, histograms] = [this.#counts, this.#values, this.#groups, this.#histograms]
    let next = this.#kept
    for (let index = 0; index < values.length; index++) {
      if (mask !== null && mask[index] === 0) continue
      const value = values[index]!
      if (value !== value) continue
      const group = groups[index]!
      if (counts[group]!++ < EXACT) {
        kept[next] = value
        keptGroups[next++] = group
      } else {
        const histogram = (histograms[group] ??= new Uint32Array(BUCKETS))
        histogram[bucketOf(halves[index * 2 + 1]!)]!++
      }
    }
    this.#kept = next
  }

  /** What `pack` gave, of other rows; `groups` has the group here of each group there, or `NO_GROUP`. */
  addPacked([counts, values, widths, buckets, times]: PackedSamples, groups: Uint32Array, size: number): void {
    this.#makeRoom(size, 0)
    const halves = halvesOf(values)
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
        const run = values.subarray(value, (value += count))
        const runs = this.#runs[group]
        if (runs) runs.push(run)
        else this.#runs[group] = [run]
        continue
      }
      const histogram = (this.#histograms[group] ??= new Uint32Array(BUCKETS))
      if (next === end)
        for (const last = value + count; value < last; value++) histogram[bucketOf(halves[value * 2 + 1]!)]!++
      else for (; next < end; next++) histogram[buckets[next]!]! += times[next]!
    }
  }

  /** After `order`. */
  pack(groups: number): PackedSamples {
    const counts = this.#counts.slice(0, groups)
    const values: number[] = []
    const widths = new Uint32Array(groups)
    const buckets: number[] = []
    const times: number[] = []
    for (let group = 0; group < groups; group++) {
      if (counts[group]! <= EXACT) {
        for (const value of this.#sorted(group)) values.push(value)
        continue
      }
      this.#histograms[group]!.forEach((count, bucket) => {
        if (count === 0) return
        widths[group]!++
        buckets.push(bucket)
        times.push(count)
      })
    }
    return [counts, Float64Array.from(values), widths, Uint32Array.from(buckets), Uint32Array.from(times)]
  }

  /** To be called when all values are in. `asked`: 0 for a group whose percentiles nobody will ask for; null: there is none. */
  order(groups: number, asked: Uint8Array | null = null): void {
    this.#makeRoom(groups, 0)
    this.#total = this.#counts.reduce((sum, count) => sum + count, 0)
    this.#runs.forEach((runs, group) => {
      if (this.#counts[group]! <= EXACT) return
      for (const run of runs!) countInto(this.#histogramOf(group), run)
      delete this.#runs[group]
    })
    const starts = (this.#starts = new Uint32Array(groups + 1))
    const [values, halves, keptGroups, kept] = [this.#values, halvesOf(this.#values), this.#groups, this.#kept]
    const isAsked = (group: number) => this.#total <= EXACT || asked === null || asked[group] === 1
    const isSingle = Uint8Array.from({ length: groups }, (_, group) =>
      Number(this.#counts[group]! <= EXACT && isAsked(group)),
    )
    for (let at = 0; at < kept; at++) {
      const group = keptGroups[at]!
      if (isSingle[group] === 1) starts[group + 1]!++
      else {
        const histogram = this.#counts[group]! > EXACT ? this.#histogramOf(group) : this.#others
        histogram[bucketOf(halves[at * 2 + 1]!)]!++
      }
    }
    for (let group = 0; group < groups; group++) starts[group + 1]! += starts[group]!
    const ordered = (this.#ordered = new Float64Array(starts[groups]!))
    const next = starts.slice()
    for (let at = 0; at < kept; at++)
      if (isSingle[keptGroups[at]!] === 1) ordered[next[keptGroups[at]!]!++] = values[at]!
  }

  #histogramOf(group: number): Uint32Array {
    return (this.#histograms[group] ??= new Uint32Array(BUCKETS))
  }

  of(group: number): Percentiles {
    if (this.#counts[group]! > EXACT) return percentilesOf(ranksOf(this.#histograms[group]!, [50, 95]))
    const runs = this.#runs[group]
    if (runs?.length === 1 && runs[0]!.length === this.#counts[group])
      return percentilesOf(sortedRanks(runs[0]!, [50, 95]))
    return selected(this.#valuesOf(group))
  }

  /** Any percentiles of a group, with the number of its values. */
  ranks(group: number, percents: readonly number[]): Ranks {
    return this.#counts[group]! > EXACT
      ? ranksOf(this.#histograms[group]!, percents)
      : sortedRanks(this.#sorted(group), percents)
  }

  all(): Percentiles {
    return percentilesOf(this.ranksOfAll([50, 95]))
  }

  ranksOfAll(percents: readonly number[]): Ranks {
    if (this.#total > EXACT) return ranksOf(this.#countsOfAll(), percents)
    const values = [...this.#ordered, ...this.#runs.flatMap((runs) => runs!.flatMap((run) => [...run]))]
    return sortedRanks(Float64Array.from(values).sort(), percents)
  }

  /** All of a group without a histogram: single values and runs together. */
  #valuesOf(group: number): Float64Array {
    const singly = this.#ordered.subarray(this.#starts[group], this.#starts[group + 1])
    const runs = this.#runs[group]
    if (!runs) return singly
    const values = new Float64Array(runs.reduce((sum, run) => sum + run.length, singly.length))
    values.set(singly)
    let at = singly.length
    for (const run of runs) {
      values.set(run, at)
      at += run.length
    }
    return values
  }

  #sorted(group: number): Float64Array {
    return this.#valuesOf(group).slice().sort()
  }

  #countsOfAll(): Uint32Array {
    const counts = this.#others.slice()
    this.#histograms.forEach((histogram) => {
      for (let bucket = 0; bucket < BUCKETS; bucket++) counts[bucket]! += histogram![bucket]!
    })
    countInto(counts, this.#ordered)
    this.#runs.forEach((runs) => runs!.forEach((run) => countInto(counts, run)))
    return counts
  }

  #makeRoom(groups: number, values: number): void {
    if (groups > this.#counts.length) this.#counts = grown(this.#counts, new Uint32Array(groups * 2))
    if (this.#kept + values <= this.#values.length) return
    const length = this.#values.length * 2 + values
    this.#values = grown(this.#values, new Float64Array(length))
    this.#groups = grown(this.#groups, new Uint32Array(length))
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
  const p95 = smallest(values, rank(95), values.length - 1)
  return { p50: smallest(values, rank(50), rank(95)), p95 }
}

const sortedRanks = (sorted: Float64Array, percents: readonly number[]): Ranks => ({
  n: sorted.length,
  at: percents.map((percent) => sorted[Math.ceil((percent * sorted.length) / 100) - 1] ?? null),
})

const percentilesOf = ({ at: [p50, p95] }: Ranks): Percentiles => ({ p50: p50!, p95: p95! })

function ranksOf(counts: Uint32Array, percents: readonly number[]): Ranks {
  let n = 0
  for (let bucket = 0; bucket < BUCKETS; bucket++) n += counts[bucket]!
  const at = percents.map((percent) => {
    let left = Math.ceil((percent * n) / 100)
    let bucket = 0
    while ((left -= counts[bucket]!) > 0) bucket++
    return middleOf(bucket)
  })
  return { n, at }
}

/** The value that would stand at `rank` were those up to `right` sorted; afterwards none before it is larger. Hoare's selection, https://doi.org/10.1145/366622.366647 */
function smallest(values: Float64Array, rank: number, right: number): number {
  let left = 0
  while (left < right) {
    const pivot = values[(left + right) >> 1]!
    let low = left
    let high = right
    while (low <= high) {
      while (values[low]! < pivot) low++
      while (values[high]! > pivot) high--
      if (low > high) break
      const swapped = values[low]!
      values[low++] = values[high]!
      values[high--] = swapped
    }
    if (rank <= high) right = high
    else if (rank >= low) left = low
    else break
  }
  return values[rank]!
}

function grown<T extends Uint32Array | Float64Array>(small: T, large: T): T {
  large.set(small)
  return large
}
