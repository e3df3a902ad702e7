import { expect, test } from "bun:test"
import type { Json } from "../../src/exchange.ts"
import { isUnanswered, readTurns } from "../../src/identify/turns.ts"
import { nodeOf } from "../support/nodes.ts"

const said = (...content: string[]) =>
  readTurns(
    "anthropic",
    nodeOf({ messages: [{ role: "user", content: content.map((text) => ({ type: "text", text })) }] }),
  ).map((turn) => turn.said.toString())

test("a person's words are what is left when their agent's are taken away", () => {
  expect(said("<system-reminder>Today is Monday.</system-reminder>", "say hi")).toEqual(["say hi"])
  expect(said("<command-name>/clear</command-name>\n<command-args></command-args>", "another topic")).toEqual([
    "another topic",
  ])
  expect(said("<local-command-stdout>12 files</local-command-stdout>")).toEqual([])
  expect(said("[Request interrupted by user]", "stop that")).toEqual(["stop that"])
  expect(
    said("This session is being continued from a previous conversation that ran out of context. It was about …"),
  ).toEqual([])
  expect(said("what does <command-name> mean?")).toEqual(["what does <command-name> mean?"])
})

test("Google's only part of a turn is the same turn with and without its list", () => {
  const turnsOf = (parts: Json) => readTurns("gemini", nodeOf({ contents: [{ role: "user", parts }] }))
  expect(turnsOf({ text: "say hi" })).toEqual(turnsOf([{ text: "say hi" }]))
  expect(turnsOf({ text: "say hi" })).toHaveLength(1)
})

test("a turn is unanswered until a model or a tool has spoken after it", () => {
  const user = { role: "user", content: "hi" }
  const is = (...after: { role: string; content: string }[]) => {
    const body = { messages: [user, ...after] }
    return isUnanswered(readTurns("anthropic", nodeOf({ messages: [user] }))[0]!, nodeOf(body))
  }
  expect(is()).toBe(true)
  expect(is({ role: "system", content: "# Environment" })).toBe(true)
  expect(is({ role: "assistant", content: "Hello." })).toBe(false)
  const called = { input: [user, { type: "function_call", call_id: "c", name: "look", arguments: "{}" }] }
  expect(isUnanswered(readTurns("openai-responses", nodeOf(called))[0]!, nodeOf(called))).toBe(false)
})
