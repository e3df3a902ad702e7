/** What is older than the file allows goes, whole: rows, bodies, feedback, and the names that only those rows had. */
import { Database } from "bun:sqlite"
import { afterAll, expect, test } from "bun:test"
import { existsSync } from "node:fs"
import { join } from "node:path"
import { openStore } from "../../src/store/open.ts"
import { deleteOld } from "../../src/store/retention.ts"
import { eventually } from "../support/rig.ts"
import { detailOf, rowAt, temporaryDirectories } from "./sample.ts"

const directories = temporaryDirectories()
afterAll(directories.remove)
const DAY = 86_400_000
const NOW = Date.UTC(2026, 5, 1)

async function storeWith(rows: number) {
  const dir = directories.make()
  const store = openStore(dir, { warn: console.error })
  for (let index = 0; index < rows; index++) {
    const isOld = index < rows / 2
    const at = NOW - (isOld ? 40 : 1) * DAY + index
    const row = rowAt(at, { id: Bun.randomUUIDv7(), user_id: isOld ? "carol" : "ada", session_id: `s-${index}` })
    store.ledger.append(row, detailOf())
    if (index % 100 === 0)
      store.bodies.put(row.id, at, () => ({ request: "r", sent: "s", answer: null, truncated: false }))
  }
  await store.ledger.flush()
  const db = new Database(join(dir, "ledger.db"))
  db.run("PRAGMA busy_timeout = 5000")
  return { dir, store, db }
}

test("old rows go, newer ones stay, reports say so, and no name of theirs is left in the file", async () => {
  const { dir, store, db } = await storeWith(6_000)
  expect((await store.ledger.usage({ groupBy: ["user"] })).totals.requests).toBe(6_000)
  const bodies = () => new Database(join(dir, "bodies.db")).query("SELECT count(*) AS n FROM bodies").get()
  await eventually(
    "the bodies are written",
    () => existsSync(join(dir, "bodies.db")) && Bun.deepEquals(bodies(), { n: 60 }),
  )
  const gone = await deleteOld({ ...store, days: () => 30, clock: () => NOW })
  expect(gone).toBe(3_000)
  const { rows, totals } = await store.ledger.usage({ groupBy: ["user"] })
  expect([rows.map((row) => row.key), totals.requests]).toEqual([["ada"], 3_000])
  expect((await store.ledger.list({ userId: "carol" })).data).toEqual([])
  const columns = new Database(join(dir, "columns.db"))
  const words = columns.query<{ word: string }, []>("SELECT word FROM words").all()
  expect(words.some(({ word }) => word === "carol" || word === "s-7")).toBe(false)
  expect(db.query("SELECT 1 FROM requests WHERE user_id = 'carol'").all()).toEqual([])
  expect(bodies()).toEqual({ n: 30 })
  columns.close()
  db.close()
  await store.close()
})

test("nothing goes where the file sets no limit", async () => {
  const { store, db } = await storeWith(10)
  expect(await deleteOld({ ...store, days: () => null, clock: () => NOW })).toBe(0)
  expect((await store.ledger.usage({ groupBy: [] })).totals.requests).toBe(10)
  db.close()
  await store.close()
})
