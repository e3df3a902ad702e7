/** The local engine on a real database: what it finds, what it keeps silent about, and what it forgets. */
import { afterEach, expect, test } from "bun:test"
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { Patience } from "../../src/event-loop/patience.ts"
import { createMemoryAdmin } from "../../src/memory/admin.ts"
import type { SaidTurn } from "../../src/memory/engine.ts"
import { createLocalEngine } from "../../src/memory/local.ts"
import { namespaceOf } from "../../src/memory/namespace.ts"
import { createMemoryStore, type MemoryStore } from "../../src/store/memories.ts"
import { openMemoryDatabase } from "../../src/store/memory-database.ts"
import { estimateTokens } from "../../src/usage/estimate.ts"

const dirs: string[] = []
const closers: (() => void)[] = []
afterEach(() => {
  for (const close of closers.splice(0)) close()
  for (const dir of dirs.splice(0)) rmSync(dir, { recursive: true, force: true })
})

function open(dir = mkdtempSync(join(tmpdir(), "memproxy-memory-"))) {
  dirs.push(dir)
  const database = openMemoryDatabase(dir, (message) => console.warn(message))
  const store = createMemoryStore(database.use)
  let ids = 0
  const engine = createLocalEngine({
    store,
    estimate: estimateTokens,
    newId: () => `m${++ids}-${dir.slice(-6)}`,
    clock: () => 0,
    now: () => 0,
    warn: () => {},
  })
  closers.push(() => void engine.close(), database.close)
  return {
    dir,
    database,
    store,
    engine,
    admin: createMemoryAdmin(
      engine,
      store,
      () => 0,
      () => "project",
    ),
  }
}

const shop = namespaceOf("project", "ann", { key: "github.com/acme/shop", name: "acme/shop" })
const blog = namespaceOf("project", "ann", { key: "github.com/acme/blog", name: "acme/blog" })
const turn = (text: string, more: Partial<SaidTurn> = {}): SaidTurn => ({
  role: "user",
  text,
  speaker: null,
  sessionId: "s1",
  createdAt: Date.UTC(2026, 2, 1),
  requestId: "r1",
  ...more,
})
const query = (text: string) => ({ text, previous: null, sessionId: null })
const filler = Array.from({ length: 60 }, (_, at) =>
  turn(`Today we spoke about topic number ${at} and the weather over the harbour.`, { sessionId: `f${at}` }),
)

test("what was said is found by its meaning words, and not what was said elsewhere", () => {
  const { engine } = open()
  engine.remember(shop, [...filler, turn("Our staging database runs on port 5433 at zebra.example.")])
  engine.remember(blog, [turn("The blog is written in Eleventy.")])
  void engine.flush()
  const texts = engine.recall(shop, query("Which port does the staging database use?")).map(({ text }) => text)
  expect(texts[0]).toContain("5433")
  expect(engine.recall(blog, query("Which port does the staging database use?"))).toEqual([])
  expect(engine.recall(namespaceOf("project", "bob", null), query("staging database port"))).toEqual([])
})

test("the very first memory is found, and the question asked again is not its own answer", () => {
  const { engine } = open()
  engine.remember(shop, [turn("Our staging database runs on port 5433.", { sessionId: "s1" })])
  void engine.flush()
  const question = "Which port does the staging database use?"
  expect(engine.recall(shop, query(question)).map(({ text }) => text)).toEqual([
    "Our staging database runs on port 5433.",
  ])
  engine.remember(shop, [turn(question, { sessionId: "s2" })])
  void engine.flush()
  expect(engine.recall(shop, query(question)).map(({ text }) => text)).toEqual([
    "Our staging database runs on port 5433.",
  ])
  expect(engine.recall(shop, query("How do I bake bread?"))).toEqual([])
})

test("memory keeps silent where nothing matches", () => {
  const { engine } = open()
  engine.remember(shop, filler)
  void engine.flush()
  expect(engine.recall(shop, query("How do I bake sourdough bread with rye?"))).toEqual([])
})

test("an answer is found by the question before it", async () => {
  const { engine, admin } = open()
  engine.remember(shop, [
    ...filler,
    turn("What is the name of your cat, Joe?", { sessionId: "s2" }),
    turn("Pumpernickel.", { sessionId: "s2", role: "assistant" }),
  ])
  void engine.flush()
  const { results } = await admin.search("ann", "acme/shop", "What is Joe's cat called?", 3)
  expect(results.map(({ content }) => content)).toContain("Pumpernickel.")
})

