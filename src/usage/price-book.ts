/**
 * Finds the price of a request: the config's own, else the bundled table of @pydantic/genai-prices, else none. The table (half a megabyte) is imported
 * at the first `load`, asked once per model, and never updated over the network. The arithmetic is in prices.ts.
 */
import type * as GenaiPrices from "@pydantic/genai-prices"
import project from "../../package.json"
import type { Operation, Price, Usage } from "../exchange.ts"
import type { CustomPrices } from "../settings.ts"
import { shareOf } from "./tier-shares.ts"
import {
  baseOf,
  charge,
  customRates,
  isOffPeak,
  ownRates,
  type PriceClass,
  type PriceList,
  priceList,
  type Rates,
  shareRates,
} from "./prices.ts"

export interface PriceQuery {
  usage: Usage
  /** as in the config: `gemini`, `xai` */
  provider: string
  /** the upstream's name for the model */
  model: string
  /** `model_info.base_model`, with or without a provider before it: looked up first */
  baseModel: string | null
  /** the model the answer names: looked up last, and all there is to know of an Azure deployment without `base_model` */
  answered?: string | null
  custom: CustomPrices | null
  /** as the answer says it */
  serviceTier: string | null
  /** it was kept in one region */
  isRegional?: boolean
  operation: Operation
  /** epoch milliseconds, for prices that change by date or time of day; now, if not given */
  at?: number
}

export interface PriceBook {
  /** false: only the config's own prices are known */
  readonly ready: boolean
  load(): Promise<void>
  price(query: PriceQuery): Price
}

type Table = typeof GenaiPrices
type ConditionalPrice = GenaiPrices.ConditionalPrice
type Constraint = ConditionalPrice["constraint"]
/** The prices of one model over time: the last one whose constraint holds, else the first. */
type Periods = readonly { constraint: Constraint; rates: Rates }[]
/** null: no price is known */
type Offer = { list: PriceList; source: string } | null
/** All that a price depends on but for usage and time. `offers`: by period, and within it off-peak behind the others. */
interface Known {
  query: PriceQuery
  periods: Periods | null
  offers: Offer[]
}

const SOURCE = `genai-prices:${project.dependencies["@pydantic/genai-prices"]}`
const UNPRICED: Price = Object.freeze({ cost: null, source: null, units: null })
/** Anthropic, Google and OpenAI count tokens free of charge. */
const FREE: Price = Object.freeze({ cost: 0, source: "free", units: null })
/** Model names come from clients where the config has wildcards. */
const MOST_KNOWN = 1024

/** The table's names for providers that have other ones here. */
const TABLE_NAMES: Readonly<Record<string, string>> = {
  gemini: "google",
  vertex_ai: "google",
  xai: "x-ai",
  together_ai: "together",
  fireworks_ai: "fireworks",
  moonshot: "moonshotai",
  codestral: "mistral",
  bedrock: "aws",
  github_copilot: "github-copilot",
}

/** Models only their makers and those who resell them offer: what is priced by name where the provider has no table of its own (LiteLLM, gateways). */
const CLOSED_MODELS: readonly (readonly [RegExp, string])[] = [
  [/^claude-/, "anthropic"],
  [/^(gpt-(?!oss)|chatgpt-|o[134](-|$)|text-embedding-(3|ada))/, "openai"],
  [/^gemini-/, "google"],
  [/^grok-/, "x-ai"],
]

/** Its fees for a provider's searches are left out: it has them of some models only. Whoever uses them writes `search_context_cost_per_query`. */
const CLASSES: Readonly<Record<string, PriceClass>> = {
  input_mtok: "input",
  output_mtok: "output",
  cache_read_mtok: "cache_read",
  cache_write_mtok: "cache_write",
  cache_write_1h_mtok: "cache_write_1h",
  input_audio_mtok: "input_audio",
  cache_audio_read_mtok: "cache_read_audio",
  output_audio_mtok: "output_audio",
  output_reasoning_mtok: "reasoning",
  requests_kcount: "requests",
}

export function createPriceBook({ now = Date.now }: { now?: () => number } = {}): PriceBook {
  let table: Table | null = null
  let loading: Promise<Table> | null = null
  const known = new Map<string, Known[]>()
  let knownCount = 0

  function recall(query: PriceQuery): Known {
    const found = known.get(query.model)?.find((one) => isSame(one.query, query))
    if (found) return found
    if (knownCount++ === MOST_KNOWN) forget()
    const made: Known = { query, periods: table && periodsOf(table, query), offers: [] }
    known.set(query.model, [...(known.get(query.model) ?? []), made])
    return made
  }

  function forget(): void {
    known.clear()
    knownCount = 0
  }

  return {
    get ready() {
      return table !== null
    },
    async load() {
      loading ??= import("@pydantic/genai-prices")
      table = await loading
      forget()
    },
    price(query) {
      if (query.operation === "count_tokens") return FREE
      const { periods, offers } = recall(query)
      const at = query.at ?? now()
      const isLow = query.custom !== null && isOffPeak(query.custom, at)
      const period = periods === null ? 0 : periodAt(periods, at)
      const place = 2 * period + (isLow ? 1 : 0)
      let offer = offers[place]
      if (offer === undefined) offers[place] = offer = offerOf(query, periods?.[period]?.rates ?? null, isLow)
      if (offer === null) return UNPRICED
      const { cost, units } = charge(offer.list, query.usage)
      return cost === null ? UNPRICED : { cost, source: offer.source, units }
    },
  }
}

