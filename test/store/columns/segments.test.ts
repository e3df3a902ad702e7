/** What the ledger says from its columns is what it says from its rows: appended late, changed, renamed, deleted or judged later. */
import { Database } from "bun:sqlite"
import { afterAll, beforeAll, expect, test } from "bun:test"
import * as fc from "fast-check"
import { join } from "node:path"
import { buildSegment } from "../../../src/store/columns/builder.ts"
import type { ListQuery } from "../../../src/store/list.ts"
import { openStore, type Store } from "../../../src/store/open.ts"
import type { UsageQuery } from "../../../src/store/usage.ts"
import { anyDetail, anyRow, detailOf, rowAt, temporaryDirectories } from "../sample.ts"

const directories = temporaryDirectories()
const T0 = Date.UTC(2026, 2, 27)
const DAY = 86_400_000
const ROWS = 5_000
let store: Store
/** Another connection, as a test's hand in the file. */
let db: Database

beforeAll(async () => {
  const dir = directories.make()
  store = openStore(dir, { warn: console.error })
  for (const [row, detail] of fc.sample(fc.tuple(anyRow(T0, T0 + 2 * DAY), anyDetail), { numRuns: ROWS, seed: 5 }))
    store.ledger.append({ ...row, id: Bun.randomUUIDv7() }, detail)
  await store.ledger.flush()
  db = new Database(join(dir, "ledger.db"))
  db.run("PRAGMA busy_timeout = 5000")
})
afterAll(async () => {
  db.close()
  await store.close()
  directories.remove()
})

const count = (sql: string) => db.query<{ n: number }, []>(`SELECT count(*) AS n FROM ${sql}`).get()!.n

function build(): number {
  let built = 0
  for (const numbers = new Map<string, number>(); buildSegment(db, numbers);) built++
  return built
}

const QUERIES: UsageQuery[] = [
  { groupBy: [] },
  { groupBy: ["model"] },
  { groupBy: ["project", "session"] },
  { groupBy: ["hour", "user"], tz: "Asia/Kathmandu" },
  { groupBy: ["client", "day"], outcome: "done", from: T0 + DAY / 2 },
  { groupBy: ["key"], project: "/home/ada/site", to: T0 + DAY },
  { groupBy: ["provider"], userId: "ada", model: "demo" },
  { groupBy: ["model"], client: "nobody" },
]
const LISTS: ListQuery[] = [
  { userId: "ada", limit: 7 },
  { project: "acme/shop", outcome: "rejected", limit: 1000 },
  { sessionId: "s-1", from: T0 + DAY, limit: 60 },
  { model: "gpt-5", key: "ci", client: "a'b" },
  { client: "nobody" },
]

async function everything() {
  const usage = await Promise.all(QUERIES.map((query) => store.ledger.usage(query)))
  const pages = await Promise.all(
    LISTS.map(async (query) => {
      const first = await store.ledger.list(query)
      return [
        first,
        first.next_cursor === null ? null : await store.ledger.list({ ...query, cursor: first.next_cursor }),
      ]
    }),
  )
  return { usage: usage.map(rounded), pages }
}

/** Sums of fractions depend on their order in the last digits. */
const rounded = (report: unknown): unknown =>
  JSON.parse(JSON.stringify(report), (_, value) => (typeof value === "number" ? Number(value.toPrecision(10)) : value))

async function expectTheSameWithoutSegments(): Promise<void> {
  const fromColumns = await everything()
  db.run("DELETE FROM segments")
  expect(count("row_columns")).toBe(0)
  expect(await everything()).toEqual(fromColumns)
}

test("columns say what rows say, and hold them all but the newest", async () => {
  build() // the ledger's own work may have made one already
  expect(count("segments")).toBe(2)
  await expectTheSameWithoutSegments()
})

test("a row that began long ago and is appended now is counted where it belongs", async () => {
  build()
  store.ledger.append(rowAt(T0 - DAY, { user_id: "ada" }), detailOf())
  store.ledger.append(rowAt(T0 + 1, { client: "new", model: "demo" }), detailOf())
  await expectTheSameWithoutSegments()
})

test("rows changed after their columns were made are counted as they are now: price, project, quality, deletion", async () => {
  build()
  db.run("UPDATE requests SET cost_usd = 3, billed_usd = 3 WHERE rowid IN (5, 100)")
  expect(count("segments")).toBe(1)
  const [orphan] = db.query<{ id: string }, []>("SELECT id FROM requests WHERE project IS NULL LIMIT 1").all()
  await store.ledger.nameProject([orphan!.id], { name: "acme/late", key: "github.com/acme/late" })
  expect((await store.ledger.usage({ groupBy: ["project"], project: "acme/late" })).totals.requests).toBe(1)
  db.run("UPDATE requests SET quality = 0.5 WHERE rowid BETWEEN 2000 AND 2500")
  db.run("DELETE FROM requests WHERE rowid IN (7, 8, 9, 3000)")
  await expectTheSameWithoutSegments()
  build()
  db.run("UPDATE requests SET quality = 0.25 WHERE rowid = 2100")
  expect(count("segments")).toBe(2)
  expect(count(`row_columns WHERE id % 16 = 4`)).toBe(1)
  await expectTheSameWithoutSegments()
})

test("what is dropped is made again, holes included", async () => {
  db.run("DELETE FROM requests WHERE rowid BETWEEN 1000 AND 3100")
  build()
  expect(count("segments")).toBeGreaterThan(0)
  db.run("UPDATE requests SET model = 'changed' WHERE rowid = 3200")
  build()
  expect(build()).toBe(0)
  await expectTheSameWithoutSegments()
})
