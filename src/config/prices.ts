/** LiteLLM's price keys as they stand in a file, what has parts (`tiered_pricing`, `off_peak_pricing`) laid out as keys of its own. What they mean is in `usage/prices.ts`. */
import type { Json } from "../exchange.ts"

export const isPrice = (name: string): boolean =>
  /(^|_)cost(_|$)/.test(name) || name === "tiered_pricing" || name === "off_peak_pricing"

/** `{ hours_utc: "16:30-00:30", input_cost_per_token: … }`: the hours as minutes of the day, the prices with `_off_peak` after their names. */
function offPeakKeys(value: Json): [name: string, value: Json][] | null {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return null
  const { hours_utc: hours, ...prices } = value
  const times = /^\s*([01]?\d|2[0-4]):([0-5]\d)\s*-\s*([01]?\d|2[0-4]):([0-5]\d)\s*$/.exec(String(hours))
  if (!times) return null
  const [from, fromMinute, until, untilMinute] = times.slice(1).map(Number) as [number, number, number, number]
  return [
    ["off_peak_from", from * 60 + fromMinute],
    ["off_peak_until", until * 60 + untilMinute],
    ...Object.entries(prices).map(([key, price]): [string, Json] => [`${key}_off_peak`, price]),
  ]
}

/** `{ search_context_size_low: …, search_context_size_medium: …, search_context_size_high: … }`: one price where they agree. How large a context was, no answer says. */
function searchPrice(value: Json): Json {
  if (typeof value !== "object" || value === null) return value
  const prices = new Set(Object.values(value))
  return prices.size === 1 ? [...prices][0]! : value
}

/**
 * `tiered_pricing: [{ range: [0, 32000], input_cost_per_token: … }, { range: [32000, 128000], … }]`: the tier of the whole input holds for all of the request, which is
 * what `…_above_32k_tokens` says. Other values stay as they are.
 */
export function priceKeys(name: string, value: Json): [name: string, value: Json][] {
  if (name === "off_peak_pricing") return offPeakKeys(value) ?? [[name, value]]
  if (name === "search_context_cost_per_query") return [[name, searchPrice(value)]]
  if (name !== "tiered_pricing" || !Array.isArray(value)) return [[name, value]]
  return value.flatMap((tier): [string, Json][] => {
    if (typeof tier !== "object" || tier === null || Array.isArray(tier)) return [[name, tier]]
    const { range, ...prices } = tier
    const start = Array.isArray(range) && typeof range[0] === "number" ? range[0] : 0
    return Object.entries(prices).map(([key, price]) => [
      start > 0 ? `${key}_above_${start / 1000}k_tokens` : key,
      price,
    ])
  })
}
