import { afterAll, beforeEach, describe, expect, test } from "bun:test"
import Anthropic from "@anthropic-ai/sdk"
import { GoogleGenAI } from "@google/genai"
import OpenAI from "openai"
import { matchEndpoint } from "../../../src/dialects/endpoints.ts"
import { lastUserText, mockAnswer } from "../../../src/dialects/translation/mock.ts"
import { readRequest } from "../../../src/dialects/request.ts"
import type { Dialect, JsonObject } from "../../../src/exchange.ts"
import { JsonText } from "../../../src/json/json-text.ts"

const TEXT = 'Hello from memproxy.\n\n "é漢👍"  event: x\ndata: {}\n\n'
let says = TEXT
let contentType = ""

const server = Bun.serve({
  hostname: "127.0.0.1",
  port: 0,
  async fetch(request) {
    const url = new URL(request.url)
    const endpoint = matchEndpoint(request.method, url.pathname)
    if (!endpoint) return new Response(null, { status: 404 })
    const asked = readRequest(endpoint, JsonText.from(await request.text()))
    const wantsArray = endpoint.dialect === "gemini" && url.searchParams.get("alt") !== "sse"
    const answer = mockAnswer(asked, { text: says, id: "0199", created: 1_735_689_600, wantsArray })
    contentType = answer.contentType
    return new Response(answer.text, { headers: { "content-type": contentType } })
  },
})
afterAll(() => server.stop(true))
beforeEach(() => void (says = TEXT))

const url = `http://127.0.0.1:${server.port}`
const openai = new OpenAI({ baseURL: `${url}/v1`, apiKey: "k", maxRetries: 0 })
const anthropic = new Anthropic({ baseURL: url, apiKey: "k", maxRetries: 0 })
const google = new GoogleGenAI({ apiKey: "k", httpOptions: { baseUrl: url } })
const messages = [{ role: "user" as const, content: "hi" }]
const USAGE = { prompt_tokens: 10, completion_tokens: 20, total_tokens: 30 }

async function collect<T>(stream: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = []
  for await (const each of stream) all.push(each)
  return all
}

