import { describe, expect, test } from "bun:test"
import * as fc from "fast-check"
import { appendTexts } from "../../src/dialects/append-text.ts"
import { matchEndpoint } from "../../src/dialects/endpoints.ts"
import { writeRequest } from "../../src/dialects/outgoing.ts"
import { type Asked, readRequest } from "../../src/dialects/request.ts"
import type { Json } from "../../src/exchange.ts"
import { JsonText } from "../../src/json/json-text.ts"
import { textOf } from "../support/nodes.ts"

const PATHS = {
  chat: "/v1/chat/completions",
  responses: "/v1/responses",
  anthropic: "/v1/messages",
  gemini: "/v1beta/models/g:generateContent",
}
/** What is known of where things stand is as if the request were read anew, and what goes out is. */
function append(path: string, text: string, ...entries: number[]): string {
  const endpoint = matchEndpoint("POST", path)!
  const appended = appendTexts(
    readRequest(endpoint, JsonText.from(text)),
    entries.map((entry) => ({ entry, text: `note ${entry} "é"\n` })),
  )
  const anew = readRequest(endpoint, appended.text)
  const said = ({ text, ...rest }: Asked) => ({ ...rest, text: text.toString(), edited: null })
  expect(said(appended)).toEqual(said(anew))
  for (const model of [anew.model, "another"])
    for (const drop of [[], ["temperature"], ["messages[*].content", "input[*].role"], ["messages", "contents"]]) {
      const change = { model, params: { top_p: 0.5 }, drop }
      for (const one of [change, { ...change, params: {} }])
        expect(textOf(writeRequest(appended, one).body)).toBe(textOf(writeRequest(anew, one).body))
    }
  return appended.text.toString()
}

describe("a text becomes the last part of its message", () => {
  const cases: [name: string, path: string, before: string, after: string][] = [
    [
      "a Chat text grows",
      PATHS.chat,
      `{"model":"m","messages":[ {"role":"user","content":"hi\\n"} ]}`,
      `{"model":"m","messages":[ {"role":"user","content":"hi\\n\\n\\nnote 0 \\"é\\"\\n"} ]}`,
    ],
    [
      "Chat parts get one more",
      PATHS.chat,
      `{"model":"m","messages":[{"content":[ {"type":"text","text":"hi"} ],"role":"user"}]}`,
      `{"model":"m","messages":[{"content":[ {"type":"text","text":"hi"},{"type":"text","text":"note 0 \\"é\\"\\n"} ],"role":"user"}]}`,
    ],
    [
      "Gemini's only part, which may stand without its list, is the first of two",
      PATHS.gemini,
      `{"contents":[{"role":"user","parts": {"text":"hi"} }]}`,
      `{"contents":[{"role":"user","parts": [{"text":"hi"},{"text":"note 0 \\"é\\"\\n"}] }]}`,
    ],
    [
      "a Responses item gets an input_text",
      PATHS.responses,
      `{"model":"m","input":[{"role":"user","content":[{"type":"input_text","text":"hi"}]}]}`,
      `{"model":"m","input":[{"role":"user","content":[{"type":"input_text","text":"hi"},{"type":"input_text","text":"note 0 \\"é\\"\\n"}]}]}`,
    ],
    [
      "Cursor's Responses body on the Chat route too",
      PATHS.chat,
      `{"model":"m","input":[{"role":"user","content":[{"type":"input_text","text":"hi"}]}]}`,
      `{"model":"m","input":[{"role":"user","content":[{"type":"input_text","text":"hi"},{"type":"input_text","text":"note 0 \\"é\\"\\n"}]}]}`,
    ],
    [
      "an Anthropic text becomes a list of two",
      PATHS.anthropic,
      `{"model":"m","messages":[{"role":"user","content":"hi"}]}`,
      `{"model":"m","messages":[{"role":"user","content":[{"type":"text","text":"hi"},{"type":"text","text":"note 0 \\"é\\"\\n"}]}]}`,
    ],
    [
      "Gemini's parts get one more",
      PATHS.gemini,
      `{"contents":[{"parts":[{"text":"hi"}]}]}`,
      `{"contents":[{"parts":[{"text":"hi"},{"text":"note 0 \\"é\\"\\n"}]}]}`,
    ],
  ]
  for (const [name, path, before, after] of cases) test(name, () => expect(append(path, before, 0)).toBe(after))

  test("a Responses input that is a text grows", () => {
    expect(append(PATHS.responses, `{"input":"hi","model":"m"}`, -1)).toBe(
      `{"input":"hi\\n\\nnote -1 \\"é\\"\\n","model":"m"}`,
    )
  })
})

test("a place that is not there, or cannot hold a text, changes nothing", () => {
  for (const content of [`null`, `[]`, `7`, `{"a":1}`]) {
    const text = `{"model":"m","messages":[{"role":"user","content":${content}}]}`
    expect(append(PATHS.chat, text, 0, 5)).toBe(text)
  }
})

test("whatever the history is, only the named messages change, and each by its one part", () => {
  const content = fc.oneof(
    fc.string(),
    fc.array(fc.record({ type: fc.constant("text"), text: fc.string() }), { minLength: 1, maxLength: 3 }),
  )
  const history = fc.array(fc.record({ role: fc.constantFrom("user", "assistant"), content }), {
    minLength: 1,
    maxLength: 5,
  })
  fc.assert(
    fc.property(history, fc.nat(4), (messages, at) => {
      append(PATHS.chat, JSON.stringify({ messages, model: "m", stream: true }), at)
      const before = JSON.stringify({ model: "m", messages, max_tokens: 5 })
      const after = JSON.parse(append(PATHS.anthropic, before, at)) as { messages: { content: Json }[] }
      const changed = messages[at]
      if (!changed) return expect(after).toEqual(JSON.parse(before))
      const parts = typeof changed.content === "string" ? [{ type: "text", text: changed.content }] : changed.content
      expect(after.messages[at]!.content).toEqual([...parts, { type: "text", text: `note ${at} "é"\n` }])
      after.messages[at]!.content = changed.content
      expect(JSON.stringify(after)).toBe(before)
    }),
  )
})
