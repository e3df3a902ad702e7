/** A config file as one frozen `Config`, and everything there is to say about it. It reads files; the environment is given. */

import { readFileSync, statSync } from "node:fs"
import { join, resolve } from "node:path"
import { Secret } from "../exchange.ts"
import type { Config, Finding } from "../settings.ts"
import { assemble } from "./include.ts"
import { listeningPlace, readListening } from "./listen.ts"
import { readModels } from "./models.ts"
import { passthroughs } from "./passthrough.ts"
import { readJudge } from "./judge.ts"
import { validate } from "./validate.ts"
import { ConfigFile } from "./schema.ts"
import { readMemory, readSupermemory } from "./memory.ts"
import {
  dataDirectory,
  days,
  readAliases,
  readOrigins,
  sayNextStart,
  sayUnused,
  readBilling,
  homeDirectory,
} from "./single-settings.ts"
import { readTelemetry } from "./telemetry.ts"
import { resolveVariables, type MapTree, type Report } from "./tree.ts"
import { readUsers } from "./users.ts"
import demo from "../../config.yaml" with { type: "text" }

export interface LoadOptions {
  /** null: the built-in demo */
  file: string | null
  env: Readonly<Record<string, string | undefined>>
  /** the command line's; `dataDir` is relative to the working directory */
  overrides?: Partial<Settled>
  /** of a process that serves already: they stay what they are */
  running?: Settled
  readFile?: (path: string) => string
  home?: string
  platform?: string
}

/** What cannot change while a process serves. */
type Settled = Pick<Config, "host" | "port" | "dataDir">

export interface Loaded {
  /** null: unreadable YAML, or authentication or listening settings that must not be guessed */
  config: Config | null
  /** in the order of files, lines and columns */
  findings: Finding[]
  /** every file looked at, readable or not */
  files: readonly string[]
}

const DEMO_NAME = "(built-in demo)"

/** Reads the file and what it includes. Never throws for what the file says; every finding comes at once. */
export function loadConfig(options: LoadOptions): Loaded {
  const { file } = options
  const findings: Finding[] = []
  const said = new Set<string>()
  const report: Report = (severity, at, message) => {
    const finding = { severity, file: at.file, line: at.line, col: at.col, path: at.path, message }
    const text = JSON.stringify(finding)
    if (!said.has(text)) findings.push(finding)
    said.add(text)
  }
  const readFile = file === null ? () => demo : (options.readFile ?? ((path: string) => readFileSync(path, "utf8")))
  const { root, files } = assemble(file ?? DEMO_NAME, readFile, report)
  const config = root && build(root, file === null ? [] : files, options, report)
  const order = new Map(files.map((name, i) => [name, i]))
  const byPlace = (a: Finding, b: Finding) =>
    (order.get(a.file) ?? 0) - (order.get(b.file) ?? 0) || a.line - b.line || a.col - b.col
  // One mistake, one finding: an error says more than the warning that came before it at the same place.
  const wrong = findings.filter((finding) => finding.severity === "error")
  const sorted = findings
    .filter(
      (finding) =>
        finding.severity === "error" || !wrong.some((e) => e.path === finding.path && byPlace(e, finding) === 0),
    )
    .toSorted(byPlace)
  return {
    config: config && freeze({ ...config, findings: sorted }),
    findings: sorted,
    files: file === null ? [] : files,
  }
}

