import { describe, expect, test } from "bun:test"
import { matchEndpoint } from "../../src/dialects/endpoints.ts"
import { type Asked, readRequest } from "../../src/dialects/request.ts"
import type { Json } from "../../src/exchange.ts"
import { Refusal } from "../../src/exchange.ts"
import { haveFixtures, loadFixtures } from "../support/fixtures.ts"
import { JsonText } from "../../src/json/json-text.ts"

function read(path: string, body: Json | string): Asked {
  const endpoint = matchEndpoint("POST", path)
  if (!endpoint) throw new Error(`no endpoint: ${path}`)
  return readRequest(endpoint, JsonText.from(typeof body === "string" ? body : JSON.stringify(body)))
}

function refused(path: string, body: Json | string): [number, string | null, string | null] {
  try {
    read(path, body)
  } catch (error) {
    if (error instanceof Refusal) return [error.status, error.code, error.param]
    throw error
  }
  throw new Error(`accepted: ${JSON.stringify(body)}`)
}

const CHAT = "/v1/chat/completions"
const GENERATE = "/v1beta/models/gemini-2.5-pro:generateContent"
const messages = [{ role: "user", content: "hi" }]

describe("reading a request", () => {
  test("model, stream and the wish for usage are read from a Chat body", () => {
    const body = { model: "m", messages, stream: true, stream_options: { include_usage: true } }
    const { model, stream, wantsUsage } = read(CHAT, body)
    expect({ model, stream, wantsUsage }).toEqual({ model: "m", stream: true, wantsUsage: true })
    expect(read(CHAT, { ...body, stream: false })).toMatchObject({ stream: false, wantsUsage: false })
    expect(read(CHAT, { ...body, stream: null, stream_options: null })).toMatchObject({ stream: false })
    expect(read(CHAT, { ...body, stream_options: { include_usage: false } }).wantsUsage).toBe(false)
  })

  test("of duplicate keys the last counts, escaped or not", () => {
    const asked = read(CHAT, '{"model":"a","stream":true,"messages":[1],"stream":false,"m\\u006fdel":"b\\/c"}')
    expect([asked.model, asked.stream]).toEqual(["b/c", false])
  })

  test("the path's model wins over the body's", () => {
    expect(read("/openai/deployments/a/chat/completions", { model: "b", messages }).model).toBe("a")
    expect(read("/openai/deployments/a/chat/completions", { messages }).model).toBe("a")
    expect(read(GENERATE, { contents: [{ parts: [] }] })).toMatchObject({ model: "gemini-2.5-pro", stream: false })
    const streaming = read("/v1beta/models/g:streamGenerateContent", { contents: "hi", stream: false })
    expect(streaming).toMatchObject({ stream: true, wantsUsage: false })
  })

  test.each([
    [CHAT, { model: "m", input: [{ role: "user", content: "as Cursor sends it" }] }],
    ["/v1/completions", { model: "m", prompt: "" }],
    ["/v1/embeddings", { model: "m", input: [1, 2] }],
    ["/v1/responses", { model: "m", input: "hi" }],
    ["/v1/responses", { model: "m", previous_response_id: "resp_1" }],
    ["/v1/responses", { model: "m", prompt: { id: "pmpt_1" } }],
    ["/v1/messages", { model: "m", messages }],
    ["/v1/messages/count_tokens", { model: "m", messages }],
    ["/models/g:countTokens", { generateContentRequest: { contents: [] } }],
    ["/models/g:embedContent", { content: { parts: [] } }],
    ["/models/g:batchEmbedContents", { requests: [{}] }],
  ] as [string, Json][])("%s takes what its own clients send", (path, body) => {
    expect(read(path, body).model).toMatch(/^[mg]$/)
  })

  test.each([
    [CHAT, { messages }, "model"],
    [CHAT, { model: "", messages }, "model"],
    [CHAT, { model: 7, messages }, "model"],
    [CHAT, { model: null, messages }, "model"],
    [CHAT, { model: ["m"], messages }, "model"],
    [CHAT, { model: "m" }, "messages"],
    [CHAT, { model: "m", messages: [] }, "messages"],
    [CHAT, { model: "m", messages: null }, "messages"],
    ["/v1/completions", { model: "m", messages }, "prompt"],
    ["/v1/embeddings", { model: "m" }, "input"],
    ["/v1/responses", { model: "m", messages }, "input"],
    ["/v1/messages", { model: "m", input: "hi" }, "messages"],
    ["/v1/messages/count_tokens", { model: "m" }, "messages"],
    [GENERATE, { messages }, "contents"],
    ["/models/g:countTokens", {}, "contents"],
    ["/models/g:embedContent", { contents: [] }, "content"],
  ] as [string, Json, string][])("%s %j is refused, naming what is missing", (path, body, param) => {
    expect(refused(path, body)).toEqual([400, "missing_parameter", param])
  })

  test("a model whose escapes are broken is refused as missing", () => {
    expect(refused(CHAT, '{"model":"\\x","messages":[1]}')).toEqual([400, "missing_parameter", "model"])
  })

  test("what has the wrong type is refused, naming it", () => {
    expect(refused(CHAT, { model: "m", messages: "hi" })).toEqual([400, "invalid_parameter", "messages"])
    expect(refused(CHAT, { model: "m", messages, stream: "true" })).toEqual([400, "invalid_parameter", "stream"])
    expect(refused(CHAT, { model: "m", messages, stream: 1 })).toEqual([400, "invalid_parameter", "stream"])
  })

  test("a refusal repeats nothing of the body", () => {
    const [, code] = refused(CHAT, '{"model":"sk-secret-1234" oops')
    expect(code).toBe("invalid_json")
    try {
      read(CHAT, '{"model":"sk-secret-1234" oops')
    } catch (error) {
      expect(String(error)).not.toContain("secret")
    }
  })

  test.skipIf(!haveFixtures)("every recorded request is read as the recording says", () => {
    let read = 0
    for (const { id, provider, request, meta } of loadFixtures()) {
      const path = meta.url ? new URL(meta.url).pathname.replace(/^\/(?:openai|api)(?=\/v1)/, "") : null
      const endpoint = path && matchEndpoint("POST", path)
      if (!endpoint || !request || provider.startsWith("inbound")) continue
      const text = request.toString()
      const body = JSON.parse(text)
      const asked = readRequest(endpoint, JsonText.of(request))
      if (endpoint.dialect !== "gemini")
        expect([id, asked.model, asked.stream]).toEqual([id, body.model, body.stream ?? false])
      expect([id, asked.wantsUsage]).toEqual([id, Boolean(body.stream && body.stream_options?.include_usage)])
      read++
    }
    expect(read).toBeGreaterThan(80)
  })
})
