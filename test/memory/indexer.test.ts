/** Large imports: kept at once, indexed in slices, and complete for who searches. */
import { afterEach, expect, test } from "bun:test"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { importLines } from "../../src/api/memory-drafts.ts"
import { createMemoryAdmin } from "../../src/memory/admin.ts"
import { createLocalEngine } from "../../src/memory/local.ts"
import { namespaceOf } from "../../src/memory/namespace.ts"
import { createMemoryStore } from "../../src/store/memories.ts"
import { openMemoryDatabase } from "../../src/store/memory-database.ts"
import { estimateTokens } from "../../src/usage/estimate.ts"

const closers: (() => void)[] = []
afterEach(() => {
  for (const close of closers.splice(0)) close()
})

function open(dir = mkdtempSync(join(tmpdir(), "memproxy-indexer-"))) {
  const database = openMemoryDatabase(dir, (message) => console.warn(message))
  const store = createMemoryStore(database.use)
  const warnings: string[] = []
  const engine = createLocalEngine({
    store,
    estimate: estimateTokens,
    newId: Bun.randomUUIDv7,
    clock: Date.now,
    now: () => performance.now(),
    warn: (message) => warnings.push(message),
  })
  closers.push(
    () => void engine.close(),
    database.close,
    () => rmSync(dir, { recursive: true, force: true }),
  )
  const admin = createMemoryAdmin(engine, store, Date.now, () => "project")
  return { dir, store, engine, admin, warnings }
}

const line = (number: number, content: string) =>
  JSON.stringify({ user_id: "ann", session_id: "s", content, created_at: number })
const lines = (count: number, chars: number) =>
  Array.from({ length: count }, (_, at) =>
    line(at, `Number ${at} is about item${at}. ${"Filler words follow here. ".repeat(chars / 26)}`),
  ).join("\n")

test("a search right after an import sees all of it, and the import let others have their turn", async () => {
  const { admin, store } = open()
  let turns = 0
  const others = setInterval(() => turns++, 0)
  const { imported, errors } = await importLines(admin, lines(6000, 2600), { userId: null }, 0)
  clearInterval(others)
  expect({ imported, errors }).toEqual({ imported: 6000, errors: [] })
  expect(turns).toBeGreaterThan(0)
  // what waits is bounded: it kept up while it was imported
  expect(store.unindexed(null, 6000).length).toBeLessThan(6000)
  for (const wanted of [0, 1711, 5999]) {
    const { results } = await admin.search("ann", null, `What is item${wanted}?`, 1)
    expect(results[0]?.content).toStartWith(`Number ${wanted} is`)
  }
  expect(store.unindexed(null, 1)).toEqual([])
})

test("what an earlier process kept is indexed when one begins", async () => {
  const first = open()
  await importLines(first.admin, lines(50, 100), { userId: null }, 0)
  await first.engine.close()
  expect(first.store.unindexed(null, 100)).toHaveLength(50)
  const second = open(first.dir)
  second.engine.prepare()
  for (let waited = 0; waited < 200 && second.store.unindexed(null, 1).length > 0; waited++) await Bun.sleep(25)
  expect(second.store.unindexed(null, 1)).toEqual([])
  expect(second.warnings).toEqual([])
})

test("recall takes what is indexed in time, and goes on without the rest", async () => {
  const { admin, engine, store } = open()
  await importLines(admin, lines(1000, 2600), { userId: null }, 0)
  const ann = namespaceOf("project", "ann", null)
  const query = { text: "What is item3 about?", previous: null, sessionId: null }
  const early = engine.recall(ann, query)
  expect(store.unindexed(null, 5000).length).toBeGreaterThan(0)
  expect(early.length).toBeGreaterThan(0)
})
