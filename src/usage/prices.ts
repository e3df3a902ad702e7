/** What tokens cost: the arithmetic over a price list, and LiteLLM's price keys as such a list. It holds no prices and looks none up. */
import type { Usage } from "../exchange.ts"
import type { CustomPrices } from "../settings.ts"

/**
 * What is charged apart: USD per million tokens, `requests` and `web_search` USD per thousand of them. A class without its own price is charged as the wider
 * one: `cache_write_1h` as `cache_write`; `cache_read`, `cache_write` and `input_audio` as `input`; `reasoning` and `output_audio` as `output`.
 */
export type PriceClass =
  | "input"
  | "output"
  | "cache_read"
  | "cache_write"
  | "cache_write_1h"
  | "input_audio"
  | "cache_read_audio"
  | "output_audio"
  | "reasoning"
  | "requests"
  | "web_search"

/** One price, or prices by the length of the whole input: a tier holds above `start` tokens, for all of the request. Without a base the class has no price of its own below them. */
export type Rate = number | { readonly base?: number; readonly tiers: readonly { start: number; price: number }[] }
export type Rates = Partial<Record<PriceClass, Rate>>
type Units = Readonly<Partial<Record<PriceClass, number>>>

/** The unit prices that hold above so many input tokens, cache included; ascending, the first above -1. `searching`: where the provider searched, too. */
export type PriceList = readonly { readonly above: number; readonly units: Units; readonly searching: Units }[]

/** Flattens the tiers by length. */
export function priceList(rates: Rates): PriceList {
  const classes = Object.entries(rates) as [PriceClass, Rate][]
  const starts = new Set([-1])
  for (const [, rate] of classes) if (typeof rate === "object") for (const tier of rate.tiers) starts.add(tier.start)
  return [...starts]
    .sort((a, b) => a - b)
    .map((above) => {
      const searching: Units = Object.fromEntries(
        classes.map(([name, rate]) => [name, rateAbove(rate, above)]).filter(([, price]) => price !== undefined),
      )
      const { web_search: _, ...units } = searching
      return { above, units: Object.freeze(units), searching: Object.freeze(searching) }
    })
}

/** Not tokens, and the same in every service tier. */
const COUNTED: ReadonlySet<string> = new Set(["requests", "web_search"])
/** How many of them our prices are for; LiteLLM's are for one. */
export const pricedBy = (kind: PriceClass) => (COUNTED.has(kind) ? 1e3 : 1e6)

/** A service tier's part of the standard prices. */
export function shareRates(rates: Rates, share: { all: number; cacheRead?: number }): Rates {
  const scaled = Object.entries(rates).map(([name, rate]) => {
    if (COUNTED.has(name)) return [name, rate]
    const part = name.startsWith("cache_read") ? (share.cacheRead ?? share.all) : share.all
    if (typeof rate === "number") return [name, rate * part]
    const tiers = rate.tiers.map((tier) => ({ ...tier, price: tier.price * part }))
    return [name, rate.base === undefined ? { tiers } : { base: rate.base * part, tiers }]
  })
  return Object.fromEntries(scaled)
}

/** The file's own prices before the listed ones: what it says of long inputs alone leaves the price of short ones. */
export function ownRates(own: Rates, listed: Rates): Rates {
  const rates: Rates = { ...listed }
  for (const [name, rate] of Object.entries(own) as [PriceClass, Rate][]) {
    const before = listed[name]
    if (baseOf(rate) !== undefined || before === undefined || typeof rate === "number") rates[name] = rate
    else {
      const [base, tiers] = typeof before === "number" ? [before, []] : [before.base, before.tiers]
      rates[name] = { ...(base !== undefined && { base }), tiers: [...tiers, ...rate.tiers] }
    }
  }
  return rates
}

export const baseOf = (rate: Rate | undefined) => (typeof rate === "object" ? rate.base : rate)

function rateAbove(rate: Rate, above: number): number | undefined {
  if (typeof rate === "number") return rate
  let price = rate.base
  let start = -1
  for (const tier of rate.tiers) {
    if (tier.start > above || tier.start < start) continue
    price = tier.price
    start = tier.start
  }
  return price
}

/**
 * USD for one request, and the unit prices used. The tier is chosen strictly (200,000 tokens are not above 200,000) by the whole input. An empty list is
 * free. `cost` is null where tokens were used that no listed price covers.
 * Source of the formula: LiteLLM's `llm_cost_calc/utils.py`; results equal `calcPrice` of @pydantic/genai-prices.
 */
