/** LiteLLM's tiers by length, from the file to a request's cost. */
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
