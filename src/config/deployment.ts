/** One entry of `model_list` resolved: its provider, address, key and parameters. What requests do with it is not decided here. */

import { Secret, type Dialect, type Json, type JsonObject } from "../exchange.ts"
import type { CustomPrices, Deployment } from "../settings.ts"
import { findAddress, isRouter, NO_ADDRESS, unsetVariable } from "./address.ts"
import { findCloud } from "./cloud.ts"
import { PARAMS_TOLD } from "./litellm-keys.ts"
import { asWritten, masked } from "./masked.ts"
import { isPrice, priceKeys } from "./prices.ts"
import type { ProviderRow } from "./providers.ts"
import { LitellmParams, REQUEST_PARAMS, type ModelEntry } from "./schema.ts"
import { chooseProvider, spoken } from "./target.ts"
import { find, looksSecret, type Report, type Tree } from "./tree.ts"
import { knownKeys, unknownHint } from "./validate.ts"

export interface Surroundings {
  readFile: (path: string) => string
  home: string
  env: Readonly<Record<string, string | undefined>>
  report: Report
  routerBase: string
  /** what `litellm_settings` says for all models */
  litellm: Fitting
  /** Supermemory's key is known from elsewhere in the file or the environment */
  hasRouterKey: boolean
}

type Params = ModelEntry["litellm_params"]
type Fitting = Pick<Params, "drop_params" | "modify_params" | "allowed_openai_params" | "additional_drop_params">

const EVERY_DIALECT: readonly Dialect[] = ["openai-chat", "openai-responses", "anthropic", "gemini"]

/** LiteLLM's AZURE_DEFAULT_API_VERSION */
const AZURE_API_VERSION = "2025-02-01-preview"

/**
 * The deployment an entry describes, without id, weight and order, which depend on its neighbours; null when it cannot be used,
 * which is reported. A missing key or variable leaves it usable in name only: `missing` says what lacks.
 */
export function deploy(
  entry: ModelEntry,
  tree: Tree,
  around: Surroundings,
): Omit<Deployment, "id" | "weight" | "order"> | null {
  const { report, env } = around
  const params = entry.litellm_params
  const paramsTree = find(tree, "litellm_params") ?? tree
  const modelAt = find(paramsTree, "model") ?? paramsTree
  const mock = params.mock_response ?? null

  const target = chooseProvider(params, modelAt, report)
  if (!target) return null
  const { row, model } = target

  const unset = mock === null ? unsetVariable(paramsTree) : null
  const placed = row.cloud && mock === null ? findCloud(row.cloud, model, params, around, paramsTree) : null
  const address = placed ?? findAddress(params, row, paramsTree, around)
  if (!address && unset === null && mock === null) return null
  const base = unset !== null && !address ? NO_ADDRESS : (address?.base ?? NO_ADDRESS)
  const foreign = address?.foreign === true
  const router = isRouter(base, around.routerBase)

  const { key, keyFrom } = findKey(params, row, env)
  let missing = unset
  if (placed && key === null && missing === null) missing = placed.missing
  if (key === null && missing === null && mock === null && !row.keyOptional && !(foreign && !router)) {
    missing = row.keyVariables[0] ?? null
    report(
      "warning",
      modelAt,
      `no \`api_key\`, and ${row.keyVariables.join(", ")} not set: this model answers 503 until it is`,
    )
  }
  if (keyFrom && foreign && !router)
    report(
      "note",
      find(paramsTree, "api_base") ?? modelAt,
      `no \`api_key\` here: this address gets the key in ${keyFrom}`,
    )

  const headers = readHeaders(params, paramsTree, router, report)
  if (router && missing === null && mock === null && !around.hasRouterKey && !headers["x-supermemory-api-key"]) {
    missing = "SUPERMEMORY_API_KEY"
    report(
      "warning",
      modelAt,
      `the Supermemory router needs SUPERMEMORY_API_KEY, which is not set: this model answers 503`,
    )
  }

  const { defaults, prices } = sortParams(entry, tree, report)
  const info = find(tree, "model_info")
  return {
    name: entry.model_name,
    model,
    provider: row.id,
    speaks: mock !== null ? EVERY_DIALECT : (placed?.speaks ?? spoken(target, entry.model_info?.mode, base)),
    base,
    auth: row.auth,
    key,
    missing,
    lacksOnlyKey: missing !== null && key === null && !router && unsetVariable(paramsTree, "api_key") === null,
    apiVersion:
      params.api_version ??
      address?.apiVersion ??
      (row.id === "azure" ? env.AZURE_API_VERSION || AZURE_API_VERSION : null),
    headers: masked(headers, () => true),
    params: masked(defaults),
    dropParams: params.additional_drop_params ?? around.litellm.additional_drop_params ?? [],
    fitting: readFitting(params, around.litellm),
    timeoutMs: params.timeout === undefined ? null : Math.round(params.timeout * 1000),
    streamTimeoutMs: params.stream_timeout === undefined ? null : Math.round(params.stream_timeout * 1000),
    mock,
    prices,
    baseModel: entry.model_info?.base_model ?? null,
    cloud: placed?.cloud ?? null,
    router,
    info: info?.kind === "map" ? (asWritten(info) as JsonObject) : {},
  }
}

