/** The queue behind the answers: bounded, in slices, and never in anybody's way. */
import { expect, test } from "bun:test"
import type { Metered } from "../../src/exchange.ts"
import type { Counts } from "../../src/store/counters.ts"
import { type Appraisable, createAppraiser } from "../../src/usage/appraise.ts"
import { rowAt } from "../store/sample.ts"
import { nodeOf } from "../support/nodes.ts"
import { JsonText } from "../../src/json/json-text.ts"
import { Utf8Text } from "../../src/json/utf8-text.ts"

const METERED: Metered = {
  usage: null,
  finishReason: "stop",
  toolCalls: 0,
  terminal: true,
  errorType: null,
  model: null,
  serviceTier: null,
  outputChars: 5,
  speech: "Paris",
  calls: [],
  refused: false,
}

/** A clock by which every look takes long. */
function slowly(): () => number {
  let ms = 1_000
  return () => (ms += 30)
}

function start({ now = () => performance.now() } = {}) {
  const told: [string, Counts][] = []
  const warned: string[] = []
  const answers: string[] = []
  const appraiser = createAppraiser({
    tell: (id, counts) => void told.push([id, counts]),
    onAnswer: ({ message, answer }) => void answers.push(`${message} ${answer}`),
    now,
    clock: () => 0,
    warn: (line) => void warned.push(line),
  })
  const add = (change: Partial<Appraisable> = {}) =>
    appraiser.hasRoom() &&
    appraiser.add({
      row: rowAt(0, { tool_calls: 0 }),
      metered: METERED,
      dialect: "openai-chat",
      askedAt: 0,
      isNamedSession: true,
      request: JsonText.from("{}"),
      body: nodeOf({ messages: [{ role: "user", content: "capital?" }] }),
      turns: () => [{ hash: 1, said: Utf8Text.from("capital?") }],
      isConversation: () => true,
      memories: null,
      ...change,
    })
  return { appraiser, add, told, warned, answers }
}

test("an answer is looked at when rows are written, and not while it is taken", () => {
  const { add, told, answers, appraiser } = start()
  add()
  expect([told, appraiser.backlog()]).toEqual([[], { waiting: 1, dropped: 0 }])
  appraiser.slice()
  expect(told[0]![1]).toMatchObject({ answers: 1, well_formed: 1, turns_done: 1 })
  expect(answers).toEqual(["capital? Paris"])
  expect(appraiser.backlog()).toEqual({ waiting: 0, dropped: 0 })
})

test("too many, or too much text, is dropped and counted; what was taken is looked at", () => {
  const { add, told, appraiser } = start()
  for (let index = 0; index < 800; index++) add()
  expect(appraiser.backlog()).toEqual({ waiting: 300, dropped: 500 })
  appraiser.finish()
  expect(told.filter(([, counts]) => counts.answers).length).toBe(300)
  const huge = JsonText.of(Buffer.alloc(5 << 20, "x"))
  for (let index = 0; index < 3; index++) add({ request: huge })
  expect(appraiser.backlog()).toEqual({ waiting: 2, dropped: 501 })
  appraiser.finish()
})

test("when more is asked than can be looked at, the first go first and the others follow once it is quiet", async () => {
  const { appraiser, add, told } = start({ now: slowly() })
  for (let index = 0; index < 60; index++) add({ row: rowAt(0, { id: `${index}`, tool_calls: 0 }) })
  appraiser.slice()
  const soon = told.map(([id]) => Number(id))
  expect(soon).toEqual(Array.from(soon, (_, index) => index))
  expect(appraiser.backlog().waiting).toBeGreaterThan(0)
  while (appraiser.backlog().waiting > 0) await Bun.sleep(10)
  expect(told.map(([id]) => Number(id))).toEqual(Array.from({ length: 60 }, (_, index) => index))
})

test("what one answer took too long the next ones wait, and once it is quiet none of it is left", async () => {
  let ms = 0
  const { appraiser, add, told } = start({ now: () => ms })
  const slow = () => {
    ms += 10
    return [{ hash: 1, said: Utf8Text.from("capital?") }]
  }
  const lookedAtAfter = (wait: number) => {
    told.length = 0
    ms += wait
    for (const id of ["a", "b"]) add({ turns: slow, row: rowAt(0, { id, tool_calls: 0 }) })
    appraiser.slice()
    return told.length
  }
  expect(lookedAtAfter(100)).toBeGreaterThan(0)
  expect([lookedAtAfter(20), lookedAtAfter(20)]).toEqual([0, 0])
  expect(lookedAtAfter(10_000)).toBeGreaterThan(0)
  expect(lookedAtAfter(20)).toBe(0)
  while (appraiser.backlog().waiting > 0) {
    ms += 60
    await Bun.sleep(10)
  }
  expect(told.length).toBeGreaterThan(0)
})

test("where there is no end of them, those are looked at whose rows still wait to be written, and all again once there is", () => {
  let ms = 0
  const { add, told, appraiser } = start({ now: () => ms })
  const write = (batch: string, count: number) => {
    told.length = 0
    ms += 20
    for (let index = 0; index < count; index++) add({ row: rowAt(index, { id: `${batch} ${index}`, tool_calls: 0 }) })
    appraiser.slice()
    return told.map(([id]) => id)
  }
  for (const batch of ["first", "second"]) write(batch, 400)
  for (const batch of ["third", "fourth"]) {
    const [earliest] = write(batch, 400)
    expect(earliest).toBe(`${batch} 0`)
    expect(appraiser.backlog().waiting).toBe(0)
  }
  const { dropped } = appraiser.backlog()
  for (const batch of ["fifth", "sixth"]) write(batch, 5)
  write("last", 250)
  appraiser.finish()
  expect(appraiser.backlog()).toEqual({ waiting: 0, dropped })
})

test("a request in the very millisecond of the answer before it comes after it", () => {
  const { appraiser, add, told } = start()
  const row = rowAt(0, { id: "first", session_id: "s", tool_calls: 0, duration_ms: 3.05 })
  add({ row, askedAt: 100 })
  add({ row: { ...row, id: "second" }, askedAt: 103 })
  appraiser.finish()
  expect(told).toContainEqual(["first", { followed: 1, regenerated: 1 }])
})

test("turns that cannot be read cost only what they say, and the next answer nothing", () => {
  const { add, told, warned, appraiser } = start()
  add({
    turns: () => {
      throw new Error("odd")
    },
  })
  add({ body: null })
  add()
  appraiser.finish()
  expect(warned).toHaveLength(1)
  expect(told.filter(([, counts]) => counts.answers)).toHaveLength(2)
})

test("a broken answer has no form, and a title's call no place in the conversation", () => {
  const { add, told, answers, appraiser } = start()
  add({ row: rowAt(0, { outcome: "client-left" }) })
  add({ isConversation: () => false, row: rowAt(0, { tool_calls: 0, id: "title" }) })
  appraiser.finish()
  expect(told.map(([, counts]) => counts.answers ?? 0)).toEqual([0, 1])
  expect(answers).toEqual([])
})