describe("a mock's answer", () => {
  test("is a Chat completion to OpenAI's SDK", async () => {
    const answer = await openai.chat.completions.create({ model: "demo", messages })
    expect(answer).toMatchObject({ object: "chat.completion", model: "demo", created: 1_735_689_600, usage: USAGE })
    expect(answer.choices).toMatchObject([{ finish_reason: "stop", message: { role: "assistant", content: TEXT } }])
  })

  test.each([TEXT, "", " ", "one"])("is a Chat stream to OpenAI's accumulator: %j", async (text) => {
    says = text
    const stream = openai.chat.completions.stream({ model: "demo", messages, stream_options: { include_usage: true } })
    const final = await stream.finalChatCompletion()
    expect(final.choices).toMatchObject([{ finish_reason: "stop", message: { role: "assistant", content: text } }])
    expect(final.usage).toMatchObject(USAGE)
  })

  test("streams in several deltas, and tells usage only to those who ask", async () => {
    const chunks = await collect(await openai.chat.completions.create({ model: "demo", messages, stream: true }))
    expect(chunks.filter((chunk) => chunk.choices[0]?.delta.content).length).toBeGreaterThan(3)
    for (const chunk of chunks) {
      expect(chunk.choices).toHaveLength(1)
      expect(chunk).not.toHaveProperty("usage")
    }
    expect(contentType).toBe("text/event-stream")
  })

  test("is a text completion to OpenAI's SDK, streamed or not", async () => {
    const whole = await openai.completions.create({ model: "demo", prompt: "x" })
    expect(whole).toMatchObject({ object: "text_completion", usage: USAGE })
    expect(whole.choices[0]).toMatchObject({ text: TEXT, finish_reason: "stop" })
    const chunks = await collect(await openai.completions.create({ model: "demo", prompt: "x", stream: true }))
    expect(chunks.map((chunk) => chunk.choices[0]?.text).join("")).toBe(TEXT)
    expect(chunks.at(-1)?.choices[0]?.finish_reason).toBe("stop")
  })

  test("is embeddings to OpenAI's SDK, which asks for base64, and the same as plain numbers", async () => {
    const embed = (input: string | string[] | number[] | number[][], more = {}) =>
      openai.embeddings.create({ model: "demo", input, ...more })
    const coded = await embed(["a", "b"])
    const plain = await embed(["a", "b"], { encoding_format: "float" })
    expect(coded.data.map((each) => each.embedding)).toEqual(plain.data.map((each) => each.embedding))
    expect(coded.data[0]?.embedding).toHaveLength(8)
    const raw = await fetch(`${url}/v1/embeddings`, {
      method: "POST",
      body: JSON.stringify({ model: "demo", input: "a", encoding_format: "base64" }),
    })
    expect(await raw.json()).toMatchObject({ data: [{ embedding: expect.stringMatching(/^[A-Za-z0-9+/]{43}=$/) }] })
    expect(coded.data[0]?.embedding).not.toEqual(coded.data[1]?.embedding)
    expect((await embed("a")).data[0]?.embedding).toEqual(coded.data[0]?.embedding)
    expect((await embed([1, 2, 3], { dimensions: 16 })).data[0]?.embedding).toHaveLength(16)
    expect((await embed([[1], [2]])).data).toHaveLength(2)
    expect(Math.hypot(...(coded.data[0]?.embedding ?? []))).toBeCloseTo(1, 5)
  })

  test("is a response to OpenAI's SDK, and its count a count", async () => {
    const answer = await openai.responses.create({ model: "demo", input: "hi" })
    expect(answer).toMatchObject({ object: "response", status: "completed", output_text: TEXT, model: "demo" })
    expect(answer.usage).toMatchObject({ input_tokens: 10, output_tokens: 20, total_tokens: 30 })
    expect((await openai.responses.inputTokens.count({ model: "demo", input: "hi" })).input_tokens).toBe(10)
  })

  test.each([TEXT, "", "one"])("is a Responses stream to OpenAI's accumulator: %j", async (text) => {
    says = text
    const stream = openai.responses.stream({ model: "demo", input: "hi" })
    const events = await collect(stream)
    expect(events.map((event) => event.sequence_number)).toEqual(events.map((_, at) => at))
    const final = await stream.finalResponse()
    expect([final.status, final.output_text]).toEqual(["completed", text])
  })

  test("is a message to Anthropic's SDK, and its count a count", async () => {
    const request = { model: "demo", max_tokens: 9, messages }
    const answer = await anthropic.messages.create(request)
    expect(answer).toMatchObject({ type: "message", role: "assistant", model: "demo", stop_reason: "end_turn" })
    expect(answer.content).toMatchObject([{ type: "text", text: TEXT }])
    expect(answer.usage).toMatchObject({ input_tokens: 10, output_tokens: 20 })
    expect((await anthropic.messages.countTokens({ model: "demo", messages })).input_tokens).toBe(10)
  })

  test.each([TEXT, "", "one"])("is a message stream to Anthropic's accumulator: %j", async (text) => {
    says = text
    const stream = anthropic.messages.stream({ model: "demo", max_tokens: 9, messages })
    const final = await stream.finalMessage()
    expect(final).toMatchObject({ stop_reason: "end_turn", usage: { input_tokens: 10, output_tokens: 20 } })
    expect(final.content).toMatchObject([{ type: "text", text }])
  })

  test("is content to Google's SDK, streamed or not, counted or embedded", async () => {
    const answer = await google.models.generateContent({ model: "demo", contents: "hi" })
    expect([answer.text, answer.candidates?.[0]?.finishReason]).toEqual([TEXT, "STOP" as typeof answer.text])
    expect(answer.usageMetadata).toMatchObject({ promptTokenCount: 10, candidatesTokenCount: 20, totalTokenCount: 30 })
    const chunks = await collect(await google.models.generateContentStream({ model: "demo", contents: "hi" }))
    expect(chunks.map((chunk) => chunk.text).join("")).toBe(TEXT)
    expect(chunks.length).toBeGreaterThan(3)
    expect(chunks.at(-1)?.usageMetadata).toMatchObject({ candidatesTokenCount: 20 })
    expect((await google.models.countTokens({ model: "demo", contents: "hi" })).totalTokens).toBe(10)
    const embedded = await google.models.embedContent({ model: "demo", contents: ["a", "b"] })
    expect(embedded.embeddings?.map((each) => each.values?.length)).toEqual([8, 8])
  })

  test("of a Gemini stream without alt=sse is one JSON array", async () => {
    const body = JSON.stringify({ contents: [{ parts: [{ text: "hi" }] }] })
    for (const text of [TEXT, ""]) {
      says = text
      const answer = await fetch(`${url}/v1beta/models/demo:streamGenerateContent`, { method: "POST", body })
      const parts = (await answer.json()) as { candidates: { content: { parts: { text: string }[] } }[] }[]
      expect(parts.map((part) => part.candidates[0]?.content.parts[0]?.text).join("")).toBe(text)
      expect(answer.headers.get("content-type")).toBe("application/json")
    }
  })

  test("is the same for the same request", () => {
    const asked = readRequest(
      matchEndpoint("POST", "/v1/responses")!,
      JsonText.from('{"model":"m","input":"x","stream":true}'),
    )
    const options = { text: "a b", id: "1", created: 1, wantsArray: false }
    expect(mockAnswer(asked, options)).toEqual(mockAnswer(asked, options))
  })
})

