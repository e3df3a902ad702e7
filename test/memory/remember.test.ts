import { expect, test } from "bun:test"
import type { MemoryEngine, SaidTurn } from "../../src/memory/engine.ts"
import { namespaceOf } from "../../src/memory/namespace.ts"
import type { Conversation } from "../../src/memory/recall.ts"
import { Heard, remember } from "../../src/memory/remember.ts"

test("a turn is new once, and of many the newest are known", () => {
  const heard = new Heard(2)
  expect([1, 1, 2, 1, 3, 2].map((key) => heard.add(key))).toEqual([true, false, true, false, true, false])
  for (const key of [4, 5, 6]) heard.add(key)
  expect(heard.add(6)).toBe(false)
  expect(heard.add(1)).toBe(true)
})

test("a request sent again is handed on once; another answer, session or project is new", () => {
  const kept: string[] = []
  const engine = {
    remember: (_: unknown, turns: SaidTurn[]) => void kept.push(...turns.map(({ role, text }) => `${role}: ${text}`)),
  } as unknown as MemoryEngine
  const heard = new Heard()
  const conversation: Conversation = {
    namespace: namespaceOf("project", "ann", null),
    sessionId: null,
    isOwnSession: false,
    turns: [{ key: 7, text: "Hello", entry: 0, answer: "" }],
    isUnanswered: true,
  }
  const say = (answer: string, more: Partial<Conversation> = {}) => {
    kept.length = 0
    const said = { requestId: "r", askedAt: 1, answeredAt: 2, answer, mark: "" }
    remember({ ...conversation, ...more }, said, engine, heard)
    return [...kept]
  }
  expect(say("Hi")).toEqual(["user: Hello", "assistant: Hi"])
  expect(say("Hi")).toEqual([])
  expect(say("Good day")).toEqual(["assistant: Good day"])
  expect(say("Hi")).toEqual([])
  expect(say("Hi", { sessionId: "s" })).toEqual(["user: Hello", "assistant: Hi"])
  const shop = namespaceOf("project", "ann", { key: "shop", name: "shop" })
  expect(say("Hi", { namespace: shop })).toEqual(["user: Hello", "assistant: Hi"])
  expect(say("Hi", { turns: [{ key: 8, text: "Hello", entry: 0, answer: "" }] })).toEqual([
    "user: Hello",
    "assistant: Hi",
  ])
})
