/** What the next request says of the answer before: scripted conversations that raise each signal, and near misses that do not. */
import { expect, test } from "bun:test"
import { addCounts, type Counts } from "../../src/store/counters.ts"
import { createConversations, type Step, type Tools } from "../../src/usage/quality-conversation.ts"

const MINUTE = 60_000
const NO_TOOLS: Tools = { results: [], calls: [] }

/** Steps of one session, a minute apart unless told; gives the counts of each by its number. */
type Scene = Partial<Step & Tools>

function play(...steps: Scene[]): Counts[] {
  const told = new Map<string, Counts>()
  const tell = (id: string, counts: Counts) => void told.set(id, addCounts(told.get(id) ?? {}, counts))
  const conversations = createConversations(10)
  let at = 0
  steps.forEach((step, index) => {
    at = step.askedAt ?? at + MINUTE
    const { results = [], calls = [], ...change } = step
    conversations.follow(stepAt(index, at, change), { results, calls }, tell)
  })
  conversations.sweep(at + 31 * MINUTE, tell)
  return steps.map((_, index) => told.get(String(index)) ?? {})
}

const stepAt = (index: number, at: number, change: Partial<Step>): Step => ({
  id: String(index),
  session: "ada\ns",
  isNamed: true,
  client: "claude-code",
  model: "m",
  answeredAt: at + 5_000,
  isDone: true,
  isTranslated: false,
  turns: [1],
  lastTurn: "write a parser",
  entries: 1,
  cache: null,
  hasMemory: false,
  ...change,
  askedAt: at,
})

const FIRST = { turns: [1], lastTurn: "Write a parser for ISO dates in TypeScript", entries: 1 }
const next = (lastTurn: string, change: Partial<Step> = {}): Partial<Step> => ({
  turns: [1, 2],
  lastTurn,
  entries: 3,
  ...change,
})
const edited = (lastTurn: string, change: Partial<Step> = {}): Partial<Step> => ({
  ...FIRST,
  turns: [9],
  lastTurn,
  ...change,
})

const ACCEPTANCE: [signal: keyof Counts, raises: Partial<Step>, nearMiss: Partial<Step>][] = [
  ["regenerated", FIRST, { ...FIRST, askedAt: 12 * MINUTE }],
  ["regenerated", FIRST, { ...FIRST, entries: 3 }],
  ["regenerated", FIRST, { ...FIRST, askedAt: MINUTE + 1_000 }],
  ["resent", edited("Write a parser for ISO 8601 dates in TypeScript"), edited("Explain how monads work in Haskell")],
  [
    "resent",
    edited("Write a parser for ISO dates in TypeScript, no regex"),
    edited("Write a parser for ISO dates in TypeScript, no regex", { entries: 3 }),
  ],
  ["corrected", next("No, without a library"), next("Now without a library")],
  ["thanked", next("Thanks! Now the tests"), next("Thanks, but the tests fail")],
  ["switched", next("go on", { model: "n" }), { ...FIRST, entries: 3, model: "n" }],
  ["accepted", next("and now the docs"), next("that's wrong")],
]
test.each(ACCEPTANCE)("%s is said of the answer before, and not by the near miss", (signal, raises, nearMiss) => {
  expect(play(FIRST, raises)[0]).toMatchObject({ followed: 1, [signal]: 1 })
  expect(Object.keys(play(FIRST, nearMiss)[0]!)).not.toContain(signal)
})

test("without a session of the client's own a first question sent again is somebody else's", () => {
  const unnamed = { ...FIRST, isNamed: false }
  expect(play(unnamed, unnamed)[0]).toEqual({})
  const second = next("and the tests", { isNamed: false })
  expect(play(unnamed, second, second)[1]).toMatchObject({ regenerated: 1 })
  expect(play(unnamed, { ...unnamed, turns: [9], lastTurn: FIRST.lastTurn + "!" })[0]).toEqual({})
})

test("a later turn that was edited is found without a session of the client's own, and not another user's", () => {
  const conversation = { isNamed: false, entries: 3, session: "ada\na" }
  const asked = { ...conversation, turns: [1, 2], lastTurn: "Now add tests for leap years" }
  const changed = {
    ...conversation,
    session: "ada\nb",
    turns: [1, 3],
    lastTurn: "Now add tests for leap years and months",
  }
  expect(play(asked, changed)[0]).toMatchObject({ followed: 1, resent: 1 })
  expect(play(asked, { ...changed, session: "bob\nb" })[0]!.followed).toBeUndefined()
  expect(play(asked, { ...changed, client: "pi" })[0]!.followed).toBeUndefined()
  expect(play(asked, { ...changed, turns: [7, 3] })[0]!.followed).toBeUndefined()
})

test("of a broken answer nothing is said, whatever comes next", () => {
  const broken = { ...FIRST, isDone: false }
  for (const then of [FIRST, next("no, wrong"), edited(FIRST.lastTurn + "!")])
    expect(play(broken, then)[0]!.followed).toBeUndefined()
})

test("sessions are apart", () => {
  expect(play(FIRST, next("no", { session: "bob\ns" }))[0]!.followed).toBeUndefined()
})