function findKey(
  params: Params,
  row: ProviderRow,
  env: Surroundings["env"],
): { key: Secret | null; keyFrom: string | null } {
  const own = params.api_key?.trim()
  if (own) return { key: new Secret(own), keyFrom: null }
  const keyFrom = row.keyVariables.find((name) => env[name]?.trim()) ?? null
  return { key: keyFrom ? new Secret(env[keyFrom]!.trim()) : null, keyFrom }
}

/** A model's own word wins over that for all. */
function readFitting(own: Fitting, all: Fitting): Deployment["fitting"] {
  return {
    drops: own.drop_params ?? all.drop_params ?? false,
    modifies: own.modify_params ?? all.modify_params ?? false,
    allowed: own.allowed_openai_params ?? all.allowed_openai_params ?? [],
  }
}

/** `extra_headers` and `organization` as headers; what no HTTP client could send is reported and left out. */
function readHeaders(params: Params, tree: Tree, router: boolean, report: Report): Record<string, string> {
  const headers: Record<string, string> = {}
  if (typeof params.organization === "string") headers["openai-organization"] = params.organization
  for (const [written, value] of Object.entries(params.extra_headers ?? {})) {
    const name = written.toLowerCase()
    const at = find(tree, "extra_headers", written) ?? tree
    if (!/^[!#$%&'*+.^_`|~0-9a-z-]+$/.test(name)) report("error", at.key ?? at, "not a header's name, left out")
    else if (!/^[\t\x20-\x7e\x80-\xff]*$/.test(value))
      report("error", at, "not a header's value (line breaks or letters beyond Latin-1), left out")
    else if (!router && /^x-(supermemory-|sm-)/.test(name))
      report("warning", at.key ?? at, "goes to Supermemory's router only, left out here")
    else if (value !== "") headers[name] = value
  }
  return headers
}

/** Everything in `litellm_params` that is none of our keys: prices, and parameters for the request. */
function sortParams(entry: ModelEntry, tree: Tree, report: Report) {
  const params = entry.litellm_params
  const paramsTree = find(tree, "litellm_params") ?? tree
  const defaults: JsonObject = {}
  const costs: Record<string, Json> = {}
  const price = (name: string, value: unknown) =>
    Object.assign(costs, Object.fromEntries(priceKeys(name, value as Json)))
  for (const [name, value] of Object.entries(entry.model_info ?? {})) if (isPrice(name)) price(name, value)
  for (const [name, node] of paramsTree.kind === "map" ? paramsTree.entries : []) {
    if (Object.hasOwn(LitellmParams.properties, name) || Object.hasOwn(PARAMS_TOLD, name)) continue
    const value = (params as Record<string, Json | undefined>)[name] // absent: its variable is not set
    const at = node.key ?? paramsTree
    const isKnown = REQUEST_PARAMS.has(name) || isPrice(name)
    const hint = isKnown ? "" : unknownHint(name, [...knownKeys(LitellmParams), ...REQUEST_PARAMS])
    if (isKnown && (value ?? null) === null) continue
    if (isPrice(name)) price(name, value)
    else if (hint || looksSecretText(name, value) || !/^[\w.-]+$/.test(name))
      report("warning", at, `unknown key, ignored${hint}`)
    else if (value !== undefined) {
      defaults[name] = value
      if (!REQUEST_PARAMS.has(name))
        report("note", at, "not known here: sent to the provider as a parameter of the request")
    }
  }
  const prices: Record<string, number> = {}
  for (const [name, value] of Object.entries(costs)) {
    const number = typeof value === "string" && value.trim() !== "" ? Number(value) : value
    const at = find(paramsTree, name) ?? find(tree, "model_info", name) ?? tree
    if (typeof number === "number" && Number.isFinite(number) && number >= 0) prices[name] = number
    else if (value !== null) report("error", at, "a price must be a number, 0 or more: left out")
  }
  const own: CustomPrices | null = Object.keys(prices).length > 0 ? prices : null
  return { defaults, prices: own }
}

const looksSecretText = (name: string, value: unknown): boolean => typeof value === "string" && looksSecret(name)
