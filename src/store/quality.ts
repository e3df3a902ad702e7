/**
 * `/api/quality`: what the rows that match count about quality, summed by one or two groups, with percentiles of what took time. What the sums mean is decided
 * by who asks. Like `usage.ts` it goes through the ledger's columns and lets other work go on.
 */
import { GroupTable } from "./columns/group-table.ts"
import { createKeys, NO_KEY } from "./columns/keys.ts"
import { type Columns, PRICED } from "./columns/layout.ts"
import { createMatcher, isWithin } from "./columns/match.ts"
import { piecesOf, rangesOf } from "./columns/pieces.ts"
import { Samples } from "./columns/samples.ts"
import { eachSignal } from "./columns/signals.ts"
import { openWords } from "./columns/words.ts"
import { COUNTERS, type Counts, countsOf } from "./counters.ts"
import type { LedgerFilter } from "./filter.ts"
import { type Group, isCalendar } from "./groups.ts"
import type { SelectValues } from "./source.ts"
import { othersTurn, type UsageKey } from "./usage.ts"

/** `memory`: on, held-out or off. */
export type QualityGroup = Group | "memory"

export interface QualityQuery extends LedgerFilter {
  /** one or two; none: totals only */
  groupBy: readonly QualityGroup[]
  /** IANA zone of the days and hours, default UTC */
  tz?: string | undefined
}

export interface QualitySums {
  requests: number
  counts: Counts
  input_tokens: number
  cache_read_tokens: number
  output_tokens: number
  reasoning_tokens: number
  memory_tokens: number
  /** of the rows with a known price; null when there are only rows without */
  cost_usd: number | null
  speed: Readonly<Record<Time, Spread>>
}

/** Nearest rank; within 0.4 % where a group has more than a thousand values. `n`: the rows that have one. */
export interface Spread {
  n: number
  p50: number | null
  p90: number | null
  p99: number | null
}

export interface QualityReport {
  rows: ({ key: UsageKey | [UsageKey, UsageKey] } & QualitySums)[]
  totals: QualitySums
}

/** `ttft_ms` and `tpot_ms` are the provider's own: from the request going out to the first content, and from one output token to the next. */
const TIMES = ["ttft_ms", "tpot_ms", "overhead_ms", "memory_ms"] as const
type Time = (typeof TIMES)[number]
const PERCENTS = [50, 90, 99]

const FIRST_CONTENT_MS = COUNTERS.indexOf("first_content_ms")
const PER_TOKEN_US = COUNTERS.indexOf("per_token_us")

/** Beside the counters each group has these sums. */
const [REQUESTS, INPUT, CACHE_READ, OUTPUT, REASONING, MEMORY, COST, WITH_PRICE] = Array.from(
  { length: 8 },
  (_, at) => COUNTERS.length + at,
) as [number, number, number, number, number, number, number, number]
const STRIDE = COUNTERS.length + 8

class QualityTallies {
  readonly #times = TIMES.map(() => new Samples())
  #sums = new Float64Array(STRIDE * 64)

