/** The ledger as its callers see it: what goes in comes out, once, in order, filtered. */
import { afterAll, expect, test } from "bun:test"
import * as fc from "fast-check"
import { Refusal, type LedgerRow } from "../../src/exchange.ts"
import type { Ledger } from "../../src/store/ledger.ts"
import type { ListQuery } from "../../src/store/list.ts"
import { openStore } from "../../src/store/open.ts"
import { anyDetail, anyRow, detailOf, entryOf, rowAt, temporaryDirectories } from "./sample.ts"

const directories = temporaryDirectories()
afterAll(directories.remove)

const T0 = Date.UTC(2026, 0, 1)
const warnings: string[] = []

async function withLedger<T>(use: (ledger: Ledger) => Promise<T>): Promise<T> {
  const store = openStore(directories.make(), { warn: (message) => warnings.push(message) })
  try {
    return await use(store.ledger)
  } finally {
    await store.close()
  }
}

async function allPages(ledger: Ledger, query: ListQuery, between: () => void = () => {}): Promise<LedgerRow[]> {
  const rows: LedgerRow[] = []
  let cursor: string | null = null
  do {
    if (rows.length > 5_000) throw new Error("the pages do not end")
    const page = await ledger.list({ ...query, cursor: cursor ?? undefined })
    rows.push(...page.data)
    cursor = page.next_cursor
    between()
  } while (cursor !== null)
  return rows
}

test("a row and its detail come back as they were given, whatever is in them", async () => {
  await withLedger((ledger) =>
    fc.assert(
      fc.asyncProperty(anyRow(0, 4e12), anyDetail, async (given, detail) => {
        const row = { ...given, id: Bun.randomUUIDv7() } // shrinking would come again with the same id
        ledger.append(row, detail)
        expect(await ledger.get(row.id)).toEqual({ ...entryOf(row, detail), feedback: [] })
        expect((await ledger.list({ limit: 1000, from: Date.parse(row.started_at) })).data).toContainEqual(row)
      }),
      { numRuns: 200 },
    ),
  )
})

test("the columns of a row have the contract's order", async () => {
  await withLedger(async (ledger) => {
    const row = rowAt(T0)
    ledger.append(row, detailOf())
    const [read] = (await ledger.list({})).data
    expect(Object.keys(read!)).toEqual(Object.keys(row))
  })
})

test("a read sees every row appended before it, and rows wait for nobody otherwise", async () => {
  await withLedger(async (ledger) => {
    ledger.append(rowAt(T0), detailOf())
    expect(ledger.health()).toEqual({ queued: 1, dropped: 0, lastError: null })
    expect((await ledger.list({})).data).toHaveLength(1)
    expect(ledger.health().queued).toBe(0)
  })
})

test("an id that is there already is not written twice", async () => {
  await withLedger(async (ledger) => {
    const row = rowAt(T0)
    ledger.append(row, detailOf())
    ledger.append({ ...row, status: 500 }, detailOf())
    await ledger.flush()
    ledger.append({ ...row, status: 501 }, detailOf())
    const { data } = await ledger.list({})
    expect(data.map((one) => one.status)).toEqual([200])
    expect(ledger.health().dropped).toBe(0) // it is no failure either
  })
})

test("a row that cannot be stored is counted and holds up no other", async () => {
  await withLedger(async (ledger) => {
    ledger.append(rowAt(T0), detailOf())
    ledger.append(rowAt(T0, { started_at: "not a time" }), detailOf())
    ledger.append(rowAt(T0, { model: {} as string }), detailOf())
    ledger.append(rowAt(T0), detailOf({ deployment_id: 1n as unknown as string }))
    ledger.append(rowAt(T0), detailOf())
    expect((await ledger.list({})).data).toHaveLength(2)
    expect(ledger.health()).toEqual({ queued: 0, dropped: 3, lastError: null })
  })
})

test("of many rows that differ in who asked whom none is lost or given another's, and one among them that cannot be stored is left out", async () => {
  await withLedger(async (ledger) => {
    const rows = Array.from({ length: 500 }, (_, at) =>
      rowAt(T0 + at, {
        client: `c${at % 3}`,
        model: `m${at % 20}`,
        status: at === 77 ? ({} as number) : 200 + (at % 2),
      }),
    )
    for (const row of rows) ledger.append(row, detailOf())
    const { data } = await ledger.list({ limit: 1000 })
    expect(data).toEqual(rows.filter((_, at) => at !== 77).reverse())
    expect(ledger.health()).toEqual({ queued: 0, dropped: 1, lastError: null })
  })
})