export function charge(list: PriceList, usage: Usage): { cost: number | null; units: Units } {
  const units = unitsFor(list, usage)
  if (isFree(units)) return { cost: 0, units }
  const { input, output } = units
  const { cacheRead, cacheWrite } = usage
  const longWrite = Math.min(usage.cacheWrite1h, cacheWrite)
  // cached audio is counted twice; where it is not said, how much of it there is shows only where the parts exceed the whole
  const inputAudio = Math.min(usage.inputAudio, usage.input)
  const overlap = usage.cacheReadAudio ?? Math.max(0, inputAudio + cacheRead + cacheWrite - usage.input)
  const cachedAudio = Math.min(inputAudio, cacheRead, overlap)
  const freshAudio = inputAudio - cachedAudio
  const fresh = Math.max(0, usage.input - cacheRead - cacheWrite - freshAudio)
  const outputAudio = Math.min(usage.outputAudio, usage.output)
  const reasoning = Math.min(usage.reasoning, usage.output - outputAudio)
  const readPrice = units.cache_read ?? input
  const writePrice = units.cache_write ?? input
  const perMillion =
    part(fresh, input) +
    part(cacheRead - cachedAudio, readPrice) +
    part(cacheWrite - longWrite, writePrice) +
    part(longWrite, units.cache_write_1h ?? writePrice) +
    part(freshAudio, units.input_audio ?? input) +
    part(cachedAudio, units.cache_read_audio ?? readPrice) +
    part(usage.output - reasoning - outputAudio, output) +
    part(reasoning, units.reasoning ?? output) +
    part(outputAudio, units.output_audio ?? output)
  const perThousand = (units.requests ?? 0) + (usage.webSearches ?? 0) * (units.web_search ?? 0)
  const cost = perMillion / 1e6 + perThousand / 1e3
  return { cost: Number.isNaN(cost) ? null : cost, units }
}

/** What was not used costs nothing even where no price is known; what was, without a price, makes the sum NaN. */
const part = (used: number, price: number | undefined) => (used > 0 ? used * (price ?? NaN) : 0)

function unitsFor(list: PriceList, { input, webSearches }: Usage): Units {
  let units: Units = {}
  for (const level of list) if (input > level.above) units = webSearches ? level.searching : level.units
  return units
}

function isFree(units: Units): boolean {
  for (const _ in units) return false
  return true
}

/** LiteLLM's keys, USD per token (`…_per_request`, `…_per_query`: per one of them); what each is in ours. */
export const LITELLM_KEYS: ReadonlyMap<string, PriceClass> = new Map([
  ["input_cost_per_token", "input"],
  ["output_cost_per_token", "output"],
  ["cache_read_input_token_cost", "cache_read"],
  ["cache_creation_input_token_cost", "cache_write"],
  ["cache_creation_input_token_cost_above_1hr", "cache_write_1h"],
  ["input_cost_per_audio_token", "input_audio"],
  ["cache_read_input_audio_token_cost", "cache_read_audio"],
  ["output_cost_per_audio_token", "output_audio"],
  ["output_cost_per_reasoning_token", "reasoning"],
  ["input_cost_per_request", "requests"],
  ["search_context_cost_per_query", "web_search"],
])

/** `input_cost_per_token_above_200k_tokens_flex`: name, threshold, service tier or time. */
const KEY = /^(.+?)(?:_above_(\d+(?:\.\d+)?)k_tokens)?(?:_(flex|priority|batches|off_peak))?$/

/** What the service tiers of answers are called at the end of LiteLLM's keys. */
const SUFFIXES: Readonly<Record<string, string>> = { flex: "flex", priority: "priority", batch: "batches" }

/** Whether a deployment's off-peak prices hold at a time, epoch milliseconds. */
export function isOffPeak({ off_peak_from: from, off_peak_until: until }: CustomPrices, at: number): boolean {
  if (from === undefined || until === undefined) return false
  const minute = Math.floor(at / 60_000) % 1440
  return until < from ? minute >= from || minute < until : minute >= from && minute < until
}

/**
 * A deployment's own prices. Off-peak prices go before all others, whatever the input's length. Keys for the answer's service tier come before the standard ones. Null: none of the keys is about tokens or requests
 * (prices by second, image or character are not ours to count).
 */
export function customRates(prices: CustomPrices, serviceTier: string | null, offPeak = false): Rates | null {
  const bases = new Map<PriceClass, number>()
  const tiers = new Map<PriceClass, Map<number, number>>()
  const tier = SUFFIXES[serviceTier?.split(" ")[0] ?? ""] ?? ""
  for (const wanted of [undefined, tier, offPeak ? "off_peak" : ""]) {
    // a tier's price of output is that of reasoning too, unless it has its own: LiteLLM's `_resolve_reasoning_token_cost`
    if (wanted === tier && prices[`output_cost_per_token_${tier}`] !== undefined)
      for (const one of [bases, tiers]) one.delete("reasoning")
    for (const [key, usd] of Object.entries(prices)) {
      const [, name = "", thousands, suffix] = KEY.exec(key) ?? []
      const kind = LITELLM_KEYS.get(name)
      if (!kind || suffix !== wanted || !(usd >= 0)) continue
      const price = usd * pricedBy(kind)
      if (suffix === "off_peak") tiers.delete(kind)
      if (thousands === undefined) bases.set(kind, price)
      else tiers.set(kind, (tiers.get(kind) ?? new Map<number, number>()).set(Number(thousands) * 1000, price))
    }
  }
  const kinds = new Set([...bases.keys(), ...tiers.keys()])
  if (kinds.size === 0) return null
  return Object.fromEntries(
    [...kinds].map((kind) => {
      const above = [...(tiers.get(kind) ?? [])].map(([start, price]) => ({ start, price }))
      const base = bases.get(kind)
      return [kind, base === undefined ? { tiers: above } : { base, tiers: above }]
    }),
  )
}
