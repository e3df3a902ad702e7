import { expect, test } from "bun:test"
import { markBetween, markOfAnswer } from "../../src/identify/answers.ts"
import type { JsonObject } from "../../src/exchange.ts"
import { nodeOf } from "../support/nodes.ts"

const call = (id: string | null, name = "look") => ({ id, name, arguments: "{}", isJson: true })
const between = (...entries: JsonObject[]) => {
  const asked = { role: "user", content: "hi" }
  return markBetween(
    nodeOf({ messages: [asked, ...entries, asked] })
      .get("messages")!
      .items(),
    0,
    entries.length + 1,
  )
}

test("an answer that came and the one that is sent back are told by the same words, without thoughts, in every dialect", () => {
  const long = `${"Über den Reiher. ".repeat(40)}\n\nMore.`
  for (const text of ["Heron.", " \nHeron, it is.\n\nAnd more.", long]) {
    const mark = markOfAnswer(text, [call("call_1")])
    expect(mark).not.toBe("")
    const blocks: JsonObject[] = [
      { type: "thinking", thinking: "hm" },
      { type: "text", text },
      { type: "tool_use", id: "call_1" },
    ]
    expect(between({ role: "assistant", content: text })).toBe(mark)
    expect(between({ role: "assistant", content: blocks })).toBe(mark)
    expect(between({ role: "model", parts: [{ text: "hm", thought: true }, { text }] })).toBe(mark)
    const reasoning = { type: "reasoning", content: [{ type: "reasoning_text", text: "hm" }] }
    const message = { type: "message", role: "assistant", content: [{ type: "output_text", text }] }
    expect(between(reasoning, message)).toBe(mark)
  }
  expect(markOfAnswer("Heron.", [])).not.toBe(markOfAnswer("Egret.", []))
})

test("an answer of calls alone is told by the first one's id, Gemini's by its name", () => {
  const { id } = call("call_1")
  expect(markOfAnswer("", [call(id), call("call_2")])).toBe("call_1")
  expect(markOfAnswer("", [call(null)])).toBe("look")
  expect(between({ role: "assistant", content: null, tool_calls: [{ id, type: "function" }] })).toBe("call_1")
  expect(between({ type: "function_call", id: "fc_1", call_id: id })).toBe("call_1")
  expect(between({ role: "assistant", content: [{ type: "tool_use", id, name: "look" }] })).toBe("call_1")
  expect(between({ role: "model", parts: [{ functionCall: { name: "look", args: {} } }] })).toBe("look")
  expect(between({ role: "tool", tool_call_id: id, content: "It is said." })).toBe("")
  expect(between()).toBe("")
})
