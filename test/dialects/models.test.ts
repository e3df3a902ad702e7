import { afterAll, describe, expect, test } from "bun:test"
import Anthropic from "@anthropic-ai/sdk"
import { GoogleGenAI } from "@google/genai"
import OpenAI from "openai"
import { type ListedModel, modelListShape, renderModel, renderModels } from "../../src/dialects/models.ts"
import { Refusal } from "../../src/exchange.ts"

const MODELS: ListedModel[] = Array.from({ length: 45 }, (_, index) => ({
  id: index === 3 ? "meta-llama/llama-3" : `model-${index}`,
  created: 1_735_689_600 + index,
  ownedBy: "anthropic",
  ...(index === 0 && { displayName: "Model Zero", inputLimit: 200_000, outputLimit: 64_000 }),
}))
const IDS = MODELS.map((model) => model.id)

let asked: string[] = []
const server = Bun.serve({
  hostname: "127.0.0.1",
  port: 0,
  fetch(request) {
    const url = new URL(request.url)
    asked.push(url.pathname)
    const found = /^\/v1(?:beta)?\/models(?:\/(.+))?$/.exec(url.pathname)
    if (!found) return new Response(null, { status: 404 })
    const shape = modelListShape(url.pathname, request.headers)
    if (found[1] === undefined) return Response.json(renderModels(shape, MODELS, url.searchParams))
    const model = MODELS.find((each) => each.id === decodeURIComponent(found[1]!))
    return model ? Response.json(renderModel(shape, model)) : new Response(null, { status: 404 })
  },
})
afterAll(() => server.stop(true))
const url = `http://127.0.0.1:${server.port}`

async function idsOf(list: AsyncIterable<{ id?: string; name?: string }>): Promise<string[]> {
  const ids: string[] = []
  for await (const model of list) ids.push(model.id ?? model.name ?? "")
  return ids
}

describe("model lists", () => {
  test("are read whole by OpenAI's SDK", async () => {
    const client = new OpenAI({ baseURL: `${url}/v1`, apiKey: "k", maxRetries: 0 })
    expect(await idsOf(await client.models.list())).toEqual(IDS)
    expect(await client.models.retrieve("meta-llama/llama-3")).toMatchObject({
      id: "meta-llama/llama-3",
      object: "model",
      owned_by: "anthropic",
      created: 1_735_689_603,
    })
  })

  test("are read page by page by Anthropic's SDK", async () => {
    const client = new Anthropic({ baseURL: url, apiKey: "k", maxRetries: 0 })
    asked = []
    expect(await idsOf(await client.models.list())).toEqual(IDS)
    expect(asked).toHaveLength(3)
    expect(await idsOf(await client.models.list({ limit: 7 }))).toEqual(IDS)
    const before = await client.models.list({ limit: 5, before_id: "model-10" })
    expect(before.data.map((model) => model.id)).toEqual(IDS.slice(5, 10))
    expect(before.has_more).toBe(true)
    expect(await client.models.retrieve("model-0")).toMatchObject({
      type: "model",
      id: "model-0",
      display_name: "Model Zero",
      created_at: "2025-01-01T00:00:00Z",
      max_input_tokens: 200_000,
    })
  })

  test("are read page by page by Google's SDK", async () => {
    const client = new GoogleGenAI({ apiKey: "k", httpOptions: { baseUrl: url } })
    const names = IDS.map((id) => `models/${id}`)
    expect(await idsOf(await client.models.list())).toEqual(names)
    asked = []
    expect(await idsOf(await client.models.list({ config: { pageSize: 10 } }))).toEqual(names)
    expect(asked).toHaveLength(5)
    expect(await client.models.get({ model: "model-0" })).toMatchObject({
      name: "models/model-0",
      displayName: "Model Zero",
      inputTokenLimit: 200_000,
      outputTokenLimit: 64_000,
    })
  })

  test("have one shape a client", () => {
    const shape = (path: string, headers: Record<string, string> = {}) => modelListShape(path, new Headers(headers))
    expect(shape("/v1/models")).toBe("openai")
    expect(shape("/v1/models", { "anthropic-version": "2023-06-01" })).toBe("anthropic")
    expect(shape("/v1/models", { "x-goog-api-key": "k" })).toBe("gemini")
    expect(shape("/v1beta/models")).toBe("gemini")
    expect(shape("/models/v1beta/x")).toBe("openai")
  })

  test("hold Codex's own member only where Codex asks", () => {
    expect(renderModels("openai", MODELS, new URLSearchParams("client_version=0.169.0")).models).toEqual([])
    expect(renderModels("openai", MODELS, new URLSearchParams())).not.toHaveProperty("models")
  })

  test("of no model are empty lists", () => {
    const none = new URLSearchParams()
    expect(renderModels("openai", [], none)).toEqual({ object: "list", data: [] })
    expect(renderModels("anthropic", [], none)).toEqual({ data: [], has_more: false, first_id: null, last_id: null })
    expect(renderModels("gemini", [], none)).toEqual({ models: [] })
  })

  test.each([
    ["anthropic", "limit=x", "limit"],
    ["anthropic", "limit=-1", "limit"],
    ["anthropic", "after_id=nobody", "after_id"],
    ["gemini", "pageToken=x", "pageToken"],
    ["gemini", "pageSize=1.5", "pageSize"],
  ] as const)("of %s refuse ?%s", (shape, query, param) => {
    const page = () => renderModels(shape, MODELS, new URLSearchParams(query))
    expect(page).toThrow(Refusal)
    expect(page).toThrow(param)
  })
})