const call = (name: string, args = "{}", id: string | null = "c1") => ({ id, name, arguments: args, isGood: true })
const results = (
  text: string,
  failed: boolean | null = null,
  id: string | null = "c1",
  name: string | null = null,
): Scene => ({
  ...FIRST,
  entries: 3,
  results: [{ id, name, text, failed }],
})

test("a tool's failure is told of the answer that called it", () => {
  const asked = { ...FIRST, calls: [call("Bash")] }
  expect(play(asked, results("Exit code 1", true))[0]).toMatchObject({ results: 1, calls_good: 0 })
  expect(play(asked, results("Exit code 1", true))[0]!.results_ok).toBeUndefined()
  expect(play(asked, results("all fine"))[0]).toMatchObject({ results: 1, results_ok: 1 })
  expect(play(asked, results("x", true, "another"))[0]!.results).toBeUndefined()
  expect(play(asked, results("x", true), results("x", true))[0]).toMatchObject({ results: 1 })
})

test("results without ids are those of the calls of their name, in order", () => {
  const asked = { ...FIRST, calls: [call("f", '{"a":1}', null), call("g", "{}", null)] }
  expect(play(asked, results("no", true, null, "g"))[0]).toMatchObject({ results: 1 })
  expect(play(asked, results("no", true, null, "h"))[0]!.results).toBeUndefined()
})

test("a result whose id the translation made is the last answer's; without a translation it is nobody's", () => {
  const asked = { ...FIRST, calls: [call("f", "{}", null)] }
  expect(play({ ...asked, isTranslated: true }, results("no", true, "toolu_made"))[0]).toMatchObject({ results: 1 })
  expect(play(asked, results("no", true, "toolu_made"))[0]!.results).toBeUndefined()
})

test("an edit that did not apply is told from one that did, and from another tool's failure", () => {
  const edit = { ...FIRST, calls: [call("Edit")] }
  expect(play(edit, results("String to replace not found in file."))[0]).toMatchObject({ edits: 1, edits_failed: 1 })
  expect(play(edit, results("The file has been updated"))[0]).toMatchObject({ edits: 1, results_ok: 1 })
  expect(play({ ...FIRST, calls: [call("Grep")] }, results("old_string not found"))[0]!.edits).toBeUndefined()
})

test("the third call of a tool with the same arguments is a loop, in whatever order they are written", () => {
  const one = { ...FIRST, calls: [call("Read", '{"path":"a","line":1}')] }
  const same = { ...results("x"), calls: [call("Read", '{ "line": 1, "path": "a" }')] }
  const other = { ...results("x"), calls: [call("Read", '{"path":"b","line":1}')] }
  expect(play(one, same, same, same).map(({ loops }) => loops ?? 0)).toEqual([0, 0, 1, 1])
  expect(play(one, same, other, other).map(({ loops }) => loops ?? 0)).toEqual([0, 0, 0, 0])
})

test("a task is the user turns until half an hour of silence, tool steps aside", () => {
  const task = play(FIRST, results("x"), next("and the tests"), {
    turns: [1, 2, 3],
    lastTurn: "next day",
    entries: 5,
    askedAt: 60 * MINUTE,
  })
  expect(task[2]).toMatchObject({ tasks: 1, task_turns: 2 })
  expect(task[3]).toMatchObject({ tasks: 1, task_turns: 1 })
  const near = play(FIRST, next("and the tests", { askedAt: 30 * MINUTE }))
  expect(near[0]!.tasks).toBeUndefined()
  expect(near[1]).toMatchObject({ tasks: 1, task_turns: 2 })
})

const cached = (read: number, written = 0) => ({ cache: { read, written } })
test("a cache break is said of a request that continues a cached one and reads nothing", () => {
  const first = { ...FIRST, ...cached(0, 5_000) }
  const broken = (change: Partial<Step>) => play(first, next("go on", { ...cached(0, 5_100), ...change }))[1]!
  expect(broken({})).toMatchObject({ cacheable: 1, cache_broken: 1, broken_otherwise: 1 })
  expect(broken({ model: "n" })).toMatchObject({ broken_by_model: 1 })
  expect(broken({ hasMemory: true })).toMatchObject({ broken_by_memory: 1 })
  expect(broken(cached(5_000))).toEqual({ cacheable: 1, tasks: 1, task_turns: 2 })
  expect(broken({ askedAt: 7 * MINUTE }).cacheable).toBeUndefined()
  expect(broken({ turns: [8, 2] }).cacheable).toBeUndefined()
  expect(play({ ...FIRST, ...cached(0, 0) }, next("go on", cached(0)))[1]!.cacheable).toBeUndefined()
})

test("what is remembered is bounded", () => {
  const conversations = createConversations(10)
  for (let index = 0; index < 50; index++)
    conversations.follow(
      stepAt(index, index, { session: `ada\n${index}`, lastTurn: "x".repeat(5_000) }),
      NO_TOOLS,
      () => {},
    )
  expect(conversations.size()).toBe(10)
})