  count(columns: Columns, mask: Uint8Array | null, groups: Uint32Array, size: number): void {
    if (size * STRIDE > this.#sums.length) {
      const larger = new Float64Array(size * STRIDE * 2)
      larger.set(this.#sums)
      this.#sums = larger
    }
    const sums = this.#sums
    const signals = columns.signals()
    const flags = columns.flags()
    const { cost, input, cacheRead, output, reasoning } = columns.measures()
    for (let index = 0; index < columns.rows; index++) {
      if (mask !== null && mask[index] === 0) continue
      const at = groups[index]! * STRIDE
      sums[at + REQUESTS]!++
      sums[at + INPUT]! += input[index]!
      sums[at + CACHE_READ]! += cacheRead[index]!
      sums[at + OUTPUT]! += output[index]!
      sums[at + REASONING]! += reasoning[index]!
      sums[at + MEMORY]! += signals.memoryTokens[index]!
      sums[at + COST]! += cost[index]!
      if (flags[index]! & PRICED) sums[at + WITH_PRICE]!++
    }
    const ttft = new Float64Array(columns.rows).fill(Number.NaN)
    const tpot = new Float64Array(columns.rows).fill(Number.NaN)
    eachSignal(signals, mask, (index, counter, value) => {
      if (counter >= COUNTERS.length) return // a newer memproxy's
      sums[groups[index]! * STRIDE + counter]! += value
      if (counter === FIRST_CONTENT_MS) ttft[index] = value
      else if (counter === PER_TOKEN_US) tpot[index] = value / 1000
    })
    const times = [ttft, tpot, signals.overhead, signals.memoryMs]
    this.#times.forEach((samples, at) => samples.add(groups, times[at]!, mask, size))
  }

  *finish(size: number): Generator<void> {
    for (const samples of this.#times) yield* samples.order(size)
  }

  of(group: number): QualitySums {
    return this.#report(group * STRIDE, this.#sums, (samples) => samples.ranks(group, PERCENTS))
  }

  all(size: number): QualitySums {
    const sums = new Float64Array(STRIDE)
    for (let at = 0; at < size * STRIDE; at++) sums[at % STRIDE]! += this.#sums[at]!
    return this.#report(0, sums, (samples) => samples.ranksOfAll(PERCENTS))
  }

  #report(at: number, sums: Float64Array, ranks: (samples: Samples) => ReturnType<Samples["ranksOfAll"]>): QualitySums {
    const sum = (place: number) => sums[at + place]!
    const speed = TIMES.map((time, index) => {
      const { n, at } = ranks(this.#times[index]!)
      return [time, { n, p50: at[0], p90: at[1], p99: at[2] }]
    })
    return {
      requests: sum(REQUESTS),
      counts: countsOf(sums, at),
      input_tokens: sum(INPUT),
      cache_read_tokens: sum(CACHE_READ),
      output_tokens: sum(OUTPUT),
      reasoning_tokens: sum(REASONING),
      memory_tokens: sum(MEMORY),
      cost_usd: sum(WITH_PRICE) > 0 ? sum(COST) : null,
      speed: Object.fromEntries(speed) as QualitySums["speed"],
    }
  }
}

const PIECES_AT_ONCE = 2
const GROUPS_AT_ONCE = 100

export async function reportQuality(select: SelectValues, query: QualityQuery): Promise<QualityReport> {
  const words = openWords(select)
  const match = createMatcher(query, words)
  const keys = query.groupBy.map((group) => createKeys(group, query.tz ?? "UTC"))
  const [first = NO_KEY, second = NO_KEY] = keys
  const groups = new GroupTable()
  const tallies = new QualityTallies()
  let pieces = 0
  for (const range of rangesOf(select)) {
    if (!isWithin(range, query)) continue
    for (const columns of piecesOf(select, range, words)) {
      const mask = match(columns)
      tallies.count(columns, mask, groups.of(first.of(columns), second.of(columns), mask), groups.size)
      if (++pieces % PIECES_AT_ONCE === 0) await othersTurn()
    }
  }
  for (const _ of tallies.finish(groups.size)) await othersTurn()
  const texts = words.textsOf([
    ...first.words(groups.firsts, groups.size),
    ...second.words(groups.seconds, groups.size),
  ])
  const rows: QualityReport["rows"] = []
  for (let group = 0; group < groups.size; group++) {
    const pair: [UsageKey, UsageKey] = [
      first.text(groups.firsts[group]!, texts),
      second.text(groups.seconds[group]!, texts),
    ]
    rows.push({ key: second === NO_KEY ? pair[0] : pair, ...tallies.of(group) })
    if (rows.length % GROUPS_AT_ONCE === 0) await othersTurn()
  }
  return {
    rows: first === NO_KEY ? [] : rows.sort((a, b) => order(a.key, b.key, query.groupBy) || b.requests - a.requests),
    totals: tallies.all(groups.size),
  }
}

/** Days and hours run forward. */
function order(one: UsageKey | UsageKey[], other: UsageKey | UsageKey[], groups: readonly QualityGroup[]): number {
  for (const [index, group] of groups.entries()) {
    if (group === "memory" || !isCalendar(group)) continue
    const part = (key: UsageKey | UsageKey[]) => Date.parse((Array.isArray(key) ? key[index] : key) ?? "")
    const difference = part(one) - part(other)
    if (difference !== 0) return difference
  }
  return 0
}