test("listeners get each row once, after it is on disk, until they leave; a failing one is let go", async () => {
  await withLedger(async (ledger) => {
    const heard: string[] = []
    const leave = ledger.subscribe((row) => heard.push(row.id))
    ledger.subscribe(() => {
      throw new Error("boom")
    })
    const [first, second] = [rowAt(T0), rowAt(T0)]
    ledger.append(first, detailOf())
    expect(heard).toEqual([])
    await ledger.flush()
    expect(heard).toEqual([first.id])
    expect(warnings.some((one) => one.includes("boom"))).toBe(true)
    leave()
    ledger.append(second, detailOf())
    await ledger.flush()
    expect(heard).toEqual([first.id])
  })
})

test("pages of any size show each row once, newest first, while rows are appended", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(anyRow(T0, T0 + 20), { minLength: 1, maxLength: 60 }),
      fc.integer({ min: 1, max: 17 }),
      (rows, limit) =>
        withLedger(async (ledger) => {
          for (const row of rows) ledger.append(row, detailOf())
          let later = 0
          const paged = await allPages(ledger, { limit }, () => {
            ledger.append(rowAt(T0 + 30 + later++), detailOf())
            ledger.append(rowAt(T0 + 10), detailOf())
          })
          const shown = paged.map((row) => row.id)
          expect(new Set(shown).size).toBe(shown.length)
          for (const row of rows) expect(shown).toContain(row.id)
          const order = paged.map((row) => `${row.started_at} ${row.id}`)
          expect(order).toEqual(order.toSorted().reverse())
        }),
    ),
    { numRuns: 25 },
  )
})

test("filters find what the same filter on the rows in memory finds", async () => {
  const rows = fc.sample(fc.tuple(anyRow(T0, T0 + 1000), anyDetail), { numRuns: 400, seed: 7 })
  const some = <T>(...values: T[]) => fc.option(fc.constantFrom(...values), { nil: undefined })
  const anyFilter = fc.record({
    from: fc.option(fc.integer({ min: T0, max: T0 + 1000 }), { nil: undefined }),
    to: fc.option(fc.integer({ min: T0, max: T0 + 1000 }), { nil: undefined }),
    client: some("codex", "a'b", null),
    userId: some("ada", "%", null),
    project: some("acme/shop", "/home/ada/site", null),
    sessionId: some("s-1", null),
    model: some("gpt-5", null),
    key: some("ci", null),
    outcome: some("done" as const, "rejected" as const),
  })
  await withLedger(async (ledger) => {
    for (const [row, detail] of rows) ledger.append(row, detail)
    await fc.assert(
      fc.asyncProperty(anyFilter, async (filter) => {
        const is = (wanted: string | null | undefined, value: string | null) => wanted === undefined || wanted === value
        const wanted = rows.filter(([row, detail]) => {
          const at = Date.parse(row.started_at)
          return (
            at >= (filter.from ?? 0) &&
            at < (filter.to ?? Number.POSITIVE_INFINITY) &&
            is(filter.client, row.client) &&
            is(filter.userId, row.user_id) &&
            (is(filter.project, row.project) || (filter.project !== null && is(filter.project, detail.project_key))) &&
            is(filter.sessionId, row.session_id) &&
            is(filter.model, row.model) &&
            is(filter.key, row.key_alias) &&
            is(filter.outcome, row.outcome)
          )
        })
        const found = await allPages(ledger, { ...filter, limit: 50 })
        expect(found.map((row) => row.id).sort()).toEqual(wanted.map(([row]) => row.id).sort())
      }),
    )
  })
})

test("values shaped like SQL are values", async () => {
  await withLedger(async (ledger) => {
    const shaped = ["'; DROP TABLE requests; --", "' OR '1'='1", '" OR 1=1 --', "%", "_", "\\", "x\u0000y", "🦊'"]
    for (const value of shaped)
      ledger.append(rowAt(T0, { user_id: value, model: value, id: value }), detailOf({ project_key: value }))
    for (const value of shaped) {
      for (const filter of [{ userId: value }, { model: value }, { project: value }]) {
        expect((await ledger.list(filter)).data.map((row) => row.id)).toEqual([value])
      }
      expect((await ledger.get(value))?.user_id).toBe(value)
      expect((await ledger.usage({ groupBy: ["user"], userId: value })).totals.requests).toBe(1)
    }
  })
})

test("a cursor that is none of ours is refused by name", async () => {
  await withLedger(async (ledger) => {
    for (const cursor of ["", "x", "bnVsbA", Buffer.from('["a","b"]').toString("base64url")]) {
      const error = await ledger.list({ cursor }).catch((thrown: unknown) => thrown)
      expect(error).toBeInstanceOf(Refusal)
      expect(error).toMatchObject({ status: 400, param: "cursor" })
    }
  })
})

test("rows appended after the close are counted as dropped, and reads say that it is closed", async () => {
  const store = openStore(directories.make(), { warn: () => {} })
  await store.close()
  await store.close()
  store.ledger.append(rowAt(T0), detailOf())
  expect(store.ledger.health().dropped).toBe(1)
  expect(store.ledger.list({})).rejects.toThrow("closed")
})
