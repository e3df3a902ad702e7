/** Usage reports against sums made another way, and days and hours across changes of the clock. */
import { afterAll, expect, setDefaultTimeout, test } from "bun:test"
import * as fc from "fast-check"
import type { LedgerDetail, LedgerRow } from "../../src/exchange.ts"
import { calendarBuckets } from "../../src/store/calendar.ts"
import type { Group } from "../../src/store/groups.ts"
import { openStore } from "../../src/store/open.ts"
import type { UsageReport, UsageSums } from "../../src/store/usage.ts"
import { anyDetail, anyRow, detailOf, rowAt, temporaryDirectories } from "./sample.ts"

setDefaultTimeout(60_000) // many ledgers are made

const directories = temporaryDirectories()
afterAll(directories.remove)

const T0 = Date.UTC(2026, 2, 27)
const HOUR = 3_600_000
const DAY = 24 * HOUR
type Pair = [LedgerRow, LedgerDetail]

async function usageOf(
  pairs: readonly Pair[],
  groupBy: Group[],
  more: { tz?: string; from?: number; to?: number; limit?: number } = {},
): Promise<UsageReport> {
  const { ledger, close } = openStore(directories.make(), { warn: console.error })
  try {
    for (const [row, detail] of pairs) ledger.append(row, detail)
    return await ledger.usage({ groupBy, ...more })
  } finally {
    await close()
  }
}

const total = (pairs: readonly Pair[], value: (row: LedgerRow) => number | null) =>
  pairs.reduce((sum, [row]) => sum + (value(row) ?? 0), 0)

/** Nearest rank by its definition: the smallest value that `percent` % of the values are at most. */
function rank(values: number[], percent: number): number | null {
  const sorted = values.toSorted((a, b) => a - b)
  return (
    sorted.find((value) => sorted.filter((other) => other <= value).length * 100 >= percent * sorted.length) ?? null
  )
}

function expectedSums(pairs: readonly Pair[]): UsageSums {
  const unpriced = pairs.filter(([row, { operation }]) => {
    if (row.cost_usd !== null || operation === "count_tokens") return false
    const isAnswered = row.outcome === "done" && (operation === "generate" || operation === "completions")
    return isAnswered || (row.input_tokens ?? 0) + (row.output_tokens ?? 0) > 0
  }).length
  const isUnknown = unpriced > 0 && pairs.every(([row]) => row.cost_usd === null)
  const durations = pairs.map(([row]) => row.duration_ms)
  const ttfts = pairs.flatMap(([row]) => row.ttft_ms ?? [])
  const streamed = pairs.filter(
    ([row]) => row.stream && row.ttft_ms !== null && (row.output_tokens ?? 0) > 0 && row.duration_ms > row.ttft_ms,
  )
  const seconds = total(streamed, (row) => row.duration_ms - row.ttft_ms!) / 1000
  return {
    requests: pairs.length,
    errors: pairs.filter(([row]) => row.outcome === "rejected" || row.outcome === "upstream-failed").length,
    input_tokens: total(pairs, (row) => row.input_tokens),
    cache_read_tokens: total(pairs, (row) => row.cache_read_tokens),
    cache_write_tokens: total(pairs, (row) => row.cache_write_tokens),
    output_tokens: total(pairs, (row) => row.output_tokens),
    reasoning_tokens: total(pairs, (row) => row.reasoning_tokens),
    cost_usd: isUnknown ? null : total(pairs, (row) => row.cost_usd),
    billed_usd: isUnknown ? null : total(pairs, (row) => row.billed_usd),
    unpriced,
    duration_ms: { p50: rank(durations, 50), p95: rank(durations, 95) },
    ttft_ms: { p50: rank(ttfts, 50), p95: rank(ttfts, 95) },
    tokens_per_second: streamed.length === 0 ? null : total(streamed, (row) => row.output_tokens) / seconds,
    quality: mean(pairs.flatMap(([row]) => row.quality ?? [])),
  }
}

const mean = (values: number[]) =>
  values.length === 0 ? null : values.reduce((sum, value) => sum + value, 0) / values.length

