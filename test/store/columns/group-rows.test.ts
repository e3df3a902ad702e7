/** Each grouping has the sums of who sums all rows by hand, and of tens of thousands of groups the largest are shown. */
import { afterAll, beforeAll, expect, test } from "bun:test"
import type { LedgerRow } from "../../../src/exchange.ts"
import { openStore } from "../../../src/store/open.ts"
import type { Percentiles } from "../../../src/store/columns/samples.ts"
import { type Group, GROUP_NAMES } from "../../../src/store/groups.ts"
import { type OpenReports, openReports } from "../../../src/store/reports.ts"
import type { UsageQuery } from "../../../src/store/usage.ts"
import { detailOf, rowAt, temporaryDirectories } from "../sample.ts"

const directories = temporaryDirectories()
const T0 = Date.UTC(2026, 2, 27)
const MINUTE = 60_000
const SESSIONS = 30_000
/** Seventeen pieces of 4,096: four blocks of four are rolled up, and the sixteen together. */
const rows = Array.from({ length: 70_000 }, (_, index) =>
  rowAt(T0 + index * MINUTE, {
    session_id: `s-${(index * 7919) % SESSIONS}`,
    client: index % 3 === 0 ? "codex" : "claude-code",
    model: `m-${index % 7}`,
    provider: index % 7 < 4 ? "anthropic" : "openai",
    user_id: `u-${(index * 31) % 61}`,
    project: index % 11 === 0 ? null : `p-${(index * 17) % 307}`,
    key_alias: index % 5 === 0 ? null : `k-${index % 13}`,
    // No two sums are the same: which groups are the largest is never a matter of chance.
    cost_usd: ((index * 2_654_435_761) % 1_000_003) / 997,
    billed_usd: index % 23 === 0 ? 0 : index % 19 === 0 ? index / 7 : ((index * 2_654_435_761) % 1_000_003) / 997,
    outcome: index % 29 === 0 ? "rejected" : "done",
    error_type: index % 29 === 0 ? `e-${index % 3}` : null,
    duration_ms: 100 + (index % 977),
    ttft_ms: index % 5 === 0 ? null : 10 + (index % 89),
    input_tokens: index % 1_013,
  }),
)
let kept: OpenReports
let alone: OpenReports

beforeAll(async () => {
  const dir = directories.make()
  const { ledger, close } = openStore(dir, { warn: console.error })
  for (const [index, row] of rows.entries()) {
    ledger.append(row, detailOf())
    if (index % 5_000 === 0) await ledger.flush()
  }
  await close()
  kept = openReports(dir, "keep")!
  kept.make("usage", { groupBy: ["client"] }) // counted before anything is rolled up
  while (kept.atOnce((columns) => columns.work()));
  alone = openReports(dir, "none")!
}, 60_000)
afterAll(() => {
  kept.close()
  alone.close()
  directories.remove()
})

const total = (own: readonly LedgerRow[], value: (row: LedgerRow) => number) =>
  own.reduce((sum, row) => sum + value(row), 0)

/** Sums of fractions depend on their order in the last digits. */
const rounded = (report: unknown): unknown =>
  JSON.parse(JSON.stringify(report), (_, value) => (typeof value === "number" ? Number(value.toPrecision(9)) : value))

/** Nearest rank. */
function percentiles(values: readonly number[]) {
  const sorted = values.toSorted((a, b) => a - b)
  const rank = (percent: number) => sorted[Math.ceil((percent * sorted.length) / 100) - 1] ?? null
  return { p50: rank(50), p95: rank(95) }
}

const QUERIES: [query: UsageQuery, keyOf: (row: LedgerRow) => string | string[]][] = [
  [{ groupBy: ["session"], limit: 200 }, (row) => row.session_id!],
  [{ groupBy: ["session"], from: T0 + 60_000 * MINUTE + 1, limit: 200 }, (row) => row.session_id!],
  [{ groupBy: ["session"], client: "codex", limit: 1 }, (row) => row.session_id!],
  [{ groupBy: ["client", "session"], limit: 300 }, (row) => [row.client!, row.session_id!]],
  [{ groupBy: ["model"], userId: "u-20" }, (row) => row.model!],
  [{ groupBy: ["user", "day"], project: "p-9", from: T0 + 777 * MINUTE }, (row) => [row.user_id!, KEYS.day(row)!]],
  [{ groupBy: ["user"], errorType: "e-2", model: "m-3" }, (row) => row.user_id!],
  [{ groupBy: ["client"], errorType: null, outcome: "done", key: "k-1", model: "m-3" }, (row) => row.client!],
  [{ groupBy: ["session", "hour"], limit: 25 }, (row) => [row.session_id!, `${row.started_at.slice(0, 13)}:00Z`]],
]

const FILTERED = [
  ["client", "client"],
  ["userId", "user_id"],
  ["project", "project"],
  ["model", "model"],
  ["key", "key_alias"],
  ["outcome", "outcome"],
  ["errorType", "error_type"],
] as const

