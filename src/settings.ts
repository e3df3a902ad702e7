/** What the config file says, resolved. Types, and nothing that acts. */
import type { Dialect, JsonObject, Secret } from "./exchange.ts"

/** One thing said about a config file. `path` is written `model_list[0].litellm_params.model`; line and col count from 1. */
export interface Finding {
  severity: "error" | "warning" | "note"
  file: string
  line: number
  col: number
  path: string
  message: string
}

/** A model provider: a row of data on top of the dialects. */
export interface Provider {
  /** as in `provider/model` */
  id: string
  /** where its API is when the config gives no `api_base`; null: `api_base` is needed */
  base: string | null
  /** what it speaks at that address, best first */
  speaks: readonly Dialect[]
  auth: "bearer" | "x-api-key" | "x-goog-api-key" | "api-key" | "none"
  /** the environment variables its key is looked for in, first one set wins */
  keyVariables: readonly string[]
  /** other names LiteLLM configs use for it */
  aliases?: readonly string[]
  /** may be used without a key (Ollama, vLLM) */
  keyOptional?: boolean
}

/** Own prices of a deployment, in LiteLLM's keys (`input_cost_per_token` …), USD per token. */
export type CustomPrices = Readonly<Record<string, number>>

/** Where OpenTelemetry's data goes; `endpoint` is without `/v1/traces` and without a slash at its end. */
export interface Telemetry {
  endpoint: string
  headers: Readonly<Record<string, Secret>>
  serviceName: string
}

/** What is added to or taken off the list price, by provider: parts of 1, and USD a request. `global` is a margin for all others. */
export interface Billing {
  discounts: Readonly<Record<string, number>>
  margins: Readonly<Record<string, { percentage: number; fixedAmount: number }>>
}

/** A model behind a cloud's own sign-in and paths. */
export type Cloud =
  | { kind: "vertex"; project: string; location: string; credentials: Secret }
  | {
      kind: "bedrock"
      region: string
      sign: { accessKeyId: string; secretAccessKey: Secret; sessionToken: Secret | null } | null
    }

/** One entry of `model_list`, resolved: where a request for `name` can go. */
export interface Deployment {
  /** `model_info.id`, else a hash of the entry that is stable across restarts */
  id: string
  /** the public name, may hold `*` */
  name: string
  /** the provider's own name for the model, may hold `*` */
  model: string
  provider: string
  speaks: readonly Dialect[]
  /** without trailing slash; meaning as LiteLLM's `api_base` (with `/v1` for OpenAI-style, the root for Anthropic and Gemini) */
  base: string
  auth: Provider["auth"]
  key: Secret | null
  /** the environment variable that is missing, if one is: the model answers 503 with its name */
  missing: string | null
  /** nothing but the key is missing: a caller who brings the provider's own may pass */
  lacksOnlyKey: boolean
  /** Azure's `api-version` */
  apiVersion: string | null
  headers: Readonly<Record<string, string>>
  /** request parameters the config sets where the client has not */
  params: Readonly<JsonObject>
  dropParams: readonly string[]
  /** LiteLLM's `drop_params`, `modify_params` and `allowed_openai_params` */
  fitting: { drops: boolean; modifies: boolean; allowed: readonly string[] }
  timeoutMs: number | null
  streamTimeoutMs: number | null
  /** text, or `echo` */
  mock: string | null
  prices: CustomPrices | null
  /** name to look the price up under */
  baseModel: string | null
  weight: number
  order: number
  /** null: nothing but a key and an address */
  cloud: Cloud | null
  /** the base is Supermemory's router: `https://api.supermemory.ai/v3/<provider URL>` */
  router: boolean
  /** model_info as written, for `/model/info` */
  info: Readonly<JsonObject>
}

export interface HeaderPattern {
  header: string
  pattern: string
  userId: string
  /** RE2, case-insensitive, unanchored */
  matches(value: string): boolean
}

/** Everything the file says, resolved and frozen. A request keeps the one it began with. */
export interface Config {
  /** null: the built-in demo */
  file: string | null
  /** every file read, includes too: what the watcher watches */
  files: readonly string[]
  host: string
  port: number
  dataDir: string
  allowedHosts: readonly string[]
  allowedOrigins: readonly string[]
  /** hosts outside of the public internet from which images and files may be fetched for providers that fetch none */
  mediaHosts: readonly string[]
  masterKey: Secret | null
  /** `general_settings.litellm_key_header_name`, lower case */
  keyHeader: string | null
  deployments: readonly Deployment[]
  /** `router_settings.model_group_alias` */
  aliases: Readonly<Record<string, { model: string; hidden: boolean }>>
  /** `general_settings.completion_model`: overrides the model asked for */
  completionModel: string | null
  /** where `/anthropic/*`, `/openai/*`, `/gemini/*` go: the first deployment at the provider's own address, else its first one, else one made from its usual variable; null: none */
  passthrough: Readonly<Record<"anthropic" | "openai" | "gemini", Deployment | null>>
  users: { customHeader: string; patterns: readonly HeaderPattern[]; defaultUserId: string }
  memory: {
    engine: "local" | "supermemory" | "off"
    scope: "user" | "project"
    /** the file itself said `scope` */
    scopeWritten: boolean
    maxTokens: number
    remember: boolean
    /** how long a request waits for memory, then it goes on without */
    budgetMs: number
    /** `tail`: the end of the newest user turn; the others are LiteLLM Memory Proxy's, and break prompt caches */
    position: "tail" | "system" | "user_prefix" | "user_suffix" | "dual"
    /** Supermemory's results for one request */
    maxResults: number
    /** public model names; null: all */
    onlyModels: readonly string[] | null
    exceptModels: readonly string[]
    /** the share of sessions that go without, for comparison: 0 to 1 */
    holdout: number
  }
  supermemory: { key: Secret | null; base: string; routerBase: string }
  billing: Billing
  /** null: none is sent */
  telemetry: Telemetry | null
  /** a model that scores a sample of the answers; null: none does */
  judge: { model: string; sample: number; budgetUsdPerDay: number } | null
  logging: { bodies: "off" | "redacted" | "full"; retentionDays: number | null }
  /** which `model_name`s (or all) get the client's own `x-*` headers */
  forwardClientHeaders: "all" | readonly string[]
  forwardProviderAuth: boolean
  forwardTraceparent: boolean
  forwardOrganization: boolean
  timeoutMs: number
  streamTimeoutMs: number
  /** whole seconds of silence before an idle upstream stream is given up */
  idleTimeoutMs: number
  findings: readonly Finding[]
}
