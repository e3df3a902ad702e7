/** A deployment for the tests of what is made of one. */
import { Secret } from "../../src/exchange.ts"
import type { Deployment } from "../../src/settings.ts"

export function deployment(more: Partial<Deployment> = {}): Deployment {
  return {
    id: "d1",
    name: "m",
    model: "m",
    provider: "openai",
    speaks: ["openai-chat"],
    base: "https://api.openai.com/v1",
    auth: "bearer",
    key: new Secret("sk-provider"),
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
    order: 0,
    cloud: null,
    router: false,
    info: {},
    ...more,
  }
}