function build(root: MapTree, files: string[], options: LoadOptions, report: Report): Omit<Config, "findings"> | null {
  const { file, overrides = {}, running } = options
  const env = { ...options.env, ...ownVariables(root, options.env, report) }
  resolveVariables(root, env)
  const values = validate(ConfigFile, settingsOf(root), report) ?? {}
  const listening = readListening(root, values, { ...overrides, ...running }, env, report)
  const supermemory = readSupermemory(values, env)
  const deployments = readModels(root, {
    env,
    report,
    readFile: options.readFile ?? ((path) => readFileSync(path, "utf8")),
    home: homeDirectory(options),
    routerBase: supermemory.routerBase,
    litellm: values.litellm_settings ?? {},
    hasRouterKey: supermemory.key !== null,
  })
  const memory = readMemory(root, values, report)
  const users = readUsers(root, values, report)
  sayUnused(root, values, report)
  if (!listening) return null

  const {
    general_settings: general = {},
    litellm_settings: litellm = {},
    router_settings: router = {},
    memproxy: own = {},
  } = values
  const dataDir = overrides.dataDir === undefined ? dataDirectory(own.data_dir, options) : resolve(overrides.dataDir)
  if (running) sayNextStart(root, { ...listeningPlace(own, overrides), dataDir }, running, report)
  const timeoutMs = (router.timeout ?? litellm.request_timeout ?? 600) * 1000
  return {
    file,
    files,
    ...listening,
    dataDir: running?.dataDir ?? dataDir,
    allowedHosts: own.allowed_hosts ?? [],
    allowedOrigins: readOrigins(root, own.allowed_origins ?? [], report),
    mediaHosts: (own.media_hosts ?? []).map((name) => name.toLowerCase()),
    keyHeader: general.litellm_key_header_name?.toLowerCase() ?? null,
    deployments,
    aliases: readAliases(router.model_group_alias),
    completionModel: general.completion_model ?? null,
    passthrough: passthroughs(deployments, env),
    users,
    memory,
    supermemory,
    telemetry: readTelemetry(own.telemetry, env),
    billing: readBilling(litellm.cost_discount_config, litellm.cost_margin_config),
    judge: readJudge(root, own.judge, report),
    logging: {
      bodies:
        own.logging?.bodies ??
        (general.store_prompts_in_spend_logs && !litellm.turn_off_message_logging ? "redacted" : "off"),
      retentionDays: days(own.logging?.retention ?? general.maximum_spend_logs_retention_period),
    },
    forwardClientHeaders: general.forward_client_headers_to_llm_api
      ? "all"
      : (litellm.model_group_settings?.forward_client_headers_to_llm_api ?? []),
    forwardProviderAuth: general.forward_llm_provider_auth_headers ?? false,
    forwardTraceparent: litellm.forward_traceparent_to_llm_provider ?? false,
    forwardOrganization: general.forward_openai_org_id ?? false,
    timeoutMs,
    streamTimeoutMs: router.stream_timeout === undefined ? timeoutMs : router.stream_timeout * 1000,
    idleTimeoutMs: (own.idle_timeout ?? 300) * 1000,
  }
}

/** The blocks the schema reads: `model_list` and what belongs to it are read entry by entry, elsewhere. */
function settingsOf(root: MapTree): MapTree {
  const others = new Set(["model_list", "credential_list", "environment_variables"])
  return { ...root, entries: new Map([...root.entries].filter(([name]) => !others.has(name))) }
}

/** The file's `environment_variables`, which win over the environment's, as LiteLLM exports them over it. */
function ownVariables(root: MapTree, env: LoadOptions["env"], report: Report): Record<string, string> {
  const block = root.entries.get("environment_variables")
  if (!block || (block.kind === "scalar" && block.value === null)) return {}
  if (block.kind !== "map") report("error", block, "must be a map of names to values")
  if (block.kind !== "map") return {}
  resolveVariables(block, env)
  const variables: Record<string, string> = {}
  for (const [name, node] of block.entries) {
    if (node.kind !== "scalar") report("error", node, "must be text")
    else if (node.unset) report("warning", node, `the environment variable ${node.variable} is not set`)
    else if (node.value !== null) variables[name] = typeof node.value === "string" ? node.value : node.source
  }
  return variables
}

/** Frozen through and through; functions and secrets are left as they are. */
function freeze<T>(value: T): T {
  if (typeof value !== "object" || value === null || value instanceof Secret || Object.isFrozen(value)) return value
  for (const child of Object.values(value)) freeze(child)
  return Object.freeze(value)
}

export interface Found {
  /** null: the built-in demo */
  file: string | null
  /** why this one, in words for people */
  reason: string
}

/**
 * Which file to serve: `--config`, else CONFIG_FILE_PATH, else a `config.yaml` here that is one of ours and this user's own
 * (a stranger's directory must not configure us), else the built-in demo.
 */
export function findConfigFile(asked: { flag?: string | undefined; env: LoadOptions["env"]; cwd: string }): Found {
  const { flag, env, cwd } = asked
  if (flag) return { file: resolve(cwd, flag), reason: "--config" }
  if (env.CONFIG_FILE_PATH) return { file: resolve(cwd, env.CONFIG_FILE_PATH), reason: "CONFIG_FILE_PATH" }
  const here = join(cwd, "config.yaml")
  const none = (why: string): Found => ({ file: null, reason: `no --config, no CONFIG_FILE_PATH, ${why}` })
  const stat = statSync(here, { throwIfNoEntry: false })
  if (!stat?.isFile()) return none("no ./config.yaml")
  if (process.getuid && stat.uid !== process.getuid()) return none("./config.yaml belongs to another user")
  if (!/^["']?model_list["']?\s*:/m.test(readFileSync(here, "utf8"))) return none("./config.yaml has no model_list")
  return { file: here, reason: "./config.yaml" }
}