describe("the text of the last user message", () => {
  test.each([
    [
      "openai-chat",
      {
        messages: [
          { role: "user", content: "a" },
          { role: "assistant", content: "b" },
        ],
      },
      "a",
    ],
    [
      "openai-chat",
      {
        messages: [
          { role: "user", content: [{ type: "text", text: "a" }, { type: "image_url" }, { type: "text", text: "b" }] },
        ],
      },
      "a\nb",
    ],
    [
      "openai-chat",
      {
        messages: [
          { role: "user", content: "a" },
          { role: "tool", content: "b" },
          { role: "system", content: "c" },
        ],
      },
      "a",
    ],
    ["openai-chat", { input: [{ role: "user", content: "cursor" }] }, "cursor"],
    ["openai-chat", { prompt: "fim" }, "fim"],
    ["openai-chat", { prompt: ["a", "b"] }, "b"],
    ["openai-responses", { input: "a" }, "a"],
    [
      "openai-responses",
      {
        input: [
          { role: "user", content: [{ type: "input_text", text: "a" }] },
          { type: "function_call_output", output: "x" },
        ],
      },
      "a",
    ],
    [
      "anthropic",
      {
        messages: [
          {
            role: "user",
            content: [
              { type: "tool_result", content: "x" },
              { type: "text", text: "a" },
            ],
          },
        ],
      },
      "a",
    ],
    [
      "anthropic",
      {
        messages: [
          { role: "user", content: "a" },
          { role: "user", content: [{ type: "tool_result" }] },
        ],
      },
      "a",
    ],
    [
      "gemini",
      { contents: [{ parts: [{ text: "a" }, { text: "b" }] }, { role: "model", parts: [{ text: "c" }] }] },
      "a\nb",
    ],
    ["gemini", { contents: "odd" }, ""],
    ["anthropic", { messages: [null, 1, { role: "user", content: { text: "odd" } }] }, ""],
    ["openai-responses", {}, ""],
  ] as [Dialect, JsonObject, string][])("of %s %j", (dialect, body, expected) => {
    expect(lastUserText(dialect, body)).toBe(expected)
  })
})
