/** Token counts, embeddings and old completions, each from any client to any provider, by the official SDKs where they have the call. */
import Anthropic from "@anthropic-ai/sdk"
import { GoogleGenAI } from "@google/genai"
import { describe, expect, test } from "bun:test"
import OpenAI from "openai"
import { DEFAULT_TEXT } from "../support/answers.ts"
import type { Loose } from "../support/json.ts"
import { jsonHeaders, lanes } from "../support/lanes.ts"
import { MASTER } from "../support/memproxy.ts"
import { useRig } from "../support/rig.ts"

const rig = useRig((provider) => ({
  models: [
    {
      model_name: "gpt-mini",
      litellm_params: { model: "openai/gpt-4o-mini", api_base: `${provider.url}/v1`, api_key: "k" },
    },
    {
      model_name: "instruct",
      litellm_params: { model: "openai/gpt-3.5-turbo-instruct", api_base: `${provider.url}/v1`, api_key: "k" },
    },
    { model_name: "local", litellm_params: { model: "ollama/qwen", api_base: provider.url } },
  ],
}))
const openai = () => new OpenAI({ baseURL: `${rig.proxy.url}/v1`, apiKey: MASTER, maxRetries: 0 })
const anthropic = () => new Anthropic({ baseURL: rig.proxy.url, apiKey: MASTER, maxRetries: 0 })
const google = () => new GoogleGenAI({ apiKey: MASTER, httpOptions: { baseUrl: rig.proxy.url } })
/** The SDK's promises are not the language's. */
const refused = (call: PromiseLike<unknown>) =>
  call.then(
    () => null,
    (error: unknown) => error,
  )
const lastRow = async () => (await rig.proxy.rows())[0]!

const TEXT = "How many tokens are these words, please? ".repeat(20)
const TOOLS = [
  {
    name: "bash",
    description: "Runs a command.",
    input_schema: { type: "object" as const, properties: { command: { type: "string" } } },
  },
]
const anthropicCount = async (model: string) =>
  (
    await anthropic().messages.countTokens({
      model,
      system: "Be brief.",
      messages: [{ role: "user", content: TEXT }],
      tools: TOOLS,
    })
  ).input_tokens
const geminiCount = async (model: string) => (await google().models.countTokens({ model, contents: TEXT })).totalTokens

test("a conversation is made shorter by who speaks Responses, and by nobody else", async () => {
  const ask = (model: string) =>
    fetch(`${rig.proxy.url}/v1/responses/compact`, {
      method: "POST",
      headers: jsonHeaders,
      body: JSON.stringify({ model, input: "hi" }),
    })
  expect((await ask("responses")).status).toBe(200)
  expect(await lastRow()).toMatchObject({ outcome: "done", input_tokens: 25, cache_read_tokens: 10, output_tokens: 9 })
  for (const model of ["claude", "chat", "gem"]) {
    const answer = await ask(model)
    expect([model, answer.status, ((await answer.json()) as Loose).error.code]).toEqual([
      model,
      400,
      "operation_not_served",
    ])
  }
  expect(rig.provider.received).toHaveLength(1)
})

describe("a count is always answered", () => {
  test("Anthropic's and Gemini's providers count in their own way, from either client", async () => {
    expect(await anthropicCount("gem")).toBe(42)
    expect(rig.provider.received[0]!.target).toBe("/v1beta/models/up-gem:countTokens")
    expect(rig.provider.received[0]!.json.generateContentRequest).toMatchObject({
      model: "models/up-gem",
      systemInstruction: { parts: [{ text: "Be brief." }] },
      tools: [{ functionDeclarations: [{ name: "bash" }] }],
    })
    expect(await geminiCount("claude")).toBe(42)
    const [, request] = rig.provider.received
    expect([request!.path, Object.keys(request!.json).sort()]).toEqual([
      "/v1/messages/count_tokens",
      ["messages", "model"],
    ])
    expect(await lastRow()).toMatchObject({
      outcome: "done",
      status: 200,
      cost_usd: 0,
      dialect_in: "gemini",
      dialect_out: "anthropic",
    })
  })

  test("OpenAI's Responses count input tokens; Chat has no count, so it is estimated, never too low, with no call made", async () => {
    rig.provider.script({
      headers: { "content-type": "application/json" },
      body: '{"object":"response.input_tokens","input_tokens":77}',
    })
    expect(await anthropicCount("responses")).toBe(77)
    expect(rig.provider.received[0]!.path).toBe("/v1/responses/input_tokens")
    rig.provider.reset()
    for (const model of ["chat", "local"])
      for (const count of [anthropicCount, geminiCount]) {
        const tokens = (await count(model))!
        // 8 words and 2 signs, 20 times
        expect(tokens).toBeGreaterThan(200)
        expect(tokens).toBeLessThan(1000)
      }
    expect(rig.provider.received).toEqual([])
    expect(await lastRow()).toMatchObject({ outcome: "done", status: 200 })
  })

  test("a provider that fails, or has no such path, still leaves an estimate, of its own dialect too", async () => {
    for (const status of [404, 405, 501]) {
      rig.provider.script({
        status,
        headers: { "content-type": "application/json" },
        body: '{"error":{"message":"no"}}',
      })
      for (const { model } of lanes) {
        expect([status, model, (await anthropicCount(model)) > 200]).toEqual([status, model, true])
        expect([status, model, (await geminiCount(model))! > 200]).toEqual([status, model, true])
      }
    }
    rig.provider.script({ cutAfter: -1 })
    expect(await anthropicCount("gem")).toBeGreaterThan(200)
  })
})

