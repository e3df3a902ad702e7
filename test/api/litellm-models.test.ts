/** LiteLLM's routes about models and what they cost, over the real program: its shapes, this file's and table's prices, and words where something is not here. */
import { afterAll, beforeAll, expect, test } from "bun:test"
import type { Loose } from "../support/json.ts"
import { MASTER, type Memproxy, startMemproxy } from "../support/memproxy.ts"

const config = {
  general_settings: { master_key: MASTER },
  model_list: [
    { model_name: "gpt", litellm_params: { model: "openai/gpt-5", api_key: "sk-none" }, model_info: { id: "first" } },
    {
      model_name: "gpt",
      litellm_params: { model: "azure/any", api_key: "x", api_base: "https://a.example", api_version: "1" },
      model_info: { base_model: "azure/gpt-4.1", supports_vision: true, max_input_tokens: 1000, mode: "chat" },
    },
    {
      model_name: "own",
      litellm_params: {
        model: "openai/own",
        api_key: "sk-none",
        input_cost_per_token: 1e-6,
        output_cost_per_token: 2e-6,
      },
    },
    {
      model_name: "searching",
      litellm_params: {
        model: "openai/own",
        api_key: "sk-none",
        input_cost_per_token: 1e-6,
        input_cost_per_request: 0.002,
        search_context_cost_per_query: { search_context_size_low: 0.01 },
      },
    },
    { model_name: "nameless", litellm_params: { model: "openai/nobody-knows", api_key: "sk-none" } },
    { model_name: "any/*", litellm_params: { model: "openai/*", api_key: "sk-none" } },
  ],
  router_settings: { model_group_alias: { best: "gpt", quiet: { model: "gpt", hidden: true } } },
  litellm_settings: { cost_discount_config: { azure: 0.5 } },
}
let proxy: Memproxy
beforeAll(async () => {
  proxy = await startMemproxy({ config })
})
afterAll(async () => void (await proxy.stop()))

async function call(method: string, path: string, body?: unknown) {
  const answer = await fetch(proxy.url + path, {
    method,
    headers: { authorization: `Bearer ${MASTER}`, "content-type": "application/json" },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  })
  return { status: answer.status, json: (await answer.json()) as Loose }
}
const cost = (body: Loose) => call("POST", "/spend/calculate", body)

test("/model/info has each deployment with its prices, and one by its id", async () => {
  const { data } = (await call("GET", "/model/info")).json
  expect(data.find((one: Loose) => one.model_info.id === "first")).toMatchObject({
    model_name: "gpt",
    litellm_params: { model: "openai/gpt-5", custom_llm_provider: "openai" },
    model_info: {
      key: "gpt-5",
      litellm_provider: "openai",
      db_model: false,
      input_cost_per_token: 1.25e-6,
      output_cost_per_token: 1e-5,
      cache_read_input_token_cost: 1.25e-7,
    },
  })
  expect(data.find((one: Loose) => one.model_name === "nameless").model_info).not.toHaveProperty("input_cost_per_token")
  expect(data.find((one: Loose) => one.model_name === "searching").model_info).toMatchObject({
    input_cost_per_request: 0.002,
    search_context_cost_per_query: {
      search_context_size_low: 0.01,
      search_context_size_medium: 0.01,
      search_context_size_high: 0.01,
    },
  })
  expect(JSON.stringify(data)).not.toContain("sk-none")
  const one = await call("GET", "/v1/model/info?litellm_model_id=first")
  expect(one.json.data.map((found: Loose) => found.model_info.id)).toEqual(["first"])
  expect((await call("GET", "/model/info?litellm_model_id=second")).status).toBe(404)
})

test("/model_group/info has each public name once, the dearest of its deployments counting, and null for what is not known", async () => {
  const { data } = (await call("GET", "/model_group/info")).json
  expect(data.map((group: Loose) => group.model_group)).toEqual(["gpt", "own", "searching", "nameless", "best"])
  expect(data[0]).toMatchObject({
    providers: ["openai", "azure"],
    mode: "chat",
    max_input_tokens: 1000,
    input_cost_per_token: 2e-6,
    output_cost_per_token: 1e-5,
    supports_vision: true,
    supports_function_calling: null,
  })
  expect(data[3]).toMatchObject({ mode: null, input_cost_per_token: null, supports_vision: null })
  const [alias] = (await call("GET", "/model_group/info?model_group=best")).json.data
  expect(alias).toEqual({ ...data[0], model_group: "best" })
  expect((await call("GET", "/model_group/info?model_group=quiet")).json.data).toEqual([])
})

