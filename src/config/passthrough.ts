/** Where a provider's own API goes when it is forwarded as it is: `/anthropic/*`, `/openai/*`, `/gemini/*`. */

import { Secret } from "../exchange.ts"
import type { Config, Deployment } from "../settings.ts"
import { findProvider } from "./providers.ts"

/** For each provider the first deployment at its own address, else its first one, else one made from its usual variable; those that can be used before those that lack a key. */
export function passthroughs(
  deployments: readonly Deployment[],
  env: Readonly<Record<string, string | undefined>>,
): Config["passthrough"] {
  const choose = (provider: string): Deployment | null => {
    const own = deployments.filter((d) => d.provider === provider && d.mock === null && !d.router)
    const home = findProvider(provider)?.base
    const usable = own.filter((d) => d.missing === null)
    return usable.find((d) => d.base === home) ?? usable[0] ?? fromVariable(provider, env) ?? own[0] ?? null
  }
  return { anthropic: choose("anthropic"), openai: choose("openai"), gemini: choose("gemini") }
}

function fromVariable(provider: string, env: Readonly<Record<string, string | undefined>>): Deployment | null {
  const row = findProvider(provider)
  const variable = row?.keyVariables.find((name) => env[name]?.trim())
  if (!row || row.base === null || variable === undefined) return null
  return {
    id: `${provider}-from-environment`,
    name: `${provider}/*`,
    model: "*",
    provider,
    speaks: row.speaks,
    base: row.base,
    auth: row.auth,
    key: new Secret(env[variable]!.trim()),
    missing: null,
    lacksOnlyKey: false,
    apiVersion: null,
    headers: {},
    params: {},
    dropParams: [],
    fitting: { drops: false, modifies: false, allowed: [] },
    timeoutMs: null,
    streamTimeoutMs: null,
    mock: null,
    prices: null,
    baseModel: null,
    weight: 1,
    order: Number.MAX_SAFE_INTEGER,
    cloud: null,
    router: false,
    info: {},
  }
}