describe("embeddings", () => {
  const vector = [0.25, -1.5, 3]
  const gemini = (request: Loose) => ({
    headers: { "content-type": "application/json" },
    body: JSON.stringify({
      embeddings: request.json.requests.map((_: Loose, index: number) => ({ values: [...vector, index] })),
    }),
  })

  test("OpenAI's SDK with Gemini's model: one text, many, their order, dimensions, and its own base64", async () => {
    rig.provider.script(gemini)
    const many = await openai().embeddings.create({ model: "gem", input: ["a", "b"], dimensions: 4 })
    expect(many.data.map((one) => [one.index, one.embedding])).toEqual([
      [0, [...vector, 0]],
      [1, [...vector, 1]],
    ])
    expect(many.usage.prompt_tokens).toBeGreaterThan(0)
    const [request] = rig.provider.received
    expect([request!.target, request!.json.requests[1]]).toEqual([
      "/v1beta/models/up-gem:batchEmbedContents",
      { model: "models/up-gem", content: { parts: [{ text: "b" }] }, outputDimensionality: 4 },
    ])
    const floats = await openai().embeddings.create({ model: "gem", input: "a", encoding_format: "float" })
    expect(floats.data[0]!.embedding).toEqual([...vector, 0])
  })

  test("Google's SDK with OpenAI's model", async () => {
    const answer = await google().models.embedContent({
      model: "chat",
      contents: "a",
      config: { outputDimensionality: 2 },
    })
    expect(answer.embeddings![0]!.values).toEqual([0.1, 0.2])
    expect(rig.provider.received[0]!.json).toEqual({
      model: "up-chat",
      input: ["a"],
      encoding_format: "float",
      dimensions: 2,
    })
  })

  test("Gemini's batches stay batches at Gemini", async () => {
    rig.provider.script(gemini)
    await fetch(`${rig.proxy.url}/v1beta/models/gem:batchEmbedContents`, {
      method: "POST",
      headers: jsonHeaders,
      body: JSON.stringify({ requests: [{ model: "models/gem", content: { parts: [{ text: "a" }] } }] }),
    })
    expect(rig.provider.received[0]!.target).toBe("/v1beta/models/up-gem:batchEmbedContents")
  })

  test("Anthropic embeds nothing, tokens go to nobody but OpenAI: clear refusals", async () => {
    expect(await refused(openai().embeddings.create({ model: "claude", input: "a" }))).toMatchObject({
      status: 400,
      code: "operation_not_served",
    })
    expect(await refused(openai().embeddings.create({ model: "gem", input: [1, 2] }))).toMatchObject({
      status: 400,
      param: "input",
    })
    expect(rig.provider.received).toEqual([])
  })
})

describe("old completions", () => {
  for (const { model, dialect } of [...lanes.slice(1), { model: "gpt-mini", dialect: "openai-chat" as const }])
    for (const stream of [false, true])
      test(`a model of ${dialect} that only chats (${model})${stream ? ", streamed" : ""}`, async () => {
        const call = { model, prompt: "Once upon", max_tokens: 20 }
        let text = ""
        if (stream)
          for await (const chunk of await openai().completions.create({ ...call, stream }))
            text += chunk.choices[0]?.text ?? ""
        else text = (await openai().completions.create(call)).choices[0]!.text
        expect(text).toBe(DEFAULT_TEXT)
        expect(rig.provider.received[0]!.path).not.toBe("/v1/completions")
        expect(await lastRow()).toMatchObject({
          outcome: "done",
          dialect_out: dialect,
          output_tokens: 9,
          finish_reason: expect.any(String),
        })
      })

  test("a model that completes, and a server that does, get the completion as it is", async () => {
    for (const model of ["instruct", "local"]) await openai().completions.create({ model, prompt: ["a", "b"] })
    expect(rig.provider.received.map(({ path, json }) => [path, json.prompt])).toEqual([
      ["/v1/completions", ["a", "b"]],
      ["/v1/completions", ["a", "b"]],
    ])
  })

  test("a list of prompts is refused in words where the model only chats", async () => {
    expect(await refused(openai().completions.create({ model: "claude", prompt: ["a", "b"] }))).toMatchObject({
      status: 400,
      param: "prompt",
    })
  })
})
