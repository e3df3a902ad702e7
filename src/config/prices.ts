/** LiteLLM's price keys as they stand in a file, `tiered_pricing` laid out as keys of its own. What they mean is in `usage/prices.ts`. */
import type { Json } from "../exchange.ts"

export const isPrice = (name: string): boolean => /(^|_)cost(_|$)/.test(name) || name === "tiered_pricing"

/**
 * `tiered_pricing: [{ range: [0, 32000], input_cost_per_token: … }, { range: [32000, 128000], … }]`: the tier of the whole input holds for all of the request, which is
 * what `…_above_32k_tokens` says. Other values stay as they are.
 */
export function priceKeys(name: string, value: Json): [name: string, value: Json][] {
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
