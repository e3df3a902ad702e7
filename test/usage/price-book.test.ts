/** Prices as the ledger gets them, held against the bundled table's own `calcPrice` over recordings and a grid of usages. */
import { beforeAll, describe, expect, spyOn, test } from "bun:test"
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { calcPrice, findProvider } from "@pydantic/genai-prices"
import { usageOf } from "../../src/dialects/usage-count.ts"
import type { Usage } from "../../src/exchange.ts"
import { createPriceBook, type PriceQuery } from "../../src/usage/price-book.ts"
import { haveFixtures, loadFixtures } from "../support/fixtures.ts"
import { meter, wayOf } from "./metering.ts"

const AT = Date.UTC(2026, 9, 1, 12)
const book = createPriceBook({ now: () => AT })
beforeAll(() => book.load())

const none = usageOf({ input: 0, output: 0 })
const query = (
  provider: string,
  model: string,
  usage: Partial<Usage> = { input: 1000, output: 100 },
  more: Partial<PriceQuery> = {},
): PriceQuery => ({
  usage: { ...none, ...usage },
  provider,
  model,
  baseModel: null,
  custom: null,
  serviceTier: null,
  operation: "generate",
  ...more,
})

/** What the table's own package asks for the same; `id` is its name for the provider. */
function judge(id: string, model: string, usage: Usage, at = AT): number | undefined {
  const said = {
    input_tokens: usage.input,
    output_tokens: usage.output,
    cache_read_tokens: usage.cacheRead,
    cache_write_tokens: usage.cacheWrite,
    cache_write_1h_tokens: usage.cacheWrite1h,
    output_reasoning_tokens: usage.reasoning,
    ...(usage.inputAudio > 0 && { input_audio_tokens: usage.inputAudio }),
    ...(usage.outputAudio > 0 && { output_audio_tokens: usage.outputAudio }),
  }
  return calcPrice(said, model, { providerId: id, timestamp: new Date(at) })?.total_price
}

const TABLE: Record<string, string> = {
  gemini: "google",
  xai: "x-ai",
  together_ai: "together",
  fireworks_ai: "fireworks",
}
const PROVIDERS: Record<string, string> = {
  "openai-chat": "openai",
  "openai-responses": "openai",
  "openai-embeddings": "openai",
  anthropic: "anthropic",
  gemini: "gemini",
  "gemini-vertex": "gemini",
  "compat-deepseek": "deepseek",
  "compat-groq": "groq",
  "compat-openrouter": "openrouter",
}

describe.skipIf(!haveFixtures)("recorded answers", () => {
  test("cost what the table's own package says, to 1e-9", () => {
    let compared = 0
    const unpriced: string[] = []
    for (const fixture of loadFixtures(...Object.keys(PROVIDERS))) {
      if (!fixture.response) continue
      const { usage, model } = meter([fixture.response], wayOf(fixture))
      if (!usage || !model) continue
      const provider = PROVIDERS[fixture.provider]!
      const { cost, source } = book.price(query(provider, model, usage))
      // the package has no answer for audio that is cached: it wants a count that the recording's usage does not carry
      if (usage.inputAudio > 0 && usage.cacheRead > 0) continue
      const expected = judge(TABLE[provider] ?? provider, model, usage)
      if (expected === undefined) {
        unpriced.push(`${provider} ${model}`)
        expect(cost).toBeNull()
        continue
      }
      compared++
      expect(Math.abs((cost ?? NaN) - expected)).toBeLessThan(1e-9)
      expect(source).toStartWith("genai-prices:")
    }
    expect(compared).toBeGreaterThan(100)
    expect(unpriced.length).toBeLessThan(10)
  })
})

const MODELS: [string, string][] = [
  ["anthropic", "claude-sonnet-4-5-20250929"],
  ["anthropic", "claude-opus-4-6"],
  ["anthropic", "claude-haiku-4-5"],
  ["openai", "gpt-5"],
  ["openai", "gpt-5.4"],
  ["openai", "gpt-4o"],
  ["openai", "o3"],
  ["openai", "gpt-realtime"],
  ["openai", "gpt-audio"],
  ["azure", "gpt-4o"],
  ["gemini", "gemini-2.5-pro"],
  ["gemini", "gemini-2.5-flash"],
  ["gemini", "gemini-3-flash-preview"],
  ["deepseek", "deepseek-reasoner"],
  ["deepseek", "deepseek-v4-pro"],
  ["xai", "grok-4"],
  ["mistral", "mistral-large-latest"],
  ["groq", "openai/gpt-oss-120b"],
  ["openrouter", "anthropic/claude-sonnet-4.6"],
  ["openrouter", "perplexity/sonar-deep-research"],
  ["perplexity", "sonar-pro"],
]

