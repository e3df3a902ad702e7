/** `/api/usage`: sums, percentiles and speed of the rows that match, by one or two groups. It goes through the ledger's columns. */
import { groupRows } from "./columns/group-rows.ts"
import type { LedgerColumns } from "./columns/ledger-columns.ts"
import type { Percentiles } from "./columns/samples.ts"
import { USAGE_PLACES } from "./columns/usage-measure.ts"
import type { LedgerFilter } from "./filter.ts"
import { type Group, isCalendar } from "./groups.ts"

export interface UsageQuery extends LedgerFilter {
  /** one or two; none: totals only */
  groupBy: readonly Group[]
  /** IANA zone of the days and hours, default UTC */
  tz?: string | undefined
  /** the most rows, default all */
  limit?: number | undefined
}

export interface UsageSums {
  requests: number
  /** rejected by memproxy or failed upstream; a client that left is no error */
  errors: number
  input_tokens: number
  cache_read_tokens: number
  cache_write_tokens: number
  output_tokens: number
  reasoning_tokens: number
  /** of the rows with a known price; null when there are only rows without */
  cost_usd: number | null
  billed_usd: number | null
  /** rows that must have cost something but have no known price: with tokens, or answered generations */
  unpriced: number
  /** nearest rank; within 0.4 % where a group has more than a thousand rows */
  duration_ms: Percentiles
  /** of the rows that have one (streamed) */
  ttft_ms: Percentiles
  /** output tokens by the time from the first content to the end, of streamed rows; null without any */
  tokens_per_second: number | null
  quality: number | null
}

/** null: the rows say nothing there (client unknown, no project). */
export type UsageKey = string | null

export interface UsageReport {
  /** time runs forward; within it, and without it, the dearest first. With a limit: the dearest of all. */
  rows: UsageRow[]
  /** how many rows there are without a limit */
  rows_total: number
  /** of all rows, also of those that a limit leaves out */
  totals: UsageSums
}
type UsageRow = { key: UsageKey | [UsageKey, UsageKey] } & UsageSums

export function reportUsage(columns: LedgerColumns, query: UsageQuery): UsageReport {
  const { size, tallies, shown, keys, totals } = groupRows(columns, query, "usage")
  const [durations, ttfts] = tallies.samples
  const rows = Array.from(shown, (group, at) =>
    sumsOf(keys[at]!, tallies.sums, group, durations!.of(group), ttfts!.of(group)),
  )
  const { key: _, ...all } = sumsOf(null, totals.sums, 0, totals.samples[0]!.all(), totals.samples[1]!.all())
  return { rows: inOrder(rows, query.groupBy), rows_total: query.groupBy.length === 0 ? 0 : size, totals: all }
}

/** With its key from the beginning: of a hundred thousand rows, copying each into an object that has one takes longer than all else. */
function sumsOf<K>(
  key: K,
  sums: readonly Float64Array[],
  group: number,
  durations: Percentiles,
  ttfts: Percentiles,
): UsageSums & { key: K } {
  const sum = (place: keyof typeof USAGE_PLACES) => sums[USAGE_PLACES[place]]![group]!
  const isUnknown = sum("priced") === 0 && sum("unpriced") > 0
  return {
    key,
    requests: sum("requests"),
    errors: sum("errors"),
    input_tokens: sum("input"),
    cache_read_tokens: sum("cacheRead"),
    cache_write_tokens: sum("cacheWrite"),
    output_tokens: sum("output"),
    reasoning_tokens: sum("reasoning"),
    cost_usd: isUnknown ? null : sum("cost"),
    billed_usd: isUnknown ? null : sum("billed"),
    unpriced: sum("unpriced"),
    duration_ms: durations,
    ttft_ms: ttfts,
    tokens_per_second: sum("generationMs") > 0 ? (sum("generatedTokens") / sum("generationMs")) * 1000 : null,
    quality: sum("judged") > 0 ? sum("quality") / sum("judged") : null,
  }
}

function inOrder(rows: UsageRow[], groupBy: readonly Group[]): UsageRow[] {
  const part = ({ key }: UsageRow, index: number) => (Array.isArray(key) ? key[index] : key) ?? ""
  // As texts, 02:00+01:00 comes before 02:00+02:00.
  const times = groupBy.flatMap((by, index) =>
    isCalendar(by) ? [new Map(rows.map((row) => [row, Date.parse(part(row, index))]))] : [],
  )
  return rows.sort((a, b) => {
    for (const at of times) if (at.get(a) !== at.get(b)) return at.get(a)! - at.get(b)!
    return (
      (b.cost_usd ?? 0) - (a.cost_usd ?? 0) ||
      b.requests - a.requests ||
      compare(part(a, 0), part(b, 0)) ||
      compare(part(a, 1), part(b, 1))
    )
  })
}

const compare = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0)
