/**
 * Percentiles of many groups' values at once: exact (nearest rank) for a group of up to a thousand, within 0.4 % for larger ones, which are counted in buckets.
 * A bucket is a double's exponent and the first seven bits of its fraction: 0.8 % wide, found without a logarithm.
 * Histograms of logarithmic buckets as in https://arxiv.org/abs/1908.10693 (DDSketch).
 */

/** null: there are no values. */
export interface Percentiles {
  p50: number | null
  p95: number | null
}

const EXACT = 1_024
/** A millisecond's work. */
const STEP = 65_536
/** From 2^-10 (a microsecond, in milliseconds) to 2^30. */
const FIRST_BUCKET = (1023 - 10) << 7
const BUCKETS = 40 << 7

const double = new Float64Array(1)
const halves = new Uint32Array(double.buffer)
/** The high half comes last on every machine that Bun runs on. */
const bucketOf = (value: number) => {
  double[0] = value
  return Math.min(Math.max((halves[1]! >>> 13) - FIRST_BUCKET, 0), BUCKETS - 1)
}
const middleOf = (bucket: number) => {
  halves[0] = 0
  halves[1] = (bucket + FIRST_BUCKET) * 8192 + 4096
  return double[0]!
}

export class Samples {
  #counts = new Uint32Array(256)
  #histograms: (Uint32Array | undefined)[] = []
  /** the first values of each group, as they came */
  #values = new Float64Array(1_024)
  #groups = new Uint32Array(1_024)
  #kept = 0
  /** of all values together */
  #all = new Uint32Array(BUCKETS)
  /** the kept values group by group, and where each group begins; made when all are in */
  #ordered = new Float64Array(0)
  #starts = new Uint32Array(1)

  /** NaN is no value. `size`: how many groups there are so far. */
  add(groups: Uint32Array, values: Float64Array, mask: Uint8Array | null, size: number): void {
    if (size > this.#counts.length) this.#counts = grown(this.#counts, new Uint32Array(size * 2))
    if (this.#kept + values.length > this.#values.length) {
      const length = this.#values.length * 2 + values.length
      this.#values = grown(this.#values, new Float64Array(length))
      this.#groups = grown(this.#groups, new Uint32Array(length))
    }
    const counts = this.#counts
    const kept = this.#values
    const keptGroups = this.#groups
    const all = this.#all
    let next = this.#kept
    for (let index = 0; index < values.length; index++) {
      if (mask !== null && mask[index] === 0) continue
      const value = values[index]!
      if (value !== value) continue
      const group = groups[index]!
      const bucket = bucketOf(value)
      all[bucket]!++
      if (counts[group]!++ < EXACT) {
        kept[next] = value
        keptGroups[next++] = group
      } else {
        const histogram = (this.#histograms[group] ??= new Uint32Array(BUCKETS))
        histogram[bucket]!++
      }
    }
    this.#kept = next
  }

  /** To be gone through when all values are in; a caller may pause at each step. */
  *order(groups: number): Generator<void> {
    this.#starts = new Uint32Array(groups + 1)
    for (let group = 0; group < groups; group++)
      this.#starts[group + 1] = this.#starts[group]! + Math.min(this.#counts[group] ?? 0, EXACT)
    this.#ordered = new Float64Array(this.#kept)
    const [ordered, values, keptGroups, next] = [this.#ordered, this.#values, this.#groups, this.#starts.slice()]
    for (let from = 0; from < ordered.length; from += STEP) {
      const to = Math.min(from + STEP, ordered.length)
      for (let at = from; at < to; at++) ordered[next[keptGroups[at]!]!++] = values[at]!
      yield
    }
  }

  of(group: number): Percentiles {
    const values = this.#ordered.subarray(this.#starts[group], this.#starts[group + 1])
    const histogram = this.#histograms[group]
    if (!histogram) return exact(values)
    const counts = histogram.slice()
    for (let index = 0; index < values.length; index++) counts[bucketOf(values[index]!)]!++
    return counted(counts)
  }

  /** Any percentiles of a group, with the number of its values. */
  ranks(group: number, percents: readonly number[]): { n: number; at: (number | null)[] } {
    const values = this.#ordered.slice(this.#starts[group], this.#starts[group + 1]).sort()
    const histogram = this.#histograms[group]
    if (!histogram) return { n: values.length, at: percents.map((percent) => rankOf(values, percent)) }
    const counts = histogram.slice()
    for (let index = 0; index < values.length; index++) counts[bucketOf(values[index]!)]!++
    return ranksOf(counts, percents)
  }

  ranksOfAll(percents: readonly number[]): { n: number; at: (number | null)[] } {
    if (this.#kept > EXACT || this.#histograms.length > 0) return ranksOf(this.#all, percents)
    const values = this.#ordered.slice().sort()
    return { n: values.length, at: percents.map((percent) => rankOf(values, percent)) }
  }

  all(): Percentiles {
    return this.#kept <= EXACT && this.#histograms.length === 0 ? exact(this.#ordered) : counted(this.#all)
  }
}

/** Changes the order of `values`. */
function exact(values: Float64Array): Percentiles {
  if (values.length === 0) return { p50: null, p95: null }
  const rank = (percent: number) => Math.ceil((percent * values.length) / 100) - 1
  // What comes before the larger rank is smaller: the other is among it.
  const p95 = smallest(values, rank(95), values.length - 1)
  return { p50: smallest(values, rank(50), rank(95)), p95 }
}

const rankOf = (sorted: Float64Array, percent: number) => sorted[Math.ceil((percent * sorted.length) / 100) - 1] ?? null

function ranksOf(counts: Uint32Array, percents: readonly number[]): { n: number; at: number[] } {
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

function counted(counts: Uint32Array): Percentiles {
  const [p50, p95] = ranksOf(counts, [50, 95]).at
  return { p50: p50!, p95: p95! }
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
