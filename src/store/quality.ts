/**
 * `/api/quality`: what the rows that match count about quality, summed by one or two groups, with percentiles of what took time. What the sums mean is decided
 * by who asks. Like `usage.ts` it goes through the ledger's columns.
 */
import { groupRows } from "./columns/group-rows.ts"
import type { LedgerColumns } from "./columns/ledger-columns.ts"
import { QUALITY_PLACES } from "./columns/quality-measure.ts"
import type { Ranks } from "./columns/samples.ts"
import { TIMES } from "./columns/signals.ts"
import { type Counts, countsOf } from "./counters.ts"
import type { LedgerFilter } from "./filter.ts"
import { type Group, isCalendar } from "./groups.ts"
import type { UsageKey } from "./usage.ts"

/** `memory`: on, held-out or off. */
export type QualityGroup = Group | "memory"

export interface QualityQuery extends LedgerFilter {
  /** one or two; none: totals only */
  groupBy: readonly QualityGroup[]
  /** IANA zone of the days and hours, default UTC */
  tz?: string | undefined
  /** the most rows, default all */
  limit?: number | undefined
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
  speed: Readonly<Record<(typeof TIMES)[number], Spread>>
}

/** Nearest rank; within 0.4 % where a group has more than a thousand values. `n`: the rows that have one. */
export interface Spread {
  n: number
  p50: number | null
  p90: number | null
  p99: number | null
}

export interface QualityReport {
  /** time runs forward; within it, and without it, those of the most requests first. With a limit: those of the most requests of all. */
  rows: ({ key: UsageKey | [UsageKey, UsageKey] } & QualitySums)[]
  /** how many rows there are without a limit */
  rows_total: number
  totals: QualitySums
}

const PERCENTS = [50, 90, 99]

export function reportQuality(columns: LedgerColumns, query: QualityQuery): QualityReport {
  const { size, tallies, shown, keys, totals } = groupRows(columns, query, "quality")
  const rows = Array.from(shown, (group, at) => ({
    key: keys[at]!,
    ...sumsOf(
      tallies.sums,
      group,
      tallies.samples.map((samples) => samples.ranks(group, PERCENTS)),
    ),
  }))
  return {
    rows: rows.sort((a, b) => order(a.key, b.key, query.groupBy) || b.requests - a.requests),
    rows_total: query.groupBy.length === 0 ? 0 : size,
    totals: sumsOf(
      totals.sums,
      0,
      totals.samples.map((samples) => samples.ranksOfAll(PERCENTS)),
    ),
  }
}

function sumsOf(sums: readonly Float64Array[], group: number, ranks: readonly Ranks[]): QualitySums {
  const sum = (place: keyof typeof QUALITY_PLACES) => sums[QUALITY_PLACES[place]]![group]!
  const speed = ranks.map(({ n, at: [p50, p90, p99] }, index) => [TIMES[index], { n, p50, p90, p99 }])
  return {
    requests: sum("requests"),
    counts: countsOf((counter) => sums[counter]![group]!),
    input_tokens: sum("input"),
    cache_read_tokens: sum("cacheRead"),
    output_tokens: sum("output"),
    reasoning_tokens: sum("reasoning"),
    memory_tokens: sum("memory"),
    cost_usd: sum("priced") > 0 ? sum("cost") : null,
    speed: Object.fromEntries(speed) as QualitySums["speed"],
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
