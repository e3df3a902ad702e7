/** Reports of a large ledger come from another thread: the same reports, of every row appended before, and from this one should that thread fail. */
import { afterAll, beforeAll, expect, test } from "bun:test"
import { openStore, type Store } from "../../src/store/open.ts"
import { createReportThread } from "../../src/store/report-thread.ts"
import { detailOf, rowAt, temporaryDirectories } from "./sample.ts"

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

test("the report is the one made here, and has the row appended just before", async () => {
  store.ledger.append(rowAt(T0, { model: "last" }), detailOf())
  const query = { groupBy: ["model", "day"] as const, tz: "Europe/Berlin" }
  const text = await store.ledger.usageJson(query)
  expect(JSON.parse(text)).toEqual(await store.ledger.usage(query))
  expect(text).toContain('"last"')
}, 60_000)

test("several at once are kept apart", async () => {
  const models = ["m0", "m1", "m2"]
  const reports = await Promise.all(models.map((model) => store.ledger.usageJson({ groupBy: ["model"], model })))
  expect(reports.map((text) => (JSON.parse(text) as { rows: { key: string }[] }).rows.map((row) => row.key))).toEqual(
    models.map((model) => [model]),
  )
}, 60_000)

test("what cannot be made there is refused, not kept waiting", async () => {
  const thread = createReportThread(`${dir}/nowhere`)
  expect(await thread.usage({ groupBy: [] })).toBe("null") // there is no ledger
  const closed = createReportThread(dir)
  const asked = closed.usage({ groupBy: [] })
  closed.close()
  expect(asked).rejects.toThrow("closed")
  thread.close()
}, 60_000)
