import { expect, test } from "bun:test"
import { matchEndpoint } from "../../src/dialects/endpoints.ts"
import { placeText, type Position } from "../../src/dialects/place-text.ts"
import { readRequest } from "../../src/dialects/request.ts"
import type { JsonObject } from "../../src/exchange.ts"
import { jsonText } from "../support/nodes.ts"

const place = (path: string, body: JsonObject, position: Position, first = 0, newest = 0) =>
  JSON.parse(
    placeText(
      readRequest(matchEndpoint("POST", path)!, jsonText(body)),
      position,
      "NOTE",
      first,
      newest,
    ).text.toString(),
  )

const CHAT = "/v1/chat/completions"
const system = { role: "system", content: "Be brief." }
const hi = { role: "user", content: "hi" }

test("Chat: the system message grows, gets a neighbour, or is made", () => {
  const body = { model: "m", messages: [system, hi] }
  expect(place(CHAT, body, "system").messages).toEqual([{ role: "system", content: "Be brief.\n\nNOTE" }, hi])
  expect(place(CHAT, body, "dual").messages).toEqual([system, { role: "system", content: "NOTE" }, hi])
  for (const position of ["system", "dual"] as const)
    expect(place(CHAT, { model: "m", messages: [hi] }, position).messages).toEqual([
      { role: "system", content: "NOTE" },
      hi,
    ])
})

test("before the first user message, or after the newest", () => {
  const messages = [
    system,
    hi,
    { role: "assistant", content: "Hi." },
    { role: "user", content: [{ type: "text", text: "bye" }] },
  ]
  expect(place(CHAT, { model: "m", messages }, "user_prefix", 1, 3).messages[1].content).toBe("NOTE\n\n---\n\nhi")
  expect(place(CHAT, { model: "m", messages }, "user_prefix", 3, 3).messages[3].content[0]).toEqual({
    type: "text",
    text: "NOTE\n\n---\n\n",
  })
  expect(place(CHAT, { model: "m", messages }, "user_suffix", 1, 3).messages[3].content[1]).toEqual({
    type: "text",
    text: "NOTE",
  })
  expect(place("/v1/responses", { model: "m", input: "hi" }, "user_prefix", -1, -1).input).toBe("NOTE\n\n---\n\nhi")
  const gemini = { contents: [{ role: "user", parts: [{ text: "hi" }] }] }
  expect(place("/v1beta/models/g:generateContent", gemini, "user_prefix").contents[0].parts[0]).toEqual({
    text: "NOTE\n\n---\n\n",
  })
})

test("the other dialects' system prompts grow in their own form", () => {
  const blocks = [{ type: "text", text: "Be brief.", cache_control: { type: "ephemeral" } }]
  const anthropic = (more: JsonObject) =>
    place("/v1/messages", { model: "m", messages: [hi], ...more }, "system").system
  expect(anthropic({ system: blocks })).toEqual([...blocks, { type: "text", text: "NOTE" }])
  expect(anthropic({ system: "Be brief." })).toBe("Be brief.\n\nNOTE")
  expect(anthropic({})).toBe("NOTE")
  expect(place("/v1/responses", { model: "m", input: "hi" }, "dual", -1, -1).instructions).toBe("NOTE")
  const gemini = (more: JsonObject) =>
    place("/v1beta/models/g:generateContent", { contents: [{ parts: [{ text: "hi" }] }], ...more }, "system")
  expect(gemini({}).systemInstruction).toEqual({ parts: [{ text: "NOTE" }] })
  expect(gemini({ system_instruction: { parts: [{ text: "Be brief." }] } }).system_instruction.parts).toHaveLength(2)
})
