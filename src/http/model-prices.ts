/** What models cost, told without a request: by the names that callers know them under. What a request costs is decided where it ends. */
import type { App } from "../app.ts"
import { usageOf } from "../dialects/usage-count.ts"
import type { JsonObject, Usage } from "../exchange.ts"
import type { Config, Deployment } from "../settings.ts"
import { billedCost } from "../usage/billing.ts"
import { LITELLM_KEYS, pricedBy } from "../usage/prices.ts"
import { isRegional } from "../usage/tier-shares.ts"

type Priced = Pick<Deployment, "provider" | "model" | "baseModel" | "prices" | "base" | "cloud">

/** USD as it is billed, discounts and margins included; null where no price is known. */
export async function costOf(app: App, name: string, usage: Usage): Promise<number | null> {
  const { config } = app.snapshot()
  const model = modelCalled(config, name)
  return billedCost((await priceOf(app, model, usage)).cost, model.provider, config.billing)
}

/** LiteLLM's price keys of a deployment, USD for one token, request or search, as they hold for a short input, and the file's own; empty where no price is known. */
export async function priceKeysOf(app: App, deployment: Priced): Promise<JsonObject> {
  const { units } = await priceOf(app, deployment, usageOf({ input: 1, output: 1, webSearches: 1 }))
  const keys = [...LITELLM_KEYS].flatMap(([key, kind]): [string, number][] => {
    const price = units?.[kind]
    return price === undefined ? [] : [[key, price / pricedBy(kind)]]
  })
  const { search_context_cost_per_query: search, ...prices }: Record<string, number> = {
    ...Object.fromEntries(keys),
    ...deployment.prices,
  }
  return search === undefined ? prices : { ...prices, search_context_cost_per_query: forEachSize(search) }
}

/** LiteLLM's shape: a price for each size of what is searched for. */
const forEachSize = (price: number): JsonObject =>
  Object.fromEntries(["low", "medium", "high"].map((size) => [`search_context_size_${size}`, price]))

async function priceOf(app: App, priced: Priced, usage: Usage) {
  const { provider, model, baseModel, prices } = priced
  await app.prices.load()
  return app.prices.price({
    usage,
    provider,
    model,
    baseModel,
    custom: prices,
    serviceTier: null,
    isRegional: isRegional(priced),
    operation: "generate",
  })
}

/** The deployment of that public name or alias, else the one that calls it so at its provider, else what the name says itself: `openai/gpt-5`, `gpt-5`. */
export function modelCalled({ deployments, aliases }: Config, name: string): Priced {
  const group = aliases[name]?.model ?? name
  const found =
    deployments.find((one) => one.name === group) ??
    deployments.find((one) => one.model === name || `${one.provider}/${one.model}` === name)
  if (found) return found
  const [, provider = "", model = name] = /^([^/]+)\/(.+)$/.exec(name) ?? []
  return { provider, model, baseModel: null, prices: null, base: "", cloud: null }
}