test("a standing instruction is told though other memories fit better", () => {
  const { engine } = open()
  const many = Array.from({ length: 30 }, (_, at) =>
    turn(`The report for customer ${at} is a long table with many numbers.`, { sessionId: `c${at}` }),
  )
  engine.remember(shop, [...many, turn("Always write a report as bullet points.", { sessionId: "old" })])
  void engine.flush()
  const recalled = engine.recall(shop, query("Write the report for the customer table numbers"))
  expect(recalled.map(({ text }) => text)).toContain("Always write a report as bullet points.")
})

test("a long answer is told by the part that answers", () => {
  const { engine } = open()
  const long = [
    ...Array.from({ length: 30 }, (_, at) => `Paragraph ${at} is about gardening, tools and the right season for it.`),
    "The secret ingredient of the soup is smoked paprika.",
    ...Array.from({ length: 30 }, (_, at) => `Paragraph ${at} is about bicycles.`),
  ].join("\n")
  engine.remember(shop, [turn(long, { role: "assistant" })])
  void engine.flush()
  const recalled = engine.recall(shop, query("What is the secret ingredient of the soup?"))
  expect(recalled[0]!.text).toContain("smoked paprika")
  expect(recalled[0]!.text.length).toBeLessThan(700)
})

test("what was said again in the same words is told once, with its latest day, and leaves its place to others", () => {
  const { engine } = open()
  const again = Array.from({ length: 60 }, (_, at) =>
    turn("Deploy the shop to staging.", { sessionId: `d${at}`, createdAt: Date.UTC(2026, 2, 1 + (at % 20)) }),
  )
  engine.remember(shop, [
    ...again,
    turn("Deploy the shop to staging.", { sessionId: "d0", role: "assistant" }),
    turn("Staging is deployed from the release branch.", { sessionId: "other" }),
  ])
  void engine.flush()
  const recalled = engine.recall(shop, query("How do we deploy the shop to staging?"))
  expect(recalled.map(({ memory, text }) => `${memory.role}: ${text}`).toSorted()).toEqual([
    "assistant: Deploy the shop to staging.",
    "user: Deploy the shop to staging.",
    "user: Staging is deployed from the release branch.",
  ])
  const deployed = recalled.find(({ memory, text }) => memory.role === "user" && text.startsWith("Deploy"))!
  expect(deployed.memory.created_at).toBe("2026-03-20T00:00:00.000Z")
})

test("a question in another language finds what it is about, and is met with silence where only its common words are known", () => {
  const { engine } = open()
  const small = Array.from({ length: 40 }, (_, at) =>
    turn(`Ich habe gestern mit dir über das Wetter Nummer ${at} gesprochen, und das war schön.`, {
      sessionId: `w${at}`,
    }),
  )
  engine.remember(shop, [...small, turn("Umzug nach Leipzig: im Herbst.", { sessionId: "u" })])
  void engine.flush()
  const told = (text: string) => engine.recall(shop, query(text)).map((one) => one.text)
  expect(told("Was habe ich mit dir über den Umzug gesprochen?")[0]).toBe("Umzug nach Leipzig: im Herbst.")
  expect(told("Was habe ich mit dir über die Katze meiner Tante gesprochen?")).toEqual([])
})

test("Chinese and Japanese are remembered", () => {
  const { engine } = open()
  engine.remember(shop, [...filler, turn("我们的服务器在法兰克福。"), turn("会議は毎週火曜日です。")])
  void engine.flush()
  expect(engine.recall(shop, query("服务器在哪里?"))[0]?.text).toContain("法兰克福")
  expect(engine.recall(shop, query("会議はいつですか"))[0]?.text).toContain("火曜日")
})

test("the same turn sent again is kept once; the same words in another session are another", () => {
  const { engine, admin } = open()
  engine.remember(shop, [turn("I like tea."), turn("I like tea."), turn("I like tea.", { sessionId: "s2" })])
  void engine.flush()
  expect(admin.list({ userId: "ann" }, { limit: 10, cursor: null }).data).toHaveLength(2)
})

test("it is there after a restart", async () => {
  const first = open()
  first.engine.remember(shop, [turn("The launch date is the ninth of May.")])
  await first.engine.close()
  first.database.close()
  const second = open(first.dir)
  expect(second.engine.recall(shop, query("When is the launch date?"))[0]?.text).toContain("ninth of May")
})

