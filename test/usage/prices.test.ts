/** The arithmetic over price lists, by hand-made lists and LiteLLM's keys. That it agrees with the bundled table is price-book.test.ts. */
import { describe, expect, test } from "bun:test"
import * as fc from "fast-check"
import { usageOf } from "../../src/dialects/usage-count.ts"
import type { Usage } from "../../src/exchange.ts"
import { charge, customRates, priceList, type Rates } from "../../src/usage/prices.ts"

const none = usageOf({ input: 0, output: 0 })
const used = (part: Partial<Usage>): Usage => ({ ...none, ...part })
const cost = (rates: Rates, part: Partial<Usage>) => charge(priceList(rates), used(part)).cost

describe("charging", () => {
  const sonnet: Rates = {
    input: { base: 3, tiers: [{ start: 200_000, price: 6 }] },
    output: { base: 15, tiers: [{ start: 200_000, price: 22.5 }] },
    cache_read: { base: 0.3, tiers: [{ start: 200_000, price: 0.6 }] },
    cache_write: { base: 3.75, tiers: [{ start: 200_000, price: 7.5 }] },
    cache_write_1h: { base: 6, tiers: [{ start: 200_000, price: 12 }] },
  }

  test("each class of tokens is charged once", () => {
    const usage = { input: 10_000, cacheRead: 5000, cacheWrite: 3000, cacheWrite1h: 1000, output: 200 }
    expect(cost(sonnet, usage)).toBeCloseTo((2000 * 3 + 5000 * 0.3 + 2000 * 3.75 + 1000 * 6 + 200 * 15) / 1e6, 12)
  })

  test("200,000 tokens are not above 200,000, one more is, for all classes and with the cache counted", () => {
    expect(cost(sonnet, { input: 200_000, output: 10 })).toBeCloseTo(0.6 + 0.00015, 12)
    expect(cost(sonnet, { input: 200_001, output: 10 })).toBeCloseTo((200_001 * 6 + 10 * 22.5) / 1e6, 12)
    expect(cost(sonnet, { input: 200_001, cacheRead: 200_000 })).toBeCloseTo((1 * 6 + 200_000 * 0.6) / 1e6, 12)
    expect(charge(priceList(sonnet), used({ input: 200_001 })).units).toEqual({
      input: 6,
      output: 22.5,
      cache_read: 0.6,
      cache_write: 7.5,
      cache_write_1h: 12,
    })
  })

  test("several thresholds: the highest one passed holds", () => {
    const rates: Rates = {
      input: {
        base: 1,
        tiers: [
          { start: 256_000, price: 4 },
          { start: 128_000, price: 2 },
        ],
      },
      output: { base: 1, tiers: [{ start: 128_000, price: 3 }] },
    }
    expect(cost(rates, { input: 128_000 })).toBeCloseTo(0.128, 12)
    expect(cost(rates, { input: 256_000, output: 100 })).toBeCloseTo(0.512 + 0.0003, 12)
    expect(cost(rates, { input: 300_000, output: 100 })).toBeCloseTo(1.2 + 0.0003, 12)
  })

  test("a class without a price is charged as the wider one", () => {
    expect(
      cost(
        { input: 2, output: 8 },
        {
          input: 1000,
          cacheRead: 400,
          cacheWrite: 100,
          cacheWrite1h: 50,
          inputAudio: 100,
          output: 500,
          reasoning: 300,
          outputAudio: 50,
        },
      ),
    ).toBeCloseTo(0.002 + 0.004, 12)
    expect(cost({ input: 2, cache_write: 3 }, { input: 1000, cacheWrite: 1000, cacheWrite1h: 600 })).toBeCloseTo(
      0.003,
      12,
    )
    expect(cost({ output: 8, reasoning: 2 }, { output: 1000, reasoning: 400 })).toBeCloseTo(
      (600 * 8 + 400 * 2) / 1e6,
      12,
    )
  })

  test("tokens without any price have no cost, and no tokens cost nothing", () => {
    expect(cost({ input: 2 }, { input: 10, output: 1 })).toBeNull()
    expect(cost({ input: 2 }, { input: 10 })).toBeCloseTo(0.00002, 12)
    expect(cost({ output: 2 }, { input: 10, output: 1 })).toBeNull()
    expect(cost({}, { input: 10, output: 1 })).toBe(0)
    expect(cost({ input: 0, output: 0 }, { input: 10, output: 1 })).toBe(0)
  })

  test("cached audio shows where the parts exceed the whole", () => {
    const rates: Rates = {
      input: 1,
      cache_read: 0.5,
      input_audio: 10,
      cache_read_audio: 2,
      output: 4,
      output_audio: 20,
    }
    expect(cost(rates, { input: 1000, inputAudio: 300, cacheRead: 200 })).toBeCloseTo(
      (500 * 1 + 200 * 0.5 + 300 * 10) / 1e6,
      12,
    )
    expect(cost(rates, { input: 1000, inputAudio: 300, cacheRead: 800 })).toBeCloseTo(
      (700 * 0.5 + 100 * 2 + 200 * 10) / 1e6,
      12,
    )
    expect(cost(rates, { output: 100, outputAudio: 30 })).toBeCloseTo((70 * 4 + 30 * 20) / 1e6, 12)
  })

  test("a fee for each request comes on top", () => {
    expect(cost({ input: 1, output: 1, requests: 5 }, { input: 1000, output: 1000 })).toBeCloseTo(0.002 + 0.005, 12)
  })

  test("odd usage is charged, never negative, never a throw", () => {
    const tokens = fc.integer({ min: 0, max: 400_000 })
    const usages = fc.record({
      input: tokens,
      cacheRead: tokens,
      cacheWrite: tokens,
      cacheWrite1h: tokens,
      output: tokens,
      reasoning: tokens,
      inputAudio: tokens,
      cacheReadAudio: fc.option(tokens),
      outputAudio: tokens,
    })
    const list = priceList({ ...sonnet, input_audio: 9, output_audio: 9, reasoning: 9 })
    fc.assert(
      fc.property(usages, (usage) => {
        const { cost: found } = charge(list, usage)
        expect(found).toBeGreaterThanOrEqual(0)
      }),
    )
  })
})

