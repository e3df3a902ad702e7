/** What rows say alike is kept once, and read as if each had it: also of rows from before, past the limit, and after a write that failed. */
import { afterAll, expect, test } from "bun:test"
import { Database } from "bun:sqlite"
import { join } from "node:path"
import { createDetails } from "../../src/store/details.ts"
import { MIGRATIONS, migrate } from "../../src/store/migrations.ts"
import { openStore } from "../../src/store/open.ts"
import { detailOf, entryOf, rowAt, temporaryDirectories } from "./sample.ts"

const directories = temporaryDirectories()
afterAll(directories.remove)
const T0 = Date.UTC(2026, 2, 1)

function newDatabase(steps = MIGRATIONS): { dir: string; db: Database } {
  const dir = directories.make()
  const path = join(dir, "ledger.db")
  const db = new Database(path, { create: true, readwrite: true })
  migrate(db, path, steps)
  return { dir, db }
}

const keptIn = (db: Database) =>
  db
    .query<{ text: string }, []>("SELECT text FROM details ORDER BY number")
    .all()
    .map(({ text }) => text)

test("rows that say the same keep it once, and more than can be kept are read all the same", async () => {
  const dir = directories.make()
  const store = openStore(dir, { warn: () => {} })
  const rows = Array.from({ length: 1_200 }, (_, index) => rowAt(T0 + index))
  const detailAt = (index: number) => detailOf({ answered_model: `m${Math.floor(index / 100)}` })
  const strange = Array.from({ length: 1_100 }, (_, index) => rowAt(T0 + 10_000 + index))
  const strangeAt = (index: number) => detailOf({ answered_model: `strange-${index}` })
  rows.forEach((row, index) => store.ledger.append(row, detailAt(index)))
  strange.forEach((row, index) => store.ledger.append(row, strangeAt(index)))
  for (const index of [0, 99, 100, 1_199])
    expect(await store.ledger.get(rows[index]!.id)).toEqual({ ...entryOf(rows[index]!, detailAt(index)), feedback: [] })
  for (const index of [0, 1_099])
    expect(await store.ledger.get(strange[index]!.id)).toEqual({
      ...entryOf(strange[index]!, strangeAt(index)),
      feedback: [],
    })
  await store.close()
  expect(keptIn(new Database(join(dir, "ledger.db"), { readonly: true }))).toHaveLength(1_000)
})

test("memories, a router's words and tokens of sound are a row's own", () => {
  const { db } = newDatabase()
  const details = createDetails(db)
  const own = [
    detailOf({ memories: [{ id: "m", score: 1, why: "words", tokens: 9 }] }),
    detailOf({ router: { "x-a": "b" } }),
    detailOf({ audio: { input: 1, cache_read: null, output: 2 } }),
    detailOf({ web_searches: 1 }),
  ]
  for (const detail of own) expect(details.of(detail)).toBeString()
  expect(keptIn(db)).toEqual([])
  expect([details.of(detailOf()), details.of(own[0]!), details.of(detailOf())]).toEqual([1, expect.any(String), 1])
})

test("a number that was given out in a transaction that failed is given out anew", () => {
  const { db } = newDatabase()
  const details = createDetails(db)
  db.run("BEGIN")
  expect(details.of(detailOf({ deployment_id: "lost" }))).toBe(1)
  db.run("ROLLBACK")
  details.forget()
  expect([details.of(detailOf({ deployment_id: "d" })), details.of(detailOf({ deployment_id: "lost" }))]).toEqual([
    1, 2,
  ])
  expect(keptIn(db).map((text) => JSON.parse(text).deployment_id)).toEqual(["d", "lost"])
})

test("a row of an older ledger has the timeline that was written with it", async () => {
  const { dir, db } = newDatabase(MIGRATIONS.slice(0, 5))
  const { sent_ms: _, answered_ms: __, operation, project_key, signals, ...rest } = detailOf()
  const timeline = [{ at_ms: 0.3, what: "sent" }]
  const row = rowAt(T0)
  const columns = {
    ...row,
    started_at: T0,
    lossy: null,
    operation,
    project_key,
    detail: JSON.stringify({ ...rest, timeline }),
  }
  const names = Object.keys(columns)
  db.query(`INSERT INTO requests (${names.join(", ")}) VALUES (${names.map(() => "?").join(", ")})`).run(
    ...Object.values(columns),
  )
  db.close()
  const { ledger, close } = openStore(dir, { warn: () => {} })
  const beside = { operation, project_key, signals, sent_ms: null, answered_ms: null }
  expect(await ledger.get(row.id)).toEqual({ ...row, ...rest, ...beside, timeline, feedback: [] })
  await close()
})
