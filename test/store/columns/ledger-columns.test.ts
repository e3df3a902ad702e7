/** What the ledger says from its columns is what it says from its rows: appended late, changed, renamed, deleted or judged later. */
import { Database } from "bun:sqlite"
import { afterAll, beforeAll, expect, test } from "bun:test"
import * as fc from "fast-check"
import { rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import type { ListQuery } from "../../../src/store/list.ts"
import { openStore, type Store } from "../../../src/store/open.ts"
import type { QualityQuery } from "../../../src/store/quality.ts"
import { type ColumnsUse, type OpenReports, openReports } from "../../../src/store/reports.ts"
import type { UsageQuery } from "../../../src/store/usage.ts"
import { anyDetail, anyRow, detailOf, rowAt, temporaryDirectories } from "../sample.ts"

const directories = temporaryDirectories()
const T0 = Date.UTC(2026, 2, 27)
const DAY = 86_400_000
/** Seventeen pieces of 4,096: four blocks of four are rolled up, and the sixteen together by all but conversations and quarters of an hour. */
const ROWS = 70_000
const ROLLUPS = 4 * 16 + 13
let dir: string
/** A test's hand in the file. */
let db: Database

/** A store for a moment: while it is closed, nobody else keeps the columns. */
async function withStore(act: (store: Store) => void | Promise<void>): Promise<void> {
  const store = openStore(dir, { warn: console.error })
  await act(store)
  await store.close()
}

beforeAll(async () => {
  dir = directories.make()
  const samples = fc.sample(fc.tuple(anyRow(T0, T0 + 2 * DAY), anyDetail), { numRuns: 2_000, seed: 5 })
  await withStore(async ({ ledger }) => {
    for (let index = 0; index < ROWS; index++) {
      const [row, detail] = samples[index % samples.length]!
      const at = new Date(Date.parse(row.started_at) + index).toISOString()
      ledger.append({ ...row, started_at: at, id: Bun.randomUUIDv7() }, detail)
      if (index % 5_000 === 0) await ledger.flush()
    }
  })
  db = new Database(join(dir, "ledger.db"))
  db.run("PRAGMA busy_timeout = 5000")
}, 60_000)
afterAll(() => {
  db.close()
  directories.remove()
})

const QUERIES: UsageQuery[] = [
  { groupBy: [] },
  { groupBy: ["model"] },
  { groupBy: ["session"], from: T0 - 5 * DAY },
  { groupBy: ["user"], from: T0 + DAY },
  { groupBy: ["day"], tz: "Asia/Kathmandu" },
  { groupBy: ["project", "session"] },
  { groupBy: ["hour", "user"], tz: "Asia/Kathmandu" },
  { groupBy: ["client", "day"], outcome: "done", from: T0 + DAY / 2 },
  { groupBy: ["key"], project: "/home/ada/site", to: T0 + DAY },
  { groupBy: ["provider"], userId: "ada", model: "demo" },
  { groupBy: ["model"], client: "nobody" },
]
const QUALITY: QualityQuery[] = [
  { groupBy: ["memory"] },
  { groupBy: ["project"] },
  { groupBy: ["hour"], tz: "Asia/Kathmandu" },
  { groupBy: ["model", "memory"], outcome: "done" },
]
const LISTS: ListQuery[] = [
  { userId: "ada", limit: 7 },
  { project: "acme/shop", outcome: "rejected", limit: 1000 },
  { sessionId: "s-1", from: T0 + DAY, limit: 60 },
  { model: "gpt-5", key: "ci", client: "a'b" },
  { client: "nobody" },
]

/** All reports there are, made here with columns or without. */
function everything(use: ColumnsUse) {
  const reports = openReports(dir, use)!
  try {
    return everythingOf(reports)
  } finally {
    reports.close()
  }
}

function everythingOf(reports: OpenReports) {
  const pages = LISTS.map((query) => {
    const first = reports.make("search", query)
    return [first, first.next_cursor && reports.make("search", { ...query, cursor: first.next_cursor })]
  })
  const sessions = [{}, { userId: "ada", model: "demo" }].map((query) => reports.make("sessions", query))
  return {
    usage: QUERIES.map((query) => rounded(reports.make("usage", query))),
    quality: QUALITY.map((query) => rounded(reports.make("quality", query))),
    clients: rounded(reports.make("clients", {})),
    sessions: rounded(sessions),
    pages,
  }
}

/** Sums of fractions depend on their order in the last digits. */
const rounded = (report: unknown): unknown =>
  JSON.parse(JSON.stringify(report), (_, value) =>
    typeof value === "number" ? Number(Number(value.toPrecision(9)).toFixed(9)) : value,
  )

/** As the thread for reports does it; `ages`: also what changed a moment ago. @returns how much there was to do */
function build(ages = 0): number {
  const reports = openReports(dir, "keep")!
  let done = 0
  try {
    for (let age = 0; age <= ages; age++) {
      while (reports.atOnce((columns) => columns.work())) done++
      reports.atOnce((columns) => columns.age())
    }
    const applied = reports.atOnce((columns) => columns.keepApplied())
    db.query("DELETE FROM changes WHERE number <= ? AND number < (SELECT max(number) FROM changes)").run(applied)
    return done
  } finally {
    reports.close()
  }
}

function expectTheSameWithout(): void {
  const fromRows = everything("none")
  expect(everything("read")).toEqual(fromRows)
  expect(everything("keep")).toEqual(fromRows)
}

function inColumns(sql: string): number {
  const file = new Database(join(dir, "columns.db"), { readonly: true })
  const { n } = file.query<{ n: number }, []>(`SELECT count(*) AS n FROM ${sql}`).get()!
  file.close()
  return n
}

test("columns say what rows say, and hold them all but the newest", () => {
  build()
  expect(inColumns("pieces")).toBe(Math.floor((ROWS + 1) / 4_096))
  expect(inColumns("rollups")).toBe(ROLLUPS)
  expect(build()).toBe(0)
  expectTheSameWithout()
}, 60_000)

test("a client's versions are those of its newest hundred requests, in whatever order they ended", async () => {
  const { ledger, close } = openStore(directories.make(), { warn: console.error })
  const began = Array.from({ length: 301 }, (_, index) => index)
  began[300] = 0.5 // it took long
  began[201] = 1_000
  for (const second of began)
    ledger.append(rowAt(T0 + second * 1_000, { client: "codex", client_version: String(second) }), detailOf())
  await ledger.flush()
  const [codex] = await ledger.clients({})
  expect(codex!.versions).toEqual(
    began
      .toSorted((one, other) => other - one)
      .slice(0, 100)
      .map(String),
  )
  await close()
}, 60_000)

test("a row that began long ago and is appended now is counted where it belongs", async () => {
  await withStore(({ ledger }) => {
    ledger.append(rowAt(T0 - DAY, { user_id: "ada" }), detailOf())
    ledger.append(rowAt(T0 + 1, { client: "new", model: "demo" }), detailOf())
  })
  expectTheSameWithout()
}, 60_000)

test("rows changed after their columns were made are counted as they are now: price, project, counts, deletion", async () => {
  build()
  db.run("UPDATE requests SET cost_usd = 3, billed_usd = 3 WHERE rowid IN (5, 100)")
  const [orphan] = db.query<{ id: string }, []>("SELECT id FROM requests WHERE project IS NULL LIMIT 1").all()
  await withStore(async ({ ledger }) => {
    await ledger.nameProject([orphan!.id], { name: "acme/late", key: "github.com/acme/late" })
    ledger.count(orphan!.id, { corrected: 1 })
    await ledger.flush()
    expect((await ledger.usage({ groupBy: ["project"], project: "acme/late" })).totals.requests).toBe(1)
  })
  db.run("UPDATE requests SET quality = 0.5 WHERE rowid BETWEEN 8000 AND 8500")
  db.run("DELETE FROM requests WHERE rowid IN (7, 8, 9, 9000)")
  expectTheSameWithout()
  build() // what changed a moment ago may change again: no piece is made anew yet
  expect(inColumns("rollups")).toBe(ROLLUPS)
  expectTheSameWithout()
  build(3)
  expect(openChanges()).toBe(1)
  expect(inColumns("rollups")).toBe(ROLLUPS)
  expectTheSameWithout()
  db.run("UPDATE requests SET quality = 0.25 WHERE rowid = 8100")
  expectTheSameWithout()
}, 60_000)

const openChanges = () => db.query<{ n: number }, []>("SELECT count(*) AS n FROM changes").get()!.n

test("who asks again and again sees each change, and nothing else", async () => {
  const reports = openReports(dir, "keep")!
  const work = () => {
    for (let age = 0; age <= 3; age++) {
      while (reports.atOnce((columns) => columns.work()));
      reports.atOnce((columns) => columns.age())
    }
  }
  const changes = [
    () => withStore(({ ledger }) => ledger.append(rowAt(T0 + 2, { client: "new", user_id: "ada" }), detailOf())),
    () => db.run("UPDATE requests SET cost_usd = 7, duration_ms = 12345 WHERE rowid IN (6, 9001)"),
    work,
    () => db.run("UPDATE requests SET model = 'renamed', session_id = NULL WHERE rowid BETWEEN 20000 AND 20100"),
    () => db.run("DELETE FROM requests WHERE rowid BETWEEN 100 AND 3000"),
    work,
    () => db.run("UPDATE requests SET ttft_ms = NULL WHERE rowid > 65000"),
    () => db.run("DELETE FROM requests WHERE rowid > 69000"),
  ]
  try {
    expect(everythingOf(reports)).toEqual(everything("none"))
    for (const change of changes) {
      await change()
      const fromRows = everything("none")
      expect(everythingOf(reports)).toEqual(fromRows)
      expect(everythingOf(reports)).toEqual(fromRows)
    }
  } finally {
    reports.close()
  }
}, 120_000)

test("the newest rows are deleted and their numbers given out again", async () => {
  build(3)
  db.run("DELETE FROM requests WHERE rowid > 60000")
  expectTheSameWithout()
  await withStore(async ({ ledger }) => {
    for (let index = 0; index < 3_000; index++) ledger.append(rowAt(T0 + index, { model: "again" }), detailOf())
    await ledger.flush()
    const { rows } = await ledger.usage({ groupBy: ["model"] })
    expect(rows.find(({ key }) => key === "again")?.requests).toBe(3_000)
  })
  expectTheSameWithout()
  build(3)
  expectTheSameWithout()
}, 60_000)

test("all rows but the newest are deleted, from the oldest on", () => {
  db.run("DELETE FROM requests WHERE rowid < 50000")
  build(3)
  expectTheSameWithout()
}, 60_000)

test("columns of another ledger, of a newer state of this one, damaged ones and none are made anew", () => {
  build(3)
  const path = join(dir, "columns.db")
  db.run("UPDATE identity SET id = 'another'")
  expectTheSameWithout()
  db.run("DELETE FROM changes WHERE number > 1")
  expectTheSameWithout()
  build(3)
  writeFileSync(path, new Uint8Array(50_000).fill(0x5a))
  expect(everything("keep")).toEqual(everything("none"))
  rmSync(path)
  expectTheSameWithout()
}, 60_000)

test("columns that are only locked are not thrown away", () => {
  build()
  const path = join(dir, "columns.db")
  const pieces = inColumns("pieces")
  const other = new Database(path)
  other.run("PRAGMA locking_mode = EXCLUSIVE")
  other.run("BEGIN IMMEDIATE")
  other.run("UPDATE state SET applied = applied")
  expect(() => openReports(dir, "keep")).toThrow("locked")
  other.run("ROLLBACK")
  other.close()
  expect(inColumns("pieces")).toBe(pieces)
  expectTheSameWithout()
}, 60_000)