describe("LiteLLM's keys", () => {
  test("all of them with their thresholds become one list", () => {
    const rates = customRates(
      {
        input_cost_per_token: 3e-6,
        output_cost_per_token: 15e-6,
        cache_read_input_token_cost: 0.3e-6,
        cache_creation_input_token_cost: 3.75e-6,
        cache_creation_input_token_cost_above_1hr: 6e-6,
        input_cost_per_token_above_200k_tokens: 6e-6,
        output_cost_per_token_above_200k_tokens: 22.5e-6,
        cache_creation_input_token_cost_above_1hr_above_200k_tokens: 12e-6,
        output_cost_per_reasoning_token: 1e-6,
        input_cost_per_audio_token: 9e-6,
        input_cost_per_request: 0.01,
        input_cost_per_second: 1,
        max_tokens: 8192,
      },
      null,
    )!
    const [low, high] = priceList(rates)
    expect(low?.units).toEqual({
      input: 3,
      output: 15,
      cache_read: expect.closeTo(0.3),
      cache_write: 3.75,
      cache_write_1h: 6,
      reasoning: 1,
      input_audio: expect.closeTo(9),
      requests: 10,
    })
    expect(high).toMatchObject({
      above: 200_000,
      units: { input: 6, output: 22.5, cache_write_1h: 12, cache_write: 3.75 },
    })
  })

  test("the answer's service tier takes its own keys, others are left alone", () => {
    const prices = {
      input_cost_per_token_flex: 1e-6,
      input_cost_per_token: 2e-6,
      output_cost_per_token: 4e-6,
      input_cost_per_token_above_200k_tokens_priority: 9e-6,
      input_cost_per_token_priority: 3e-6,
    }
    const input = (tier: string | null, tokens = 1000) =>
      charge(priceList(customRates(prices, tier)!), used({ input: tokens })).cost
    expect(input(null)).toBeCloseTo(0.002, 12)
    expect(input("default")).toBeCloseTo(0.002, 12)
    expect(input("flex")).toBeCloseTo(0.001, 12)
    expect(input("priority")).toBeCloseTo(0.003, 12)
    expect(input("priority", 200_001)).toBeCloseTo(200_001 * 9e-6, 12)
  })

  test("a price that is given above a length alone holds there, and below it the wider class's", () => {
    const rates = customRates(
      {
        input_cost_per_token: 2e-6,
        output_cost_per_token: 4e-6,
        cache_read_input_token_cost_above_200k_tokens: 1e-6,
      },
      null,
    )!
    expect(cost(rates, { input: 200_000, cacheRead: 200_000 })).toBeCloseTo(0.4, 12)
    expect(cost(rates, { input: 200_001, cacheRead: 200_001 })).toBeCloseTo(0.200001, 12)
  })

  test("where a service tier has a price of output, reasoning costs that, unless it has one too", () => {
    const prices = { input_cost_per_token: 1e-6, output_cost_per_token: 2e-6, output_cost_per_reasoning_token: 3e-6 }
    const flex = { ...prices, output_cost_per_token_flex: 1e-6 }
    const thought = (own: Record<string, number>) => cost(customRates(own, "flex")!, { output: 1000, reasoning: 1000 })
    expect(thought(prices)).toBeCloseTo(0.003, 12)
    expect(thought(flex)).toBeCloseTo(0.001, 12)
    expect(thought({ output_cost_per_reasoning_token_flex: 1.5e-6, ...flex })).toBeCloseTo(0.0015, 12)
  })

  test("zero is a price, and a list without a key for tokens is none", () => {
    expect(customRates({ input_cost_per_token: 0, output_cost_per_token: 0 }, null)).not.toBeNull()
    expect(customRates({ input_cost_per_second: 1 }, null)).toBeNull()
    expect(customRates({ input_cost_per_token: NaN, output_cost_per_token: -1 }, null)).toBeNull()
    expect(customRates({}, null)).toBeNull()
  })
})