test.each(QUERIES)("%j", (query, keyOf) => {
  const wanted = FILTERED.filter(([name]) => query[name] !== undefined)
  const meant = rows.filter(
    (row) =>
      Date.parse(row.started_at) >= (query.from ?? 0) && wanted.every(([name, column]) => row[column] === query[name]),
  )
  const groups = Map.groupBy(meant, (row) => JSON.stringify(keyOf(row)))
  const cost = (own: readonly LedgerRow[]) => total(own, (row) => row.cost_usd!)
  const largest = [...groups].sort((a, b) => cost(b[1]) - cost(a[1])).slice(0, query.limit)
  for (const reports of [kept, alone]) {
    const report = reports.make("usage", query)
    expect([report.rows_total, report.totals.requests]).toEqual([groups.size, meant.length])
    expect(report.totals.input_tokens).toBe(total(meant, (row) => row.input_tokens!))
    expect(report.totals.cost_usd).toBeCloseTo(cost(meant), 4)
    expect(report.totals.billed_usd).toBeCloseTo(
      total(meant, (row) => row.billed_usd!),
      4,
    )
    expect(report.totals.errors).toBe(total(meant, (row) => Number(row.outcome === "rejected")))
    expect(report.rows.map(({ key }) => JSON.stringify(key)).sort()).toEqual(largest.map(([key]) => key).sort())
    for (const row of report.rows) {
      const own = groups.get(JSON.stringify(row.key))!
      expect(row.cost_usd).toBeCloseTo(cost(own), 6)
      expect(row).toMatchObject({
        requests: own.length,
        input_tokens: total(own, (one) => one.input_tokens!),
        duration_ms: percentiles(own.map((one) => one.duration_ms)),
        ttft_ms: percentiles(own.flatMap((one) => one.ttft_ms ?? [])),
      })
    }
  }
})

const KEYS: Record<Group, (row: LedgerRow) => string | null> = {
  model: ({ model }) => model,
  client: ({ client }) => client,
  user: ({ user_id }) => user_id,
  project: ({ project }) => project,
  session: ({ session_id }) => session_id,
  key: ({ key_alias }) => key_alias,
  provider: ({ provider }) => provider,
  day: ({ started_at }) => started_at.slice(0, 10),
  hour: ({ started_at }) => `${started_at.slice(0, 13)}:00Z`,
}
const GROUPINGS = GROUP_NAMES.flatMap((first, at) => [[first], [first, GROUP_NAMES[at - 4] ?? GROUP_NAMES[at + 1]!]])

/** Exact for up to a thousand values, else within 0.4 %. */
function isNear(said: Percentiles, values: readonly number[]): boolean {
  const { p50, p95 } = percentiles(values)
  const error = values.length > 1_024 ? 0.004 : 0
  return Math.abs(said.p50! - p50!) <= p50! * error && Math.abs(said.p95! - p95!) <= p95! * error
}

test.each(GROUPINGS.map((groupBy) => groupBy.join(",")))("a span of time by %s", (names) => {
  const groupBy = names.split(",") as Group[]
  const [from, to] = [T0 + 6_000 * MINUTE + 1, T0 + 61_000 * MINUTE]
  const meant = rows.filter(({ started_at }) => Date.parse(started_at) >= from && Date.parse(started_at) < to)
  const groups = Map.groupBy(meant, (row) => JSON.stringify(groupBy.map((group) => KEYS[group](row))))
  for (const reports of [kept, alone]) {
    const report = reports.make("usage", { groupBy, from, to })
    expect([report.rows.length, report.rows_total, report.totals.requests]).toEqual([
      groups.size,
      groups.size,
      meant.length,
    ])
    const wrong = report.rows.filter(({ key, requests, input_tokens, cost_usd, duration_ms }) => {
      const own = groups.get(JSON.stringify([key].flat())) ?? []
      const isRight =
        requests === own.length &&
        input_tokens === total(own, (row) => row.input_tokens!) &&
        Math.abs(cost_usd! - total(own, (row) => row.cost_usd!)) < 1e-6 &&
        isNear(
          duration_ms,
          own.map((row) => row.duration_ms),
        )
      return !isRight
    })
    expect(wrong).toEqual([])
  }
})

test("who asks again with another end of the time, or another limit, has the same as who asks for the first time", () => {
  const ends = [1, 30_000, 60_000, 60_001, 10_000, undefined, 70_000, 5].map((minute) => minute && T0 + minute * MINUTE)
  const asked: UsageQuery[] = ends.flatMap((to) => [
    { groupBy: ["client"], to },
    { groupBy: ["client", "day"], to, limit: 7 },
    { groupBy: ["day", "client"], tz: "Asia/Kathmandu", to },
    { groupBy: ["session", "client"], to, limit: 100 },
  ])
  for (const query of [...asked, ...asked])
    expect(rounded(kept.make("usage", query))).toEqual(rounded(alone.make("usage", query)))
})