test.each(["SQLITE_BUSY", "SQLITE_FULL", "SQLITE_IOERR_WRITE"])(
  "while nothing can be written (%s) what was indexed before is told",
  (code) => {
    const { store } = open()
    let isBroken = false
    let ids = 0
    const together: MemoryStore["together"] = (act) => {
      if (isBroken) throw Object.assign(new Error(code), { code })
      return store.together(act)
    }
    const engine = createLocalEngine({
      store: { ...store, together },
      estimate: estimateTokens,
      newId: () => `m${++ids}`,
      clock: () => 0,
      now: () => 0,
      warn: () => {},
    })
    closers.unshift(() => void engine.close())
    engine.remember(shop, [...filler, turn("Our staging database runs on port 5433.")])
    void engine.flush()
    const told = () =>
      engine.recall(shop, query("Which port does the staging database run on?")).map(({ text }) => text)
    expect(told()[0]).toContain("5433")
    engine.keep([
      engine.entry({ namespace: shop, content: "Our staging database moved.", createdAt: 1, source: "api" }),
    ])
    isBroken = true
    expect(told()[0]).toContain("5433")
  },
)

test("a process that begins with memories rehearses a recall, and one on a disk too slow for it begins all the same", () => {
  const first = open()
  const prepare = (patience?: Patience) => {
    let searches = 0
    const find: MemoryStore["find"] = (...asked) => {
      searches++
      patience?.check()
      return first.store.find(...asked)
    }
    const store = { ...first.store, find }
    const newId = () => "m"
    const begun = createLocalEngine({
      store,
      estimate: estimateTokens,
      newId,
      clock: () => 0,
      now: () => 0,
      warn,
      patience,
    })
    begun.prepare()
    void begun.close()
    return searches
  }
  const warn = (message: string) => expect(message).toBe("")
  expect(prepare()).toBe(0)
  first.engine.remember(shop, filler)
  void first.engine.flush()
  expect(prepare()).toBe(1)
  let at = 0
  expect(prepare(new Patience(() => (at += 1000)))).toBe(1)
})

test("what is forgotten is in no answer, and no word of it in any file", async () => {
  const { engine, admin, dir } = open()
  engine.remember(shop, [...filler, turn("My locker code is xylophonequartz today.")])
  void engine.flush()
  const [found] = (await admin.search("ann", "acme/shop", "locker code", 1)).results
  admin.forgetOne(found!.id)
  expect(engine.recall(shop, query("What is my locker code?"))).toEqual([])
  await engine.close()
  for (const file of readdirSync(dir)) expect(readFileSync(join(dir, file)).includes("xylophonequartz")).toBe(false)
})

test("secrets are in no file, however they were said", async () => {
  const { engine, admin, dir } = open()
  const key = "sk-proj-abcdefghijklmnopqrstuvwxyz0123456789"
  engine.remember(shop, [turn(`Deploy with ${key} please`)])
  admin.add({
    userId: "ann",
    project: null,
    content: `password=${key}`,
    role: "user",
    speaker: null,
    sessionId: null,
    createdAt: 0,
    metadata: null,
    source: "api",
  })
  await engine.close()
  for (const file of readdirSync(dir)) expect(readFileSync(join(dir, file)).includes(key)).toBe(false)
})

test("a memory for all projects is seen in each of its user's, and in nobody else's", () => {
  const { engine, admin } = open()
  admin.add({
    userId: "ann",
    project: "*",
    content: "Ann signs every letter with Cheerio.",
    role: "user",
    speaker: null,
    sessionId: null,
    createdAt: 0,
    metadata: null,
    source: "api",
  })
  for (const namespace of [shop, blog, namespaceOf("project", "ann", null)])
    expect(engine.recall(namespace, query("How does Ann sign every letter?"))).toHaveLength(1)
  expect(engine.recall(namespaceOf("project", "bob", null), query("How does Ann sign every letter?"))).toEqual([])
})

test("a path that turns out to be a project's takes its memories along, findable there and gone here", () => {
  const { engine } = open()
  const path = namespaceOf("project", "ann", { key: "/home/ann/shop/src", name: "src" })
  engine.remember(path, [turn("The invoice numbers begin at 7000.")])
  engine.adopt("ann", "/home/ann/shop", { key: "github.com/acme/shop", name: "acme/shop" })
  expect(engine.recall(shop, query("Where do invoice numbers begin?"))).toHaveLength(1)
  expect(engine.recall(path, query("Where do invoice numbers begin?"))).toEqual([])
})

test("words that are syntax in a query language are words", () => {
  const { engine } = open()
  engine.remember(shop, [turn('Use AND or NOT near "quotes" and column:names* here.')])
  void engine.flush()
  for (const text of ['"', "AND OR NOT", "ns:ns1", "a* OR (b", "NEAR(x y)", "'; DROP TABLE memories; --", "\u0000", ""])
    expect(() => engine.recall(shop, query(text))).not.toThrow()
})
