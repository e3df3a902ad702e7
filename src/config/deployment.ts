/** One entry of `model_list` resolved: its provider, address, key and parameters. What requests do with it is not decided here. */

import { Secret, type Dialect, type Json, type JsonObject } from "../exchange.ts"
import type { CustomPrices, Deployment } from "../settings.ts"
import { findCloud } from "./cloud.ts"
import { asWritten, masked } from "./masked.ts"
import { didYouMean } from "./did-you-mean.ts"
import { isPrice, priceKeys } from "./prices.ts"
import { findProvider, inferProvider, providerNames, UNSUPPORTED_PROVIDERS, type ProviderRow } from "./providers.ts"
import { knownKeys, unknownHint } from "./validate.ts"
import { LitellmParams, PARAMS_TOLD, REQUEST_PARAMS, type ModelEntry } from "./schema.ts"
import { find, looksSecret, scalars, type Place, type Report, type Tree } from "./tree.ts"

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

/** Stands where an address is unknown because its variable is not set: never to be reached, RFC 6761. */
const NO_ADDRESS = "http://unset.invalid"

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

  const target = chooseProvider(params, modelAt, mock !== null, report)
  if (!target) return null
  const { row, model } = target

  const unset = mock === null ? unsetVariable(paramsTree) : null
  const placed = row.cloud && mock === null ? findCloud(row.cloud, model, params, around, paramsTree) : null
  const address = placed ?? findAddress(params, row, paramsTree, env, report)
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

  const { defaults, prices } = sortParams(params, paramsTree, entry, tree, report)
  const info = find(tree, "model_info")
  return {
    name: entry.model_name,
    model,
    provider: row.id,
    speaks:
      mock !== null ? EVERY_DIALECT : (placed?.speaks ?? spoken(row, entry.model_info?.mode, target.responses, base)),
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

interface Target {
  row: ProviderRow
  model: string
  /** written `provider/responses/NAME` */
  responses: boolean
}

/** What `provider/model`, `custom_llm_provider` or the name alone mean; an unknown or unsupported provider is reported. */
function chooseProvider(params: Params, at: Place, mocked: boolean, report: Report): Target | null {
  const written = params.model
  const slash = written.indexOf("/")
  const prefix = params.custom_llm_provider ?? (slash > 0 ? written.slice(0, slash) : null)
  const rest = prefix !== null && written.startsWith(`${prefix}/`) ? written.slice(prefix.length + 1) : written
  const row = prefix === null ? inferProvider(written) : findProvider(prefix)
  if (row && rest !== "") {
    const responses = rest.startsWith("responses/")
    return { row, model: responses ? rest.slice("responses/".length) : rest, responses }
  }
  if (written === "*" && (params.api_base ?? params.base_url))
    return { row: findProvider("custom_openai")!, model: "*", responses: false }
  if (mocked) return { row: findProvider("openai")!, model: written, responses: false }
  report("error", at, row ? "no model's name after the provider: this entry is left out" : whyUnknown(prefix, params))
  return null
}

function whyUnknown(prefix: string | null, params: Params): string {
  const end = ": this entry is left out"
  if (prefix === null) return `no provider: write \`provider/model\`, such as \`openai/…\` or \`anthropic/…\`${end}`
  if (UNSUPPORTED_PROVIDERS.has(prefix.toLowerCase()))
    return `the provider \`${prefix}\` is not supported${end}; one with an OpenAI-compatible address works as \`openai/…\` with \`api_base\``
  const hint = didYouMean(prefix, providerNames())
  const compatible =
    (params.api_base ?? params.base_url) && !hint
      ? "; for an OpenAI-compatible address write `openai/` before the whole name"
      : ""
  return `unknown provider before the first \`/\`${hint}${compatible}${end}`
}

interface Address {
  base: string
  /** not the provider's own */
  foreign: boolean
  apiVersion?: string
}

/** `api_base` as LiteLLM means it, without what people paste too much of; null if none is known or it cannot be used. */
function findAddress(
  params: Params,
  row: ProviderRow,
  tree: Tree,
  env: Surroundings["env"],
  report: Report,
): Address | null {
  const at = find(tree, "api_base") ?? find(tree, "base_url") ?? tree
  const written = params.api_base ?? params.base_url ?? (row.baseVariable ? env[row.baseVariable]?.trim() : undefined)
  if (at.kind === "scalar" && at.unset) return null
  if (!written) {
    if (row.base !== null) return { base: row.base, foreign: false }
    if (params.mock_response === undefined && unsetVariable(tree) === null)
      report(
        "error",
        at,
        `\`${row.id}\` needs an \`api_base\`${row.baseVariable ? ` or the variable ${row.baseVariable}` : ""}: this entry is left out`,
      )
    return null
  }
  const url = URL.canParse(written) ? new URL(written) : null
  if (!url || !/^https?:$/.test(url.protocol) || url.username || url.password) {
    const why =
      url?.username || url?.password
        ? "must not hold a user and password: use `api_key`"
        : "must be an http:// or https:// address"
    report("error", at, `${why}: this entry is left out`)
    return null
  }
  const apiVersion = url.searchParams.get("api-version") ?? undefined
  const bare = written.replace(/[?#].*$/s, "").replace(/\/+$/, "")
  const cut = bare
    .replace(/\/(chat\/completions|completions|responses|embeddings|v1\/messages)$/, "")
    .replace(/\/openai\/deployments\/[^/]+$/, "")
  if (cut !== bare) report("warning", at, "an `api_base` ends before the operation's own path: that part is left out")
  const base = row.basePath && url.pathname.replace(/\/+$/, "") === "" ? cut + row.basePath : cut
  return {
    base,
    foreign: row.base !== null ? new URL(row.base).host !== url.host : false,
    ...(apiVersion ? { apiVersion } : {}),
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

/** The first variable that this entry needs and the environment lacks; `api_key`'s before others. */
function unsetVariable(params: Tree, except?: string): string | null {
  if (params.kind !== "map") return null
  const needed = [...params.entries]
    .filter(([name]) => name !== except && !Object.hasOwn(PARAMS_TOLD, name))
    .sort(([a], [b]) => Number(b === "api_key") - Number(a === "api_key"))
  for (const [, child] of needed) for (const node of scalars(child)) if (node.unset) return node.variable
  return null
}

function isRouter(base: string, routerBase: string): boolean {
  if (!URL.canParse(base) || !URL.canParse(routerBase)) return false
  const url = new URL(base)
  return url.host === new URL(routerBase).host && url.pathname.startsWith("/v3/")
}

function spoken(row: ProviderRow, mode: string | undefined, responses: boolean, base: string): readonly Dialect[] {
  if (!row.speaks.includes("openai-chat")) return row.speaks
  if (responses || mode === "responses") return ["openai-responses"]
  if (mode === "both") return ["openai-chat", "openai-responses"]
  return base === row.base ? row.speaks : ["openai-chat"]
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
function sortParams(params: Params, paramsTree: Tree, entry: ModelEntry, tree: Tree, report: Report) {
  const defaults: JsonObject = {}
  const costs: Record<string, Json> = {}
  const price = (name: string, value: unknown) =>
    Object.assign(costs, Object.fromEntries(priceKeys(name, value as Json)))
  for (const [name, value] of Object.entries(entry.model_info ?? {})) if (isPrice(name)) price(name, value)
  for (const [name, value] of Object.entries(params)) {
    if (Object.hasOwn(LitellmParams.properties, name)) continue
    const at = find(paramsTree, name)?.key ?? paramsTree
    const isKnown = REQUEST_PARAMS.has(name) || isPrice(name)
    const hint = isKnown ? "" : unknownHint(name, [...knownKeys(LitellmParams), ...REQUEST_PARAMS])
    if (value === null && isKnown) continue
    if (isPrice(name)) price(name, value)
    else if (hint || looksSecretText(name, value) || !/^[\w.-]+$/.test(name))
      report("warning", at, `unknown key, ignored${hint}`)
    else {
      defaults[name] = value as Json
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
