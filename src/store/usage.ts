/**
 * `/api/usage`: sums, percentiles and speed of the rows that match, by one or two groups.
 * It walks the rows in slices and lets other work go on in between, so a long report delays no request.
 */
import { calendarBuckets } from "./calendar.ts"
import { type Group, GROUPS, isCalendar } from "./groups.ts"
import { filterSql, type LedgerFilter, type Values } from "./list.ts"

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
  /** exact, nearest rank */
  duration_ms: Percentiles
  /** of the rows that have one (streamed) */
  ttft_ms: Percentiles
  /** output tokens by the time from the first content to the end, of streamed rows; null without any */
  tokens_per_second: number | null
  quality: number | null
}

export interface Percentiles {
  p50: number | null
  p95: number | null
}

/** null: the rows say nothing there (client unknown, no project). */
export type UsageKey = string | null

export interface UsageReport {
  rows: ({ key: UsageKey | [UsageKey, UsageKey] } & UsageSums)[]
  totals: UsageSums
}

export type SelectValues = (sql: string, values: Values) => unknown[][]

/** A slice takes some 5 ms. */
const SLICE_ROWS = 2_000

const MEASURES = `started_at, rowid,
  outcome IN ('rejected', 'upstream-failed'),
  input_tokens, cache_read_tokens, cache_write_tokens, output_tokens, reasoning_tokens, cost_usd, billed_usd,
  cost_usd IS NULL AND operation <> 'count_tokens' AND (
    coalesce(input_tokens, 0) + coalesce(output_tokens, 0) > 0
    OR (outcome = 'done' AND operation IN ('generate', 'completions'))),
  duration_ms, ttft_ms,
  CASE WHEN stream AND output_tokens > 0 AND duration_ms > ttft_ms THEN duration_ms - ttft_ms END`

/** A row of `MEASURES`, then the columns of the groups. */
type Measures = [
  startedAt: number,
  rowid: number,
  isError: number,
  input: number | null,
  cacheRead: number | null,
  cacheWrite: number | null,
  output: number | null,
  reasoning: number | null,
  cost: number | null,
  billed: number | null,
  isUnpriced: number,
  durationMs: number,
  ttftMs: number | null,
  generationMs: number | null,
  ...keys: UsageKey[],
]
const FIRST_KEY = 14

export async function reportUsage(select: SelectValues, query: UsageQuery): Promise<UsageReport> {
  const zone = query.tz ?? "UTC"
  const keysOf = query.groupBy.map((group, index) => {
    if (!isCalendar(group)) return (row: Measures) => row[FIRST_KEY + index] as UsageKey
    const bucket = calendarBuckets(group, zone)
    return (row: Measures) => bucket(row[0])
  })
  const [firstKey, secondKey] = keysOf
  // Nested rather than joined into one text: a key may hold any character.
  const tallies = new Map<UsageKey, Map<UsageKey, Tally>>()
  for await (const rows of slices(select, query)) {
    for (const row of rows) {
      const key = firstKey ? firstKey(row) : null
      const second = secondKey ? secondKey(row) : null
      let within = tallies.get(key)
      if (!within) tallies.set(key, (within = new Map()))
      let tally = within.get(second)
      if (!tally) within.set(second, (tally = emptyTally()))
      count(tally, row)
    }
  }
  const found = [...tallies].flatMap(([key, within]) => [...within].map(([second, tally]) => ({ key, second, tally })))
  const rows = found.map(({ key, second, tally }) => ({ key: secondKey ? pair(key, second) : key, ...sums(tally) }))
  return {
    rows: firstKey ? rows.sort(byCalendarThenCost(query.groupBy)) : [],
    totals: sums(merge(found.map((one) => one.tally))),
  }
}

const pair = (first: UsageKey, second: UsageKey): [UsageKey, UsageKey] => [first, second]

/** All matching rows that are there now, oldest first; rows written meanwhile are left out. */
async function* slices(select: SelectValues, query: UsageQuery): AsyncGenerator<Measures[]> {
  const { where, values } = filterSql(query)
  const keys = query.groupBy.map((group) => `, ${isCalendar(group) ? "NULL" : GROUPS[group]}`).join("")
  const newest = Number(select("SELECT coalesce(max(rowid), 0) FROM requests", [])[0]?.[0])
  const sql = `SELECT ${MEASURES}${keys} FROM requests
    WHERE ${where} AND (started_at, rowid) > (?, ?) AND rowid <= ? ORDER BY started_at, rowid LIMIT ?`
  let after: [number, number] = [Number.MIN_SAFE_INTEGER, 0]
  for (;;) {
    const rows = select(sql, [...values, ...after, newest, SLICE_ROWS]) as Measures[]
    yield rows
    const last = rows[SLICE_ROWS - 1]
    if (!last) return
    after = [last[0], last[1]]
    await new Promise((resume) => setImmediate(resume))
  }
}

interface Tally {
  requests: number
  errors: number
  input: number
  cacheRead: number
  cacheWrite: number
  output: number
  reasoning: number
  cost: number
  billed: number
  priced: number
  unpriced: number
  generatedTokens: number
  generationMs: number
  durations: number[]
  ttfts: number[]
}

const emptyTally = (): Tally => ({
  requests: 0,
  errors: 0,
  input: 0,
  cacheRead: 0,
  cacheWrite: 0,
  output: 0,
  reasoning: 0,
  cost: 0,
  billed: 0,
  priced: 0,
  unpriced: 0,
  generatedTokens: 0,
  generationMs: 0,
  durations: [],
  ttfts: [],
})

function count(tally: Tally, row: Measures): void {
  const [, , isError, input, cacheRead, cacheWrite, output, reasoning, cost, billed, isUnpriced] = row
  const durationMs = row[11]
  const ttftMs = row[12]
  const generationMs = row[13]
  tally.requests++
  tally.errors += isError
  tally.input += input ?? 0
  tally.cacheRead += cacheRead ?? 0
  tally.cacheWrite += cacheWrite ?? 0
  tally.output += output ?? 0
  tally.reasoning += reasoning ?? 0
  tally.cost += cost ?? 0
  tally.billed += billed ?? 0
  tally.unpriced += isUnpriced
  if (cost !== null) tally.priced++
  tally.durations.push(durationMs)
  if (ttftMs !== null) tally.ttfts.push(ttftMs)
  if (generationMs !== null) {
    tally.generatedTokens += output ?? 0
    tally.generationMs += generationMs
  }
}

function merge(tallies: readonly Tally[]): Tally {
  const all = emptyTally()
  for (const tally of tallies) {
    for (const name of Object.keys(all) as (keyof Tally)[]) {
      if (name !== "durations" && name !== "ttfts") all[name] += tally[name]
    }
  }
  all.durations = tallies.flatMap((tally) => tally.durations)
  all.ttfts = tallies.flatMap((tally) => tally.ttfts)
  return all
}

function sums(tally: Tally): UsageSums {
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
    duration_ms: percentiles(tally.durations),
    ttft_ms: percentiles(tally.ttfts),
    tokens_per_second: tally.generationMs > 0 ? (tally.generatedTokens / tally.generationMs) * 1000 : null,
    quality: null,
  }
}

/** Nearest rank: the smallest value that at least p % of the values do not exceed. */
function percentiles(values: readonly number[]): Percentiles {
  if (values.length === 0) return { p50: null, p95: null }
  const sorted = Float64Array.from(values).sort()
  const at = (percent: number) => sorted[Math.ceil((percent * sorted.length) / 100) - 1] ?? null
  return { p50: at(50), p95: at(95) }
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