describe("the bundled table", () => {
  const inputs = [0, 1, 1000, 127_999, 128_000, 128_001, 199_999, 200_000, 200_001, 271_999, 272_000, 272_001, 999_999]
  const shares = [
    {},
    { cacheRead: 0.5 },
    { cacheRead: 1 },
    { cacheWrite: 0.4 },
    { cacheWrite: 0.4, cacheWrite1h: 0.3 },
    { cacheRead: 0.3, cacheWrite: 0.7, cacheWrite1h: 0.7 },
    { inputAudio: 0.2 },
  ]

  test.each(MODELS)("%s %s: equal to the package's own result to 1e-9 over a grid", (provider, model) => {
    for (const input of inputs)
      for (const share of shares)
        for (const out of [
          { output: 0 },
          { output: 1234 },
          { output: 5000, reasoning: 4000 },
          { output: 500, outputAudio: 100 },
        ]) {
          const parts = Object.fromEntries(
            Object.entries(share).map(([name, part]) => [name, Math.floor(input * part)]),
          )
          const usage = { ...none, input, ...parts, ...out }
          const expected = judge(TABLE[provider] ?? provider, model, usage)
          const { cost } = book.price(query(provider, model, usage))
          expect(Math.abs((cost ?? NaN) - (expected ?? NaN))).toBeLessThan(1e-9)
        }
  })

  test("every model of the large providers is priced as the package prices it, at any time of day and year", () => {
    const wrong: string[] = []
    const usage = { ...none, input: 250_000, cacheRead: 100_000, output: 3000 }
    for (const id of ["openai", "anthropic", "google", "deepseek", "mistral", "openrouter", "groq", "x-ai", "azure"])
      for (const { id: model } of findProvider({ providerId: id })!.models)
        for (const at of [Date.UTC(2025, 2, 1, 1), Date.UTC(2026, 8, 1, 8, 15), Date.UTC(2027, 3, 1, 20)]) {
          const expected = judge(id, model, usage, at)
          const { cost } = book.price(query(id === "google" ? "gemini" : id, model, usage, { at }))
          if (cost !== null && !(Math.abs(cost - expected!) < 1e-9))
            wrong.push(`${id} ${model} ${at}: ${cost} for ${expected}`)
        }
    expect(wrong).toEqual([])
  })

  test("names the version that is installed", () => {
    const file = join(import.meta.dir, "../../node_modules/@pydantic/genai-prices/package.json")
    const { version } = JSON.parse(readFileSync(file, "utf8"))
    expect(book.price(query("openai", "gpt-4o")).source).toBe(`genai-prices:${version}`)
  })

  test("keeps the unit prices that were used", () => {
    expect(book.price(query("anthropic", "claude-sonnet-4-5", { input: 10, output: 1 })).units).toEqual({
      input: 3,
      output: 15,
      cache_read: 0.3,
      cache_write: 3.75,
      cache_write_1h: 6,
    })
  })

  test("a search costs what the file says, in every service tier the same, and is then among the prices used; the table has none", () => {
    const own = { input_cost_per_token: 1e-6, output_cost_per_token: 2e-6 }
    const cost = (custom: Record<string, number> | null, webSearches = 2, serviceTier: string | null = null) =>
      book.price(query("openai", "gpt-5", { input: 1000, output: 100, webSearches }, { custom, serviceTier }))
    const tokens = (1000 * 1.25 + 100 * 10) / 1e6
    expect(cost(null).cost).toBeCloseTo(tokens, 12)
    expect(cost({ search_context_cost_per_query: 0.01 }).cost).toBeCloseTo(tokens + 0.02, 12)
    expect(cost({ search_context_cost_per_query: 0.01 }, 2, "batch").cost).toBeCloseTo(tokens / 2 + 0.02, 12)
    expect(cost(own).cost).toBeCloseTo(0.0012, 12)
    const whole = { ...own, search_context_cost_per_query: 0.025 }
    expect(cost(whole).cost).toBeCloseTo(0.0512, 12)
    expect([cost(whole).units?.web_search, cost(whole, 0).units?.web_search]).toEqual([25, undefined])
  })

  test("what is not known has no price, never 0", () => {
    const unknown = { cost: null, source: null, units: null }
    expect(book.price(query("openai", "demo"))).toEqual(unknown)
    expect(book.price(query("ollama", "llama3"))).toEqual(unknown)
    expect(book.price(query("hosted_vllm", "gpt-oss-120b"))).toEqual(unknown)
    expect(book.price(query("nobody", ""))).toEqual(unknown)
    expect(book.price(query("openai", "whisper-1"))).toEqual(unknown)
    expect(book.price(query("openrouter", "x/y:free"))).toEqual(unknown)
  })

  test("counting tokens is free", () => {
    expect(book.price(query("anthropic", "claude-sonnet-4-5", {}, { operation: "count_tokens" })).cost).toBe(0)
  })

  test("before it is loaded only the config's own prices are known", async () => {
    const early = createPriceBook()
    expect(early.ready).toBe(false)
    expect(early.price(query("openai", "gpt-4o")).cost).toBeNull()
    expect(
      early.price(
        query("openai", "gpt-4o", undefined, { custom: { input_cost_per_token: 1e-6, output_cost_per_token: 0 } }),
      ).cost,
    ).toBeCloseTo(0.001, 12)
    await Promise.all([early.load(), early.load()])
    expect(early.ready).toBe(true)
    expect(early.price(query("openai", "gpt-4o")).cost).toBeGreaterThan(0)
  })

  test("many unknown names and odd usage say nothing on the console and leave known prices right", () => {
    const warn = spyOn(console, "warn").mockImplementation(() => {})
    for (let at = 0; at < 3000; at++)
      book.price(query("openai", `model-${at}`, { input: 5, cacheRead: 50, outputAudio: 7 }))
    expect(book.price(query("openai", "gpt-4o", { input: 5, cacheRead: 50 })).cost).toBeGreaterThan(0)
    expect(warn).not.toHaveBeenCalled()
    warn.mockRestore()
  })
})