test("/spend/calculate prices an answer by its own counts, cached ones apart, as it would be billed", async () => {
  const usage = {
    prompt_tokens: 1_000_000,
    completion_tokens: 100_000,
    prompt_tokens_details: { cached_tokens: 400_000 },
  }
  const answer = (model: string) =>
    cost({ completion_response: { object: "chat.completion", model, choices: [], usage } })
  const listed = (600_000 * 1.25 + 400_000 * 0.125 + 100_000 * 10) / 1e6
  for (const model of ["gpt", "best", "openai/gpt-5", "gpt-5", "gpt-5-2025-08-07"])
    expect([model, (await answer(model)).json]).toEqual([model, { cost: expect.closeTo(listed, 9) }])
  expect((await answer("own")).json.cost).toBeCloseTo(1.2, 9)
  const discounted = (600_000 * 2 + 400_000 * 0.5 + 100_000 * 8) / 1e6 / 2
  expect((await answer("azure/gpt-4.1")).json.cost).toBeCloseTo(discounted, 9)
})

test("/spend/calculate estimates the input of a call that was not made, whatever its parts", async () => {
  const said = "What is the capital of France, and why is it not Lyon?"
  const plain = await cost({ model: "own", messages: [{ role: "user", content: said }] })
  const parts = await cost({ model: "own", messages: [{ role: "user", content: [{ type: "text", text: said }] }] })
  expect(plain.json).toEqual(parts.json)
  expect(plain.json.cost / 1e-6).toBeWithin(12, 24)
})

test("/spend/calculate says what is missing, and never 0 for a price that nobody knows", async () => {
  for (const body of [{}, { model: "own" }, { completion_response: { model: "own" } }, { completion_response: [] }, []])
    expect((await cost(body as Loose)).status).toBe(400)
  for (const model of ["nameless", "constructor", "x/y", ""]) {
    const { status, json } = await cost({ completion_response: { model, usage: { prompt_tokens: 1 } } })
    expect([model, status, json.error.code]).toEqual([model, 404, "price_not_known"])
    expect(json.error.message).toContain("input_cost_per_token")
  }
  const open = await fetch(`${proxy.url}/spend/calculate`, { method: "POST", body: "{}" })
  expect(open.status).toBe(401)
})

test("/utils/token_counter estimates messages, contents or a prompt, and says so", async () => {
  const count = (body: Loose) => call("POST", "/utils/token_counter", body)
  const text = "What is the capital of France, and why is it not Lyon?"
  const asChat = await count({ model: "gpt", messages: [{ role: "user", content: text }] })
  expect(asChat.json).toEqual({
    total_tokens: expect.any(Number),
    request_model: "gpt",
    model_used: "gpt-5",
    tokenizer_type: "estimate",
  })
  expect(asChat.json.total_tokens).toBeWithin(12, 24)
  const asGemini = await count({ model: "gpt", contents: [{ role: "user", parts: [{ text }] }] })
  expect(asGemini.json.total_tokens).toBe(asChat.json.total_tokens)
  expect((await count({ model: "gpt", prompt: text })).json.total_tokens).toBe(asChat.json.total_tokens - 4)
  for (const body of [{}, { model: "gpt" }, { prompt: text }, []]) expect((await count(body as Loose)).status).toBe(400)
})

test("routes of LiteLLM's that are not here say what to do instead", async () => {
  const WORDS: [string, string, string][] = [
    ["POST", "/key/generate", "general_settings.master_key"],
    ["GET", "/key/info", "x-memory-user-id"],
    ["POST", "/user/new", "/spend/users"],
    ["GET", "/team/list", "/spend/users"],
    ["GET", "/global/spend/report", "/api/usage"],
    ["POST", "/model/new", "config file"],
    ["POST", "/v1/images/generations", "/openai/"],
    ["GET", "/v1/responses/resp_1", "/openai/"],
    ["POST", "/v1/responses/resp_1/cancel", "/openai/"],
    ["POST", "/v1/messages/batches", "/anthropic/"],
    ["POST", "/v1beta/cachedContents", "/gemini/"],
    ["POST", "/v2/rerank", "/openai/"],
    ["POST", "/v1/v1/messages", "base URL"],
    ["POST", "/v1/chat/completions/chat/completions", "base URL"],
    ["POST", "/v1/messages/v1/messages", "base URL"],
    ["GET", "/v1", "base URL"],
    ["GET", "/api/tags", "/v1/models"],
    ["GET", "/nothing/of/the/kind", "/swagger"],
  ]
  for (const [method, path, says] of WORDS) {
    const { status, json } = await call(method, path, method === "POST" ? {} : undefined)
    expect([path, status]).toEqual([path, 404])
    expect(json.error.message).toContain(says)
  }
})