/** Sums of fractions depend on their order in the last digits; everything else must be equal. */
function expectSums(
  { cost_usd, billed_usd, tokens_per_second, quality, ...rest }: UsageSums,
  expected: UsageSums,
): void {
  const near = (value: number | null, wanted: number | null) => {
    if (wanted === null || value === null || !Number.isFinite(wanted)) expect(value).toBe(wanted)
    else expect(Math.abs(value - wanted)).toBeLessThanOrEqual(1e-9 * Math.max(1, Math.abs(wanted)))
  }
  near(cost_usd, expected.cost_usd)
  near(billed_usd, expected.billed_usd)
  near(tokens_per_second, expected.tokens_per_second)
  near(quality, expected.quality)
  expect({ ...expected, ...rest }).toEqual(expected)
}

const NAMES: Record<string, (row: LedgerRow) => string | null> = {
  model: (row) => row.model,
  client: (row) => row.client,
  user: (row) => row.user_id,
  project: (row) => row.project,
  session: (row) => row.session_id,
  key: (row) => row.key_alias,
  provider: (row) => row.provider,
  day: (row) => row.started_at.slice(0, 10),
  hour: (row) => `${row.started_at.slice(0, 13)}:00Z`,
}

test("the rows and totals of any grouping equal sums made by hand", async () => {
  const groups = fc.uniqueArray(fc.constantFrom(...(Object.keys(NAMES) as Group[])), { minLength: 1, maxLength: 2 })
  const pairs = fc.array(fc.tuple(anyRow(T0, T0 + 2 * DAY), anyDetail), { maxLength: 80 })
  await fc.assert(
    fc.asyncProperty(pairs, groups, async (given, groupBy) => {
      const { rows, totals } = await usageOf(given, groupBy)
      expectSums(totals, expectedSums(given))
      const keyOf = ([row]: Pair) => {
        const names = groupBy.map((group) => NAMES[group]!(row))
        return JSON.stringify(names.length === 2 ? names : names[0])
      }
      const byHand = Map.groupBy(given, keyOf)
      expect(rows.map((row) => JSON.stringify(row.key)).sort()).toEqual([...byHand.keys()].sort())
      for (const { key, ...sums } of rows) expectSums(sums, expectedSums(byHand.get(JSON.stringify(key))!))
    }),
    { numRuns: 40 },
  )
})

test("a limit leaves the dearest rows as they are, of equal ones those of the most requests; the totals are of all", async () => {
  const at = (model: string, cost_usd: number | null, requests = 1): Pair[] =>
    Array.from({ length: requests }, () => [
      rowAt(T0, { model, cost_usd: cost_usd && cost_usd / requests }),
      detailOf(),
    ])
  const pairs = [at("a", 2), at("b", 8, 4), at("c", 0, 2), at("d", null), at("e", 0, 3), at("f", 2, 2)].flat()
  const all = await usageOf(pairs, ["model"])
  expect(all.rows.map(({ key }) => key)).toEqual(["b", "f", "a", "e", "c", "d"])
  for (let limit = 1; limit <= 7; limit++) {
    const { rows, rows_total, totals } = await usageOf(pairs, ["model"], { limit })
    expect(rows).toEqual(all.rows.slice(0, limit))
    expect([rows_total, totals]).toEqual([6, all.totals])
  }
  const inTime = await usageOf(
    [...pairs, [rowAt(T0 - DAY, { model: "b", cost_usd: 3 }), detailOf()]],
    ["day", "model"],
    {
      limit: 2,
    },
  )
  expect(inTime.rows.map(({ key }) => key)).toEqual([
    ["2026-03-26", "b"],
    ["2026-03-27", "b"],
  ])
})

test("a report of more rows than one slice counts each once", async () => {
  const pairs = Array.from({ length: 6_001 }, (_, index): Pair => [
    rowAt(T0 + (index % 3), { input_tokens: index }),
    detailOf(),
  ])
  const { totals } = await usageOf(pairs, ["model"])
  expect([totals.requests, totals.input_tokens]).toEqual([6_001, (6_000 * 6_001) / 2])
})

test("nothing used is zero everywhere, and costs nothing", async () => {
  const { rows, totals } = await usageOf([], ["model"])
  expect(rows).toEqual([])
  expect(totals).toEqual({ ...expectedSums([]), cost_usd: 0, billed_usd: 0 })
})

