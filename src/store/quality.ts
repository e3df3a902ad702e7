/**
 * `/api/quality`: what the rows that match count about quality, summed by one or two groups, with percentiles of what took time. What the sums mean is decided
 * by who asks. It walks the rows in slices and lets other work go on in between.
 */
import { calendarBuckets } from "./calendar.ts"
import { addStored, COUNTERS, type Counts, countsOf } from "./counters.ts"
import { type Group, GROUPS, isCalendar } from "./groups.ts"
import { filterSql, type LedgerFilter } from "./filter.ts"
import type { SelectValues } from "./source.ts"
import type { UsageKey } from "./usage.ts"

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

/** Nearest rank; null without a value. `n`: the rows that have one. */
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

const SLICE_ROWS = 1_000

const NUMBER_OF = (name: (typeof COUNTERS)[number]) => COUNTERS.indexOf(name)
const [FIRST_CONTENT_MS, PER_TOKEN_US, STREAMED, MEMORY_ON, HELD_OUT] = (
  ["first_content_ms", "per_token_us", "streamed", "memory_on", "held_out"] as const
).map(NUMBER_OF) as [number, number, number, number, number]

type Row = [
  startedAt: number,
  rowid: number,
  signals: Uint8Array | null,
  input: number | null,
  cacheRead: number | null,
  output: number | null,
  reasoning: number | null,
  memory: number,
  cost: number | null,
  overheadMs: number | null,
  memoryMs: number | null,
  ...keys: UsageKey[],
]
const FIRST_KEY = 11
const COLUMNS = `started_at, rowid, signals, input_tokens, cache_read_tokens, output_tokens, reasoning_tokens,
  memory_tokens, cost_usd, overhead_ms, memory_ms`

class Tally {
  requests = 0
  readonly sums = new Float64Array(COUNTERS.length)
  readonly tokens = { input: 0, cacheRead: 0, output: 0, reasoning: 0, memory: 0 }
  cost: number | null = null
  readonly times: Record<Time, number[]> = { ttft_ms: [], tpot_ms: [], overhead_ms: [], memory_ms: [] }

  add(row: Row, own: Float64Array): void {
    const [, , , input, cacheRead, output, reasoning, memory, cost, overheadMs, memoryMs] = row
    const { sums, tokens, times } = this
    this.requests++
    for (let at = 0; at < own.length; at++) sums[at]! += own[at]!
    tokens.input += input ?? 0
    tokens.cacheRead += cacheRead ?? 0
    tokens.output += output ?? 0
    tokens.reasoning += reasoning ?? 0
    tokens.memory += memory
    if (cost !== null) this.cost = (this.cost ?? 0) + cost
    if (own[STREAMED]! > 0 && own[FIRST_CONTENT_MS]! > 0) times.ttft_ms.push(own[FIRST_CONTENT_MS]!)
    if (own[PER_TOKEN_US]! > 0) times.tpot_ms.push(own[PER_TOKEN_US]! / 1000)
    if (overheadMs !== null) times.overhead_ms.push(overheadMs)
    if (memoryMs !== null) times.memory_ms.push(memoryMs)
  }

  report(): QualitySums {
    const { input, cacheRead, output, reasoning, memory } = this.tokens
    return {
      requests: this.requests,
      counts: countsOf(this.sums),
      input_tokens: input,
      cache_read_tokens: cacheRead,
      output_tokens: output,
      reasoning_tokens: reasoning,
      memory_tokens: memory,
      cost_usd: this.cost,
      speed: Object.fromEntries(TIMES.map((time) => [time, spread(this.times[time])])) as Record<Time, Spread>,
    }
  }
}

export async function reportQuality(select: SelectValues, query: QualityQuery): Promise<QualityReport> {
  const keysOf = query.groupBy.map((group, index) => keyOf(group, index, query.tz ?? "UTC"))
  const tallies = new Map<UsageKey, Map<UsageKey, Tally>>()
  const total = new Tally()
  const own = new Float64Array(COUNTERS.length)
  for await (const rows of slices(select, query)) {
    for (const row of rows) {
      own.fill(0)
      if (row[2]) addStored(row[2], own)
      total.add(row, own)
      const [key = null, second = null] = keysOf.map((of) => of(row, own))
      let within = tallies.get(key)
      if (!within) tallies.set(key, (within = new Map()))
      let tally = within.get(second)
      if (!tally) within.set(second, (tally = new Tally()))
      tally.add(row, own)
    }
  }
  const rows = [...tallies].flatMap(([key, within]) =>
    [...within].map(([second, tally]) => ({ key: keysOf.length > 1 ? pair(key, second) : key, ...tally.report() })),
  )
  return {
    rows: keysOf.length === 0 ? [] : rows.sort((a, b) => order(a.key, b.key, query.groupBy) || b.requests - a.requests),
    totals: total.report(),
  }
}

const pair = (first: UsageKey, second: UsageKey): [UsageKey, UsageKey] => [first, second]

function keyOf(group: QualityGroup, index: number, zone: string): (row: Row, own: Float64Array) => UsageKey {
  if (group === "memory") return (_, own) => (own[HELD_OUT]! > 0 ? "held-out" : own[MEMORY_ON]! > 0 ? "on" : "off")
  if (!isCalendar(group)) return (row) => row[FIRST_KEY + index] as UsageKey
  const bucket = calendarBuckets(group, zone)
  return (row) => bucket(row[0])
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

/** All matching rows that are there now, oldest first; rows written meanwhile are left out. */
async function* slices(select: SelectValues, query: QualityQuery): AsyncGenerator<Row[]> {
  const { where, values } = filterSql(query)
  const keys = query.groupBy.map((group) => (group === "memory" || isCalendar(group) ? ", NULL" : `, ${GROUPS[group]}`))
  const newest = Number(select("SELECT coalesce(max(rowid), 0) FROM requests", [])[0]?.[0])
  const sql = `SELECT ${COLUMNS}${keys.join("")} FROM requests
    WHERE ${where} AND (started_at, rowid) > (?, ?) AND rowid <= ? ORDER BY started_at, rowid LIMIT ?`
  let after: [number, number] = [Number.MIN_SAFE_INTEGER, 0]
  for (;;) {
    const rows = select(sql, [...values, ...after, newest, SLICE_ROWS]) as Row[]
    yield rows
    const last = rows[SLICE_ROWS - 1]
    if (!last) return
    after = [last[0], last[1]]
    await new Promise((resume) => setImmediate(resume))
  }
}

function spread(values: readonly number[]): Spread {
  const sorted = Float64Array.from(values).sort()
  const at = (percent: number) => sorted[Math.ceil((percent * sorted.length) / 100) - 1] ?? null
  return { n: sorted.length, p50: at(50), p90: at(90), p99: at(99) }
}
