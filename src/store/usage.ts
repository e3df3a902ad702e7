/**
 * `/api/usage`: sums, percentiles and speed of the rows that match, by one or two groups.
 * It goes through the ledger's columns and lets other work go on every millisecond, so that a long report delays no request.
 */
import { GroupTable } from "./columns/group-table.ts"
import { createKeys, NO_KEY } from "./columns/keys.ts"
import { createMatcher, isWithin } from "./columns/match.ts"
import { piecesOf, rangesOf } from "./columns/pieces.ts"
import type { Percentiles } from "./columns/samples.ts"
import { type Tally, Tallies } from "./columns/tallies.ts"
import { openWords } from "./columns/words.ts"
import { type Group, isCalendar } from "./groups.ts"
import type { LedgerFilter } from "./filter.ts"
import type { SelectValues } from "./source.ts"

export interface UsageQuery extends LedgerFilter {
  /** one or two; none: totals only */
  groupBy: readonly Group[]
  /** IANA zone of the days and hours, default UTC */
  tz?: string | undefined
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
  rows: ({ key: UsageKey | [UsageKey, UsageKey] } & UsageSums)[]
  totals: UsageSums
}

/** About a millisecond's work each; then others have their turn. */
const PIECES_AT_ONCE = 3
const GROUPS_AT_ONCE = 500

export async function reportUsage(select: SelectValues, query: UsageQuery): Promise<UsageReport> {
  const words = openWords(select)
  const match = createMatcher(query, words)
  const keys = query.groupBy.map((group) => createKeys(group, query.tz ?? "UTC"))
  const [first = NO_KEY, second = NO_KEY] = keys
  const groups = new GroupTable()
  const tallies = new Tallies()
  let pieces = 0
  for (const range of rangesOf(select)) {
    if (!isWithin(range, query)) continue
    for (const columns of piecesOf(select, range, words)) {
      const mask = match(columns)
      const numbers = groups.of(first.of(columns), second.of(columns), mask)
      tallies.count(columns, mask, numbers, groups.size)
      if (++pieces % PIECES_AT_ONCE === 0) await othersTurn()
    }
  }
  for (const _ of tallies.finish(groups.size)) await othersTurn()
  const texts = words.textsOf([
    ...first.words(groups.firsts, groups.size),
    ...second.words(groups.seconds, groups.size),
  ])
  const rows: UsageReport["rows"] = []
  for (let group = 0; group < groups.size; group++) {
    const keys = [first.text(groups.firsts[group]!, texts), second.text(groups.seconds[group]!, texts)] as const
    rows.push({ key: second === NO_KEY ? keys[0] : [...keys], ...report(tallies.of(group)) })
    if (rows.length % GROUPS_AT_ONCE === 0) await othersTurn()
  }
  const totals = report(tallies.all(groups.size))
  return { rows: first === NO_KEY ? [] : rows.sort(byCalendarThenCost(query.groupBy)), totals }
}

export const othersTurn = () => new Promise((resume) => setImmediate(resume))

function report(tally: Tally): UsageSums {
  const isUnknown = tally.priced === 0 && tally.unpriced > 0
  return {
    requests: tally.requests,
    errors: tally.errors,
    input_tokens: tally.input,
    cache_read_tokens: tally.cacheRead,
    cache_write_tokens: tally.cacheWrite,
    output_tokens: tally.output,
    reasoning_tokens: tally.reasoning,
    cost_usd: isUnknown ? null : tally.cost,
    billed_usd: isUnknown ? null : tally.billed,
    unpriced: tally.unpriced,
    duration_ms: tally.durations,
    ttft_ms: tally.ttfts,
    tokens_per_second: tally.generationMs > 0 ? (tally.generatedTokens / tally.generationMs) * 1000 : null,
    quality: tally.judged > 0 ? tally.quality / tally.judged : null,
  }
}

type Row = UsageReport["rows"][number]

/** Time runs forward; within it, and without it, the dearest first. */
function byCalendarThenCost(groupBy: readonly Group[]): (a: Row, b: Row) => number {
  const times = groupBy.flatMap((group, index) => (isCalendar(group) ? [index] : []))
  const part = (row: Row, index: number) => (Array.isArray(row.key) ? row.key[index] : row.key) ?? ""
  return (a, b) => {
    for (const index of times) {
      const order = Date.parse(part(a, index)) - Date.parse(part(b, index)) // as texts, 02:00+01:00 comes before 02:00+02:00
      if (order !== 0) return order
    }
    return (
      (b.cost_usd ?? 0) - (a.cost_usd ?? 0) ||
      b.requests - a.requests ||
      compare(part(a, 0), part(b, 0)) ||
      compare(part(a, 1), part(b, 1))
    )
  }
}

const compare = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0)
