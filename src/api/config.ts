/** `/api/status` and `/api/config`: what is in force, and what is wrong with it. Reading only; keys are never part of it. */
import { Elysia } from "elysia"
import type { Config } from "../settings.ts"
import type { WriterHealth } from "../store/writer.ts"
import { count, answers, flag, list, object, orNull, text } from "./documentation.ts"

interface ConfigDeps {
  config: () => Config
  health: () => WriterHealth
  version: string
  /** @throws Refusal when the caller may not ask at all */
  scope: (request: Request) => unknown
  /** @throws Refusal for who is not the operator */
  operate: (request: Request) => unknown
}

export function configApi({ config, health, version, scope, operate }: ConfigDeps) {
  return new Elysia({ name: "api-config" })
    .get("/api/status", ({ request }) => (scope(request), Response.json(statusOf(config(), health(), version))), {
      detail: { tags: ["operation"], summary: "Version, memory and health", responses: answers(STATUS_SCHEMA, 401) },
    })
    .get("/api/config", ({ request }) => (operate(request), Response.json(describeConfig(config()))), {
      detail: {
        tags: ["operation"],
        summary: "The configuration in force, without its keys, and every finding about its file",
        responses: answers(CONFIG_SCHEMA, 401, 403),
      },
    })
}

function statusOf(config: Config, { queued, dropped, lastError }: WriterHealth, version: string) {
  const count = (severity: string) => config.findings.filter((one) => one.severity === severity).length
  return {
    version,
    key_needed: config.masterKey !== null,
    models: new Set(config.deployments.map(({ name }) => name)).size,
    first_model: firstModel(config.deployments),
    findings: { error: count("error"), warning: count("warning"), note: count("note") },
    memory: { engine: config.memory.engine, scope: config.memory.scope },
    bodies: config.logging.bodies,
    ledger: { queued, dropped, last_error: lastError },
  }
}

/** One to try: a mock needs no provider, the next best has its key. */
function firstModel(deployments: Config["deployments"]): string | null {
  const named = deployments.filter(({ name }) => !name.includes("*"))
  const first = named.find(({ mock }) => mock !== null) ?? named.find(({ missing }) => missing === null) ?? named[0]
  return first?.name ?? null
}

function describeConfig(config: Config) {
  const { file, deployments, findings, memory, logging, users, judge, telemetry, aliases, billing } = config
  return {
    file,
    settings: {
      "memproxy.host": config.host,
      "memproxy.port": config.port,
      "memproxy.data_dir": config.dataDir,
      "memproxy.allowed_hosts": config.allowedHosts,
      "memproxy.allowed_origins": config.allowedOrigins,
      "general_settings.master_key": config.masterKey ? "set" : "not set: this machine only",
      "user_id_mappings.custom_header": users.customHeader,
      "user_id_mappings.default_user_id": users.defaultUserId,
      "user_id_mappings.header_patterns": users.patterns.map(
        ({ header, pattern, userId }) => `${header} ~ ${pattern} → ${userId}`,
      ),
      "memproxy.memory.engine": memory.engine,
      "memproxy.memory.scope": memory.scope,
      "memproxy.memory.max_tokens": memory.maxTokens,
      "memproxy.memory.remember": memory.remember,
      "memproxy.memory.holdout": memory.holdout,
      "memproxy.judge": judge && `${judge.model}, ${judge.sample} of the answers, ${judge.budgetUsdPerDay} USD a day`,
      "memproxy.logging.bodies": logging.bodies,
      "memproxy.logging.retention_days": logging.retentionDays,
      "memproxy.telemetry.endpoint": telemetry && withoutLogin(telemetry.endpoint),
      "memproxy.media_hosts": config.mediaHosts,
      "router_settings.model_group_alias": Object.entries(aliases).map(([alias, { model }]) => `${alias} → ${model}`),
      "litellm_settings.cost_discount_config": told(billing.discounts, (share) => String(share)),
      "litellm_settings.cost_margin_config": told(
        billing.margins,
        ({ percentage, fixedAmount }) => `${percentage} + ${fixedAmount} USD`,
      ),
    },
    deployments: deployments.map(({ id, name, provider, model, base, mock, missing }) => ({
      id,
      model_name: name,
      provider,
      model,
      api_base: base,
      mock: mock !== null,
      missing,
    })),
    findings,
  }
}

const told = <T>(table: Readonly<Record<string, T>>, words: (value: T) => string) =>
  Object.entries(table).map(([name, value]) => `${name}: ${words(value)}`)

/** Collectors may have a name and password, or a token, in their address. */
const withoutLogin = (address: string) => address.replace(/\/\/[^/]*@/, "//").replace(/\?.*/s, "")

const STATUS_SCHEMA = object({
  version: text(),
  key_needed: { ...flag, description: "a master key is configured" },
  models: count(),
  first_model: orNull(text("one to try")),
  findings: object({ error: count(), warning: count(), note: count() }),
  memory: object({ engine: text("local, supermemory or off"), scope: text("user or project") }),
  bodies: text("off, redacted or full"),
  ledger: object({ queued: count(), dropped: count(), last_error: orNull(text()) }),
})

const CONFIG_SCHEMA = object({
  file: orNull(text("null: the built-in demo")),
  settings: { type: "object", description: "what is in force, by name; no keys" },
  deployments: list(
    object({
      id: text(),
      model_name: text(),
      provider: text(),
      model: text(),
      api_base: text(),
      mock: flag,
      missing: orNull(text("the environment variable that is not set: the model answers 503")),
    }),
  ),
  findings: list(
    object({
      severity: text("error, warning or note"),
      file: text(),
      line: count(),
      col: count(),
      path: text(),
      message: text(),
    }),
  ),
})