test("cost is null, not zero, where every row lacks a price; refused requests alone cost nothing", async () => {
  const unknown = rowAt(T0, { model: "new", cost_usd: null, billed_usd: null })
  const refused = rowAt(T0, {
    model: "no",
    outcome: "rejected",
    cost_usd: null,
    billed_usd: null,
    input_tokens: null,
    output_tokens: null,
  })
  const { rows, totals } = await usageOf(
    [unknown, refused, rowAt(T0)].map((row): Pair => [row, detailOf()]),
    ["model"],
  )
  const cost = Object.fromEntries(rows.map((row) => [row.key, [row.cost_usd, row.unpriced]]))
  expect(cost).toEqual({ new: [null, 1], no: [0, 0], "claude-sonnet-4.5": [0.0123, 0] })
  expect([totals.cost_usd, totals.unpriced]).toEqual([0.0123, 1])
})

test("days run forward, other groups begin with the dearest", async () => {
  const at = (day: number, model: string, cost_usd: number): Pair => [
    rowAt(T0 + day * DAY, { model, cost_usd }),
    detailOf(),
  ]
  const pairs = [at(1, "b", 5), at(0, "a", 1), at(0, "c", 2), at(1, "a", 9)]
  expect((await usageOf(pairs, ["model", "day"])).rows.map((row) => row.key)).toEqual([
    ["c", "2026-03-27"],
    ["a", "2026-03-27"],
    ["a", "2026-03-28"],
    ["b", "2026-03-28"],
  ])
  expect((await usageOf(pairs, ["model"])).rows.map((row) => row.key)).toEqual(["a", "b", "c"])
})

test("from is the first moment counted, to the first one not", async () => {
  const pairs = [0, 1, 2, 3].map((ms): Pair => [rowAt(T0 + ms, { input_tokens: 10 ** ms }), detailOf()])
  expect((await usageOf(pairs, [], { from: T0 + 1, to: T0 + 3 })).totals.input_tokens).toBe(110)
})

test("days of a zone hold 23 and 25 hours when the clock changes", async () => {
  const hourly = (from: number): Pair[] =>
    Array.from({ length: 72 }, (_, hour) => [rowAt(from + hour * HOUR), detailOf()])
  const requests = async (from: number, tz: string) =>
    (await usageOf(hourly(from), ["day"], { tz })).rows.map((row) => [row.key, row.requests])
  expect(await requests(Date.UTC(2026, 2, 28), "Europe/Berlin")).toEqual([
    ["2026-03-28", 23],
    ["2026-03-29", 23],
    ["2026-03-30", 24],
    ["2026-03-31", 2],
  ])
  expect(await requests(Date.UTC(2026, 10, 1, 4), "America/New_York")).toEqual([
    ["2026-11-01", 25],
    ["2026-11-02", 24],
    ["2026-11-03", 23],
  ])
})

test("the two hours of one name when summer time ends are two rows", async () => {
  const pairs = [0, 1, 2, 3].map((hour): Pair => [rowAt(Date.UTC(2026, 9, 24, 23) + hour * HOUR), detailOf()])
  expect((await usageOf(pairs, ["hour"], { tz: "Europe/Berlin" })).rows.map((row) => row.key)).toEqual([
    "2026-10-25T01:00+02:00",
    "2026-10-25T02:00+02:00",
    "2026-10-25T02:00+01:00",
    "2026-10-25T03:00+01:00",
  ])
})

test("a bucket's name is what Intl says of the instant, in zones of every kind", () => {
  const zones = [
    "UTC",
    "Asia/Kolkata",
    "Asia/Kathmandu",
    "Australia/Lord_Howe",
    "America/St_Johns",
    "Pacific/Apia",
    "Africa/Casablanca",
  ]
  fc.assert(
    fc.property(
      fc.constantFrom(...zones),
      fc.integer({ min: Date.UTC(1980, 0), max: Date.UTC(2040, 0) }),
      (zone, at) => {
        const parts = new Intl.DateTimeFormat("en-CA", {
          timeZone: zone,
          year: "numeric",
          month: "2-digit",
          day: "2-digit",
          hour: "2-digit",
          hourCycle: "h23",
        })
        const of = Object.fromEntries(parts.formatToParts(at).map(({ type, value }) => [type, value]))
        expect(calendarBuckets("day", zone)(at)).toBe(`${of.year}-${of.month}-${of.day}`)
        const hour = calendarBuckets("hour", zone)(at)
        expect(hour.slice(0, 13)).toBe(`${of.year}-${of.month}-${of.day}T${of.hour}`)
        const since = at - Date.parse(hour)
        expect(since >= 0 && since < HOUR).toBe(true)
      },
    ),
    { numRuns: 500 },
  )
})
