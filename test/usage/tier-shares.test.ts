/** Service tiers against prices of the vendors' lists, USD per million tokens. */
import { expect, test } from "bun:test"
import { Secret } from "../../src/exchange.ts"
import { createPriceBook } from "../../src/usage/price-book.ts"
import { isRegional, shareOf } from "../../src/usage/tier-shares.ts"

const book = createPriceBook()
const tokens = { input: 1_000_000, cacheRead: 0, cacheWrite: 0, cacheWrite1h: 0, output: 0, reasoning: 0 }
const usage = { ...tokens, inputAudio: 0, cacheReadAudio: null, outputAudio: 0 }

test.each([
  ["openai", "gpt-5", "priority", 2.5],
  ["openai", "gpt-5-mini", "priority", 0.45],
  ["openai", "gpt-4.1-2025-04-14", "priority", 3.5],
  ["openai", "gpt-4o-mini", "priority", 0.25],
  ["openai", "gpt-4o", "priority", 4.25],
  ["openai", "o4-mini", "priority", 2],
  ["openai", "gpt-5", "flex", 0.625],
  ["azure", "gpt-5", "priority", 2.5],
  ["openai", "gpt-5", "default", 1.25],
  ["openai", "gpt-5", "scale", 1.25],
  ["anthropic", "claude-sonnet-4-5", "batch", 1.5],
  ["anthropic", "claude-sonnet-4-5", "priority", 3],
  ["anthropic", "claude-opus-4-6", "standard us", 5.5],
  ["anthropic", "claude-opus-4-6", "standard fast", 30],
  ["anthropic", "claude-opus-4-8", "standard us fast", 11],
  ["anthropic", "claude-sonnet-4-6", "batch us", 1.65],
  ["openai", "gpt-5.4", "default regional", 2.75],
  ["openai", "gpt-5.4", "flex regional", 1.375],
  ["openai", "gpt-5.2", "default regional", 1.75],
  ["vertex_ai", "claude-sonnet-4-5@20250929", "standard regional", 3.3],
  ["vertex_ai", "claude-sonnet-4@20250514", "standard regional", 3],
  ["vertex_ai", "claude-opus-4-1@20250805", "standard regional", 15],
  ["vertex_ai", "gemini-2.5-pro", "standard regional", 1.25],
  ["groq", "openai/gpt-oss-120b", "flex", 0.15],
  ["groq", "openai/gpt-oss-120b", "on_demand", 0.15],
] as const)("%s %s, %s: a million input tokens cost $%p", async (provider, model, serviceTier, usd) => {
  await book.load()
  // 200,000 tokens at a time, below the tiers by length
  const fifth = { ...usage, input: 200_000 }
  const query = {
    usage: fifth,
    provider,
    model,
    serviceTier,
    baseModel: null,
    custom: null,
    operation: "generate",
  } as const
  expect(book.price(query).cost).toBeCloseTo(usd / 5, 9)
})

test("cached input of Gemini's flex tier is as dear as the standard one's, where its list says so", () => {
  expect(shareOf("gemini", "flex", "gemini-2.5-pro")).toMatchObject({ all: 0.5, cacheRead: 1 })
  expect(shareOf("gemini", "FLEX", "models/gemini-3.6-flash")).not.toHaveProperty("cacheRead")
})

test("a tier with a price of its own that is not known here has none: null, not the standard price", async () => {
  await book.load()
  const query = {
    usage,
    provider: "openai",
    model: "o1",
    serviceTier: "priority",
    baseModel: null,
    custom: null,
  } as const
  expect(book.price({ ...query, operation: "generate" })).toMatchObject({ cost: null, source: null })
})

test("a region's address is known by OpenAI's hosts and by Vertex AI's location", () => {
  const at = (base: string, location?: string) =>
    isRegional({
      base,
      cloud: location === undefined ? null : { kind: "vertex", project: "p", location, credentials: new Secret("x") },
    })
  expect([at("https://eu.api.openai.com/v1"), at("https://api.openai.com/v1")]).toEqual([true, false])
  expect(at("https://eu.api.openai.com.example/v1")).toBe(false)
  expect([at("https://x", "europe-west1"), at("https://x", "global")]).toEqual([true, false])
})
