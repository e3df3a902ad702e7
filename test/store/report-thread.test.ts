/** Reports come from another thread: of every row appended before, each to whom it was asked by, and with columns or without. */
import { afterAll, beforeAll, expect, test } from "bun:test"
import { Database } from "bun:sqlite"
import { existsSync, mkdirSync } from "node:fs"
import { join } from "node:path"
import { openStore, type Store } from "../../src/store/open.ts"
import { createReportThread } from "../../src/store/report-thread.ts"
import type { UsageReport } from "../../src/store/usage.ts"
import { openReports } from "../../src/store/reports.ts"
import { detailOf, rowAt, temporaryDirectories, until } from "./sample.ts"

const directories = temporaryDirectories()
const T0 = Date.UTC(2026, 2, 27)
const ROWS = 31_000
let dir: string
let store: Store

beforeAll(async () => {
  dir = directories.make()
  store = openStore(dir, { warn: console.error })
  for (let index = 0; index < ROWS; index++) {
    store.ledger.append(rowAt(T0 + index * 1000, { model: `m${index % 7}`, input_tokens: index }), detailOf())
    if (index % 5_000 === 0) await store.ledger.flush()
  }
}, 60_000)
afterAll(async () => {
  await store.close()
  directories.remove()
})

test("the report has the row appended just before, and is the same as from the rows alone", async () => {
  store.ledger.append(rowAt(T0, { model: "last" }), detailOf())
  const query = { groupBy: ["model", "day"] as const, tz: "Europe/Berlin" }
  const text = new TextDecoder().decode(await store.ledger.usageJson(query))
  expect(text).toContain('"last"')
  const rows = openReports(dir, "none")!
  expect(JSON.parse(text)).toEqual(rows.make("usage", query))
  rows.close()
}, 60_000)

test("several at once are kept apart", async () => {
  const models = ["m0", "m1", "m2"]
  const reports = await Promise.all(models.map((model) => store.ledger.usage({ groupBy: ["model"], model })))
  expect(reports.map(({ rows }) => rows.map((row) => row.key))).toEqual(models.map((model) => [model]))
}, 60_000)

test("while nobody asks, columns are made when requests are not many, and not before", async () => {
  const quiet = directories.make()
  const { ledger, close } = openStore(quiet, { warn: console.error, quietMs: 2_000 })
  const path = join(quiet, "columns.db")
  for (let index = 0; index < 5_000; index++) ledger.append(rowAt(T0 + index), detailOf())
  for (let turn = 0; turn < 20; turn++) {
    for (let index = 0; index < 190; index++) ledger.append(rowAt(T0 + index), detailOf())
    await Bun.sleep(150)
  }
  expect(existsSync(path)).toBe(false)
  await until(() => existsSync(path) && piecesIn(path) === 2, "the pieces are made")
  await close()
}, 60_000)

function piecesIn(path: string): number {
  const db = new Database(path, { readonly: true })
  try {
    db.run("PRAGMA busy_timeout = 5000")
    const isBegun = db.query("SELECT 1 FROM sqlite_schema WHERE name = 'pieces'").get() !== null
    return isBegun ? db.query<{ n: number }, []>("SELECT count(*) AS n FROM pieces").get()!.n : 0
  } finally {
    db.close()
  }
}

test("what cannot be written is made from the rows, and said once", async () => {
  const other = directories.make()
  const warned: string[] = []
  const second = openStore(other, { warn: (line) => void warned.push(line) })
  mkdirSync(join(other, "columns.db"))
  second.ledger.append(rowAt(T0), detailOf())
  for (let times = 0; times < 3; times++) expect((await second.ledger.usage({ groupBy: [] })).totals.requests).toBe(1)
  await second.close()
  expect(warned).toEqual([expect.stringMatching(/^columns\.db cannot be kept \(.+\): reports are made from the rows/)])
}, 60_000)

/** A ledger whose first rows are in columns, which nobody keeps, and a hand in their file. */
async function withColumns() {
  const own = directories.make()
  const { ledger, close } = openStore(own, { warn: console.error })
  for (let index = 0; index < 5_000; index++) ledger.append(rowAt(T0 + index, { model: "m" }), detailOf())
  await close()
  const reports = openReports(own, "keep")!
  reports.make("usage", { groupBy: [] })
  reports.close()
  return { own, file: new Database(join(own, "columns.db")) }
}

async function modelsIn(own: string, afterAsking: () => Promise<void>) {
  const warned: string[] = []
  const thread = createReportThread(own, (line) => void warned.push(line))
  const asked = thread.report("usage", { groupBy: ["model"] })
  await afterAsking()
  const { rows } = JSON.parse(new TextDecoder().decode(await asked)) as UsageReport
  await thread.close()
  return { models: rows.map(({ key }) => key), warned }
}

test("columns that are locked for a moment are waited for", async () => {
  const { own, file } = await withColumns()
  file.run("PRAGMA locking_mode = EXCLUSIVE")
  file.run("BEGIN IMMEDIATE")
  file.run("UPDATE state SET applied = applied")
  const said = await modelsIn(own, async () => {
    await Bun.sleep(1_500)
    file.run("ROLLBACK")
    file.close()
  })
  expect(said).toEqual({ models: ["m"], warned: [] })
}, 60_000)

test("columns that cannot be written are read", async () => {
  const { own, file } = await withColumns()
  file.run("UPDATE words SET word = 'as the columns call it' WHERE word = 'm'")
  file.run("BEGIN IMMEDIATE")
  const said = await modelsIn(own, async () => {})
  expect(said.models).toContain("as the columns call it")
  expect(said.warned).toEqual([expect.stringContaining("locked")])
  file.close()
}, 60_000)

test("what cannot be made there is refused, not kept waiting", async () => {
  const thread = createReportThread(`${dir}/nowhere`, () => {})
  expect(thread.report("usage", { groupBy: [] })).rejects.toThrow("no ledger")
  const closed = createReportThread(dir, () => {})
  const asked = closed.report("usage", { groupBy: [] })
  closed.close()
  expect(asked).rejects.toThrow("closed")
  thread.close()
}, 60_000)
