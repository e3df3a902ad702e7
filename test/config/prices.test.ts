/** LiteLLM's price keys that have parts, from the file to a request's cost. */
import { expect, test } from "bun:test"
import { configOf } from "./read-text.ts"
import { createPriceBook } from "../../src/usage/price-book.ts"

const usage = {
  cacheRead: 0,
  cacheWrite: 0,
  cacheWrite1h: 0,
  reasoning: 0,
  inputAudio: 0,
  cacheReadAudio: null,
  outputAudio: 0,
}

test.each([
  [32_000, 32_000 * 1e-6 + 1000 * 2e-6],
  [32_001, 32_001 * 3e-6 + 1000 * 4e-6],
  [128_001, 128_001 * 5e-6 + 1000 * 6e-6],
])("tiered_pricing: %d input tokens cost what their tier says, all of them", (input, cost) => {
  const { deployments } = configOf(`
model_list:
  - model_name: qwen
    litellm_params: { model: dashscope/qwen3-max, api_key: sk-x }
    model_info:
      tiered_pricing:
        - { range: [0, 32000], input_cost_per_token: 1e-6, output_cost_per_token: 2e-6 }
        - { range: [32000, 128000], input_cost_per_token: "3e-6", output_cost_per_token: 4e-6 }
        - { range: [128000, 256000], input_cost_per_token: 5e-6, output_cost_per_token: 6e-6 }
`)
  const { prices, provider, model } = deployments[0]!
  const asked = { provider, model, custom: prices, baseModel: null, serviceTier: null, operation: "generate" } as const
  expect(createPriceBook().price({ ...asked, usage: { ...usage, input, output: 1000 } }).cost).toBeCloseTo(cost, 12)
})

test.each([
  ["2026-09-03T16:29:59Z", 100, 100 * 4e-6],
  ["2026-09-03T16:30:00Z", 100, 100 * 1e-6],
  ["2026-09-04T00:29:59Z", 100, 100 * 1e-6],
  ["2026-09-04T00:30:00Z", 100, 100 * 4e-6],
  // whatever the length
  ["2026-09-03T23:00:00Z", 40_000, 40_000 * 1e-6],
  ["2026-09-03T12:00:00Z", 40_000, 40_000 * 8e-6],
])("off_peak_pricing: at %s %d tokens cost $%p", (at, input, cost) => {
  const { deployments } = configOf(`
model_list:
  - model_name: seek
    litellm_params:
      model: deepseek/seek
      api_key: sk-x
      input_cost_per_token: 4e-6
      input_cost_per_token_above_32k_tokens: 8e-6
      output_cost_per_token: 1e-5
      off_peak_pricing: { hours_utc: "16:30-00:30", input_cost_per_token: 1e-6 }
`)
  const { prices, provider, model } = deployments[0]!
  const asked = { provider, model, custom: prices, baseModel: null, serviceTier: null, operation: "generate" } as const
  const { cost: got } = createPriceBook().price({ ...asked, at: Date.parse(at), usage: { ...usage, input, output: 0 } })
  expect(got).toBeCloseTo(cost, 12)
})

test("a search's price is one where it is the same for every size of context; else, and for hours that are none, the file is told", () => {
  const { deployments, findings } = configOf(`
model_list:
  - model_name: one
    litellm_params: { model: openai/one, api_key: sk-x, input_cost_per_token: 1e-6, output_cost_per_token: 1e-6 }
    model_info:
      search_context_cost_per_query: { search_context_size_low: 0.01, search_context_size_medium: 0.01, search_context_size_high: 0.01 }
  - model_name: many
    litellm_params: { model: openai/many, api_key: sk-x, off_peak_pricing: { hours_utc: "at night", input_cost_per_token: 1e-6 } }
    model_info:
      search_context_cost_per_query: { search_context_size_low: 0.01, search_context_size_high: 0.05 }
`)
  expect(deployments.map(({ prices }) => prices?.["search_context_cost_per_query"])).toEqual([0.01, undefined])
  const told = findings.filter(({ severity }) => severity === "error").map(({ path }) => path)
  expect(told).toEqual([
    "model_list[1].litellm_params.off_peak_pricing",
    "model_list[1].model_info.search_context_cost_per_query",
  ])
})