const isSame = (one: PriceQuery, other: PriceQuery) =>
  one.provider === other.provider &&
  one.model === other.model &&
  one.baseModel === other.baseModel &&
  one.answered === other.answered &&
  one.custom === other.custom &&
  one.serviceTier === other.serviceTier &&
  one.isRegional === other.isRegional

/** `listed`: the table's rates at the time. */
function offerOf(query: PriceQuery, listed: Rates | null, isLow: boolean): Offer {
  const { custom, provider, serviceTier } = query
  const own = custom && customRates(custom, serviceTier, isLow)
  // a price for input or output stands alone; others (a cache price, a search's) change the table's
  if (own && (baseOf(own.input) !== undefined || baseOf(own.output) !== undefined || listed === null))
    return { list: priceList(own), source: "config" }
  if (listed === null) return null
  const tiers = query.isRegional ? `${serviceTier ?? "standard"} regional` : serviceTier
  const share = shareOf(provider, tiers, query.baseModel ?? query.answered ?? query.model)
  if (share === null) return null
  const rates = shareRates(listed, share)
  return own ? { list: priceList(ownRates(own, rates)), source: "config" } : { list: priceList(rates), source: SOURCE }
}

function periodsOf(table: Table, { provider, model, baseModel, answered }: PriceQuery): Periods | null {
  const periods = baseModel ? lookUp(table, provider, baseModel, true) : null
  return (
    periods ?? lookUp(table, provider, model, false) ?? (answered ? lookUp(table, provider, answered, false) : null)
  )
}

/**
 * The table by provider and name; with the provider before the name (`azure/gpt-4o`, any provider's where it is a base model), `models/gemini-…`, and
 * closed models of providers that the table does not know.
 */
function lookUp(table: Table, provider: string, name: string, isBase: boolean): Periods | null {
  const [, prefix, rest = name] = /^([^/]+)\/(.+)$/.exec(name) ?? []
  const known = find(table, provider, name)
  if (known) return known
  if (prefix === provider || prefix === "models") return find(table, provider, rest)
  if (isBase && prefix !== undefined) return find(table, prefix, rest)
  const maker = CLOSED_MODELS.find(([pattern]) => pattern.test(rest.toLowerCase()))?.[1]
  return maker !== undefined && !hasProvider(table, tableName(provider)) ? find(table, maker, rest) : null
}

const tableName = (provider: string) => TABLE_NAMES[provider] ?? provider

/** The table itself guesses: `custom_openai` would be OpenAI. */
const hasProvider = (table: Table, id: string) => table.findProvider({ providerId: id })?.id === id

function find(table: Table, provider: string, name: string): Periods | null {
  const id = tableName(provider)
  if (!hasProvider(table, id)) return null
  const found = table.calcPrice({}, name, { providerId: id })?.model.prices
  if (!found) return null
  const periods: ConditionalPrice[] = Array.isArray(found) ? found : [{ prices: found }]
  if (periods.some(({ prices }) => isForeign(prices))) return null
  return periods.map(({ constraint, prices }) => ({ constraint, rates: tableRates(prices) }))
}

/** A list of other prices only (audio by the hour, pages) is none of ours; an empty one means free. */
function isForeign(prices: GenaiPrices.ModelPrice): boolean {
  const keys = Object.keys(prices)
  return keys.length > 0 && !keys.some((key) => CLASSES[key])
}

function tableRates(prices: GenaiPrices.ModelPrice): Rates {
  const rates: Rates = {}
  for (const [key, price] of Object.entries(prices)) {
    const kind = CLASSES[key]
    if (kind && price !== undefined) rates[kind] = price
  }
  return rates
}

function periodAt(periods: Periods, at: number): number {
  return periods.length === 1
    ? 0
    : Math.max(
        0,
        periods.findLastIndex(({ constraint }) => holds(constraint, at)),
      )
}

const DAY_MS = 86_400_000

function holds(constraint: Constraint, at: number): boolean {
  if (!constraint) return true
  if (constraint.type === "start_date") return at >= Date.parse(constraint.start_date)
  const time = at % DAY_MS
  const start = timeOfDay(constraint.start_time)
  const end = timeOfDay(constraint.end_time)
  return end < start ? time >= start || time < end : time >= start && time < end
}

/** `00:30:00Z` or with an offset, as milliseconds of the day in UTC. */
const timeOfDay = (time: string) => (Date.parse(`1970-01-01T${time}`) + DAY_MS) % DAY_MS