describe("looking a model up", () => {
  const costOf = (provider: string, model: string, more: Partial<PriceQuery> = {}) =>
    book.price(query(provider, model, undefined, more)).cost
  const gpt4o = 1000 * 2.5e-6 + 100 * 10e-6

  test("the base model comes first, with or without a provider before it", () => {
    for (const baseModel of ["gpt-4o", "azure/gpt-4o", "openai/gpt-4o"])
      expect(costOf("azure", "my-deployment", { baseModel })).toBeCloseTo(gpt4o, 12)
    expect(costOf("azure", "my-deployment")).toBeNull()
  })

  test("the model that the answer names helps where nothing else does", () => {
    expect(costOf("azure", "my-deployment", { answered: "gpt-4o-2024-08-06" })).toBeCloseTo(gpt4o, 12)
  })

  test("closed models are known by name at providers the table does not know", () => {
    expect(costOf("litellm_proxy", "gpt-4o")).toBeCloseTo(gpt4o, 12)
    expect(costOf("vercel_ai_gateway", "openai/gpt-4o")).toBeCloseTo(gpt4o, 12)
    expect(costOf("custom_openai", "gpt-oss-20b")).toBeNull()
    expect(costOf("groq", "gpt-4o")).toBeNull()
  })

  test("the names of our providers are the table's", () => {
    for (const [provider, model] of [
      ["gemini", "models/gemini-2.5-flash"],
      ["xai", "grok-4"],
      ["together_ai", "Qwen/Qwen1.5-72B"],
      ["vertex_ai", "claude-sonnet-4-5@20250929"],
      ["openai", "openai/gpt-4o"],
    ] as const)
      expect({ model, cost: costOf(provider, model) }).toEqual({ model, cost: expect.any(Number) })
  })

  test("the config's own prices come before the table; a cache price alone changes only that", () => {
    const custom = { input_cost_per_token: 0, output_cost_per_token: 0 }
    expect(book.price(query("openai", "gpt-4o", undefined, { custom }))).toMatchObject({
      cost: 0,
      source: "config",
      units: { input: 0, output: 0 },
    })
    const cheapReads = { cache_read_input_token_cost: 0 }
    const usage = { input: 1000, cacheRead: 400, output: 100 }
    const { cost, source } = book.price(query("openai", "gpt-4o", usage, { custom: cheapReads }))
    expect(source).toBe("config")
    expect(cost).toBeCloseTo(600 * 2.5e-6 + 100 * 10e-6, 12)
    const dearAbove = { input_cost_per_token_above_128k_tokens: 5e-6, output_cost_per_token_above_128k_tokens: 20e-6 }
    const input = (tokens: number) =>
      book.price(query("openai", "gpt-4o", { input: tokens }, { custom: dearAbove })).cost
    expect(input(128_000)).toBeCloseTo(128_000 * 2.5e-6, 12)
    expect(input(128_001)).toBeCloseTo(128_001 * 5e-6, 12)
    expect(book.price(query("openai", "gpt-4o", undefined, { custom: { max_tokens: 5 } })).source).toStartWith(
      "genai-prices",
    )
  })

  test("the flex tier is half, the default one the list price", () => {
    expect(costOf("openai", "gpt-4o", { serviceTier: "flex" })).toBeCloseTo(gpt4o / 2, 12)
    expect(costOf("openai", "gpt-4o", { serviceTier: "default" })).toBeCloseTo(gpt4o, 12)
  })

  test("prices that change by date or time of day are those of the request", () => {
    const night = costOf("deepseek", "deepseek-chat", { at: Date.UTC(2025, 4, 1, 20) })
    const day = costOf("deepseek", "deepseek-chat", { at: Date.UTC(2025, 4, 1, 12) })
    expect(night).not.toBe(day)
    expect(costOf("openai", "o3", { at: Date.UTC(2025, 4, 1) })).toBeGreaterThan(costOf("openai", "o3", { at: AT })!)
  })
})
