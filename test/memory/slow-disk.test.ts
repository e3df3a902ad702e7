/** The local memory on a real database whose every row takes its time: a request is late by little, and most are not at all. */
import type { Database } from "bun:sqlite"
import { afterAll, beforeAll, expect, test } from "bun:test"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { Patience } from "../../src/event-loop/patience.ts"
import { AnsweredTurns } from "../../src/memory/answered-turns.ts"
import { BlockMemo } from "../../src/memory/block-memo.ts"
import { createLocalEngine } from "../../src/memory/local.ts"
import { namespaceOf } from "../../src/memory/namespace.ts"
import { recollect } from "../../src/memory/recall.ts"
import { createMemoryStore } from "../../src/store/memories.ts"
import { openMemoryDatabase } from "../../src/store/memory-database.ts"
import { createSentBlocks } from "../../src/store/sent-blocks.ts"
import { estimateTokens } from "../../src/usage/estimate.ts"

const BUDGET_MS = 50
const dir = mkdtempSync(join(tmpdir(), "memproxy-slow-"))
let at = 0
let rowMs = 0
const now = () => at
const patience = new Patience(now)
const database = openMemoryDatabase(dir, (message) => expect(message).toBe(""), 0, patience)
let slow: Database | null = null
const use = <T>(act: (db: Database) => T) => database.use((db) => act((slow ??= slowly(db))))
const store = createMemoryStore(use, (id) => blocks.settle(id))
const blocks = createSentBlocks({ use, clock: () => 0, warn: (message) => expect(message).toBe(""), patience })
let ids = 0
const engine = createLocalEngine({
  store,
  estimate: estimateTokens,
  newId: () => `m${++ids}`,
  clock: () => 0,
  now,
  warn: (message) => expect(message).toBe(""),
  patience,
})

/** The clock goes on with every row that is read. */
function slowly(db: Database): Database {
  return new Proxy(db, {
    get(target, name) {
      const found: unknown = Reflect.get(target, name, target)
      if (name !== "query") return typeof found === "function" ? found.bind(target) : found
      return (sql: string) => {
        const statement = target.query(sql)
        const read =
          (how: "all" | "values") =>
          (...values: string[]) => {
            const rows = statement[how](...values)
            at += rows.length * rowMs
            return rows
          }
        return {
          all: read("all"),
          values: read("values"),
          run: (...values: string[]) => statement.run(...values),
          get(...values: string[]) {
            at += rowMs
            return statement.get(...values)
          },
        }
      }
    },
  })
}

const ann = namespaceOf("project", "ann", null)
const answered = new AnsweredTurns()
const question = (crate: number) => `Which heron is in crate ${(crate % 400) + 1}?`
const recall = (keys: readonly number[], isUnanswered: boolean) =>
  recollect(
    {
      namespace: ann,
      sessionId: null,
      isOwnSession: false,
      turns: keys.map((key, entry) => ({ key, text: question(key), entry, answer: "" })),
      isUnanswered,
    },
    {
      engine,
      blocks,
      answered,
      memo: new BlockMemo(),
      patience,
      maxTokens: 512,
      budgetMs: BUDGET_MS,
      estimate: estimateTokens,
      now,
      warn: () => {},
    },
  )
let asked = 0
async function ask() {
  const started = at
  const { status, reason } = await recall([++asked], true)
  return { memory: reason ?? status, ms: at - started }
}

beforeAll(async () => {
  for (let crate = 1; crate <= 400; crate++)
    await engine.tools.add(ann, `The heron in crate ${crate} is number ${crate * 7}.`, "api")
  await engine.tools.search(ann, "heron", 1)
})
afterAll(async () => {
  await engine.close()
  blocks.close()
  database.close()
  rmSync(dir, { recursive: true, force: true })
})

test("a recall is left after about its time, those after it are not begun, and a quick disk is used again", async () => {
  expect(await ask()).toEqual({ memory: "hit", ms: 0 })
  for (rowMs of [1, 5, 60]) {
    at += 60_000 // what was before is forgotten
    let skipped = 0
    for (let times = 0; times < 9; times++) {
      const { memory, ms } = await ask()
      expect(memory).toBe("timeout")
      expect(ms).toBeLessThanOrEqual(2 * (BUDGET_MS + rowMs))
      for (; patience.restMs() > 0; at += 20, skipped++) expect(await ask()).toEqual({ memory: "slow", ms: 0 })
    }
    expect(skipped).toBeGreaterThan(100)
  }
  rowMs = 0
  expect(await ask()).toEqual({ memory: "hit", ms: 0 })
})

test("what is said meanwhile is kept after the rest, a little at once", async () => {
  at += 60_000
  const before = store.size(store.namespaces("ann", [null])).memories
  rowMs = 60
  await ask()
  expect(patience.restMs()).toBeGreaterThan(0)
  const turns = Array.from({ length: 40 }, (_, turn) => ({
    role: "user" as const,
    text: `The pelican of day ${turn} is called Otto.`,
    speaker: null,
    sessionId: "s",
    createdAt: 0,
    requestId: "r",
  }))
  engine.remember(ann, turns)
  const kept = () => store.size(store.namespaces("ann", [null])).memories - before
  await engine.flush()
  expect(kept()).toBe(0)
  rowMs = 0
  at += patience.restMs()
  await engine.flush()
  expect(kept()).toBe(16)
  await engine.flush()
  await engine.flush()
  expect(kept()).toBe(40)
})

test("while the disk rests a conversation goes out with the blocks it had, and without those of what was forgotten", async () => {
  at += 60_000
  const texts = async (keys: readonly number[], isUnanswered: boolean) => {
    const { additions, reason, status } = await recall(keys, isUnanswered)
    return { texts: additions.map(({ text }) => text), memory: reason ?? status }
  }
  const [first = ""] = (await texts([1001], true)).texts
  const [, second = ""] = (await texts([1001, 1002], true)).texts
  expect([first, second]).toEqual([expect.stringContaining("202 is"), expect.stringContaining("203 is")])
  rowMs = 60
  await ask()
  expect(patience.restMs()).toBeGreaterThan(0)
  expect(await texts([1001, 1002, 1003], true)).toEqual({ texts: [first, second], memory: "slow" })
  expect(await texts([1001, 1002], false)).toEqual({ texts: [first, second], memory: "hit" })
  rowMs = 0
  const told = (await recall([1001], false)).memories
  const { id } = told.find((one) => !second.includes(store.get(one.id)!.content))!
  store.remove({ id })
  expect((await texts([1001, 1002, 1003], true)).texts).toEqual([second])
})
