/** Of tens of thousands of groups a report shows the largest: the same ones, with the same sums, as who sums them all by hand. */
import { afterAll, beforeAll, expect, test } from "bun:test"
import type { LedgerRow } from "../../../src/exchange.ts"
import { openStore } from "../../../src/store/open.ts"
import { type OpenReports, openReports } from "../../../src/store/reports.ts"
import type { UsageQuery } from "../../../src/store/usage.ts"
import { detailOf, rowAt, temporaryDirectories } from "../sample.ts"

const directories = temporaryDirectories()
const T0 = Date.UTC(2026, 2, 27)
const MINUTE = 60_000
const SESSIONS = 30_000
/** Seventeen pieces of 4,096: four blocks of four are rolled up. */
const rows = Array.from({ length: 70_000 }, (_, index) =>
  rowAt(T0 + index * MINUTE, {
    session_id: `s-${(index * 7919) % SESSIONS}`,
    client: index % 3 === 0 ? "codex" : "claude-code",
    // No two sums are the same: which groups are the largest is never a matter of chance.
    cost_usd: ((index * 2_654_435_761) % 1_000_003) / 997,
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
  [{ groupBy: ["session", "hour"], limit: 25 }, (row) => [row.session_id!, `${row.started_at.slice(0, 13)}:00Z`]],
]

test.each(QUERIES)("%j", (query, keyOf) => {
  const meant = rows.filter(
    (row) =>
      Date.parse(row.started_at) >= (query.from ?? 0) && (query.client === undefined || row.client === query.client),
  )
  const groups = Map.groupBy(meant, (row) => JSON.stringify(keyOf(row)))
  const cost = (own: readonly LedgerRow[]) => total(own, (row) => row.cost_usd!)
  const largest = [...groups].sort((a, b) => cost(b[1]) - cost(a[1])).slice(0, query.limit)
  for (const reports of [kept, alone]) {
    const report = reports.make("usage", query)
    expect([report.rows_total, report.totals.requests]).toEqual([groups.size, meant.length])
    expect(report.totals.input_tokens).toBe(total(meant, (row) => row.input_tokens!))
    expect(report.totals.cost_usd).toBeCloseTo(cost(meant), 4)
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
