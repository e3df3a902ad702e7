/** Every recorded answer to its ledger row: tokens read a second way, times prices copied from the vendors' lists, are the row's cost to 1e-9. */
import { beforeAll, describe, expect, test } from "bun:test"
import type { Arrival } from "../../src/exchange.ts"
import type { Deployment } from "../../src/settings.ts"
import { createPriceBook } from "../../src/usage/price-book.ts"
import { countedUsage, openDraft, settleDraft, settlePrice } from "../../src/usage/draft.ts"
import { type Fixture, haveFixtures, loadFixtures } from "../support/fixtures.ts"
import { recordedUsage } from "../support/recorded-usage.ts"
import { meter, wayOf } from "./metering.ts"
import { JsonText } from "../../src/json/json-text.ts"

/** USD per million tokens: input, cached input, output; what else is charged apart. */
const PRICES: readonly (readonly [RegExp, number, number, number, { write?: number; write1h?: number }?])[] = [
  [/^claude-fable-5$/, 10, 1, 50, { write: 12.5, write1h: 20 }],
  [/^claude-opus-4-(5|6|8)/, 5, 0.5, 25, { write: 6.25, write1h: 10 }],
  [/^claude-sonnet-(4-5|4-6|4-2)/, 3, 0.3, 15, { write: 3.75, write1h: 6 }],
  [/^claude-haiku-4-5/, 1, 0.1, 5, { write: 1.25, write1h: 2 }],
  [/^gpt-4o-mini/, 0.15, 0.075, 0.6],
  [/^gpt-4o/, 2.5, 1.25, 10],
  [/^gpt-4\.1-mini/, 0.4, 0.1, 1.6],
  [/^gpt-4\.1/, 2, 0.5, 8],
  [/^gpt-5-nano/, 0.05, 0.005, 0.4],
  [/^gpt-5-mini/, 0.25, 0.025, 2],
  [/^gpt-5\.4-mini/, 0.75, 0.075, 4.5],
  [/^gpt-5\.4/, 2.5, 0.25, 15],
  [/^gpt-5\.[23]-codex/, 1.75, 0.175, 14],
  [/^gpt-5(\.1)?-20/, 1.25, 0.125, 10],
  [/^o[34]-mini/, 1.1, 0.275, 4.4],
  [/^openai\/gpt-oss-120b/, 0.15, 0.075, 0.6],
  [/^text-embedding-3-small/, 0.02, 0.02, 0],
  [/^text-embedding-3-large/, 0.13, 0.13, 0],
  [/^gemini-2\.5-pro/, 1.25, 0.125, 10],
  [/^gemini-3-flash-preview/, 0.5, 0.05, 3],
]
/** o3-mini's cached input is dearer than o4-mini's. */
const CACHED: Readonly<Record<string, number>> = { "o3-mini-2025-01-31": 0.55 }

const book = createPriceBook()
beforeAll(() => book.load())

const arrival = { startedAt: 0, started: 0 } as Arrival

function rowOf(fixture: Fixture, bytes: Uint8Array) {
  const way = wayOf(fixture)
  const metered = meter([bytes], way)
  const provider = fixture.provider.replace(/^compat-/, "").replace(/-.*/, "")
  const draft = openDraft("id", arrival, way.dialect, way.operation ?? "generate")
  draft.request = fixture.request ? JsonText.of(fixture.request) : null
  draft.deployment = { provider } as Deployment
  settleDraft(
    draft,
    { outcome: metered.terminal ? "done" : "upstream-failed", status: 200, errorType: null, metered },
    1,
  )
  const { usage } = countedUsage(draft, metered)
  if (usage) {
    const { model: answered, serviceTier } = metered
    const { operation = "generate" } = way
    const model = answered ?? ""
    const query = { usage, provider, model, answered, baseModel: null, custom: null, serviceTier, operation }
    settlePrice(draft, book.price(query), { discounts: {}, margins: {} })
  }
  return { ...draft.row, model: metered.model, metered }
}

const fixtures = loadFixtures().filter(({ response }) => response !== null)

describe.skipIf(!haveFixtures)("recorded answers", () => {
  const priced = fixtures.flatMap((fixture) => {
    const { model, metered } = rowOf(fixture, fixture.response!)
    const prices = PRICES.find(([pattern]) => pattern.test(model ?? ""))
    return prices && metered.usage && metered.terminal ? [[fixture.id, fixture, model!, prices] as const] : []
  })

  test("most of them are of models with a price here", () => {
    expect(priced.length).toBeGreaterThan(85)
  })

  test.each(priced)("%s costs what its tokens cost by the vendor's list", (_, fixture, model, prices) => {
    const [, input, cached, output, { write = input, write1h = write } = {}] = prices
    const used = recordedUsage(fixture)!
    const fresh = used.input - used.cacheRead - used.cacheWrite
    const million =
      fresh * input +
      used.cacheRead * (CACHED[model] ?? cached) +
      (used.cacheWrite - used.cacheWrite1h) * write +
      used.cacheWrite1h * write1h +
      used.output * output
    const row = rowOf(fixture, fixture.response!)
    expect(Math.abs(row.cost_usd! - million / 1e6)).toBeLessThan(1e-9)
    expect([row.input_tokens, row.output_tokens, row.estimated]).toEqual([used.input, used.output, false])
    expect(row.billed_usd).toBe(row.cost_usd)
  })

  const streams = fixtures.filter((fixture) => fixture.isSse && recordedUsage(fixture) !== null)
  test.each(streams.map((fixture) => [fixture.id, fixture] as const))(
    "%s cut at any byte leaves a row with what was known, marked",
    (_, fixture) => {
      const bytes = fixture.response!
      const wrong: string[] = []
      const say = (end: number, what: string) => wrong.push(`${end}: ${what}`)
      for (let end = 0; end < bytes.length; end += bytes.length > 4096 ? 13 : 1) {
        const row = rowOf(fixture, bytes.subarray(0, end))
        const { terminal, usage, outputChars } = row.metered
        if (terminal) break
        if (row.outcome !== "upstream-failed") say(end, "its outcome")
        if (outputChars > 0 && !(row.estimated && row.output_tokens! > 0)) say(end, "no marked estimate")
        if (usage && (row.input_tokens !== usage.input || row.output_tokens! < usage.output))
          say(end, "less than was said")
        if (!usage && outputChars === 0 && row.input_tokens !== null) say(end, "tokens from nowhere")
        if (row.input_tokens === null && row.cost_usd !== null) say(end, "a price of nothing")
      }
      expect(wrong).toEqual([])
    },
    60_000,
  )
})
