/** Memory's settings, ours or LiteLLM Memory Proxy's `context_retrieval`. The engines themselves are in `memory/`. */

import { Secret } from "../exchange.ts"
import type { Config } from "../settings.ts"
import type { ConfigFile } from "./schema.ts"
import { find, type MapTree, type Report } from "./tree.ts"

/** Seconds. From far away Supermemory takes 1 to 2.6 (supermemoryai/claude-supermemory#119). */
const BUDGET_S = { local: 0.05, supermemory: 5, off: 0 }

/** Which engine, how wide, how much. Without a word in the file: off. */
export function readMemory(root: MapTree, values: ConfigFile, report: Report): Config["memory"] {
  const own = values.memproxy?.memory
  const old = values.context_retrieval
  const oldOn = old?.enabled === true
  if (!own && !oldOn)
    report(
      "note",
      { ...root, path: "memproxy.memory" },
      "memory is off; `memproxy: { memory: { engine: local } }` switches it on",
    )
  if (old) sayOld(root, values, report)
  const spoilt =
    own !== undefined && own.engine === undefined && find(root, "memproxy", "memory", "engine") !== undefined
  const engine = spoilt ? "off" : own ? (own.engine ?? "local") : oldOn ? "supermemory" : "off"
  return {
    engine,
    scope: own?.scope ?? "project",
    scopeWritten: own?.scope !== undefined,
    // Characters there, tokens here: four to one, the usual rule for English.
    maxTokens: own?.max_tokens ?? (oldOn && old?.max_context_length ? Math.floor(old.max_context_length / 4) : 512),
    remember: own?.remember ?? true,
    budgetMs: 1000 * (own?.timeout ?? (oldOn ? old.timeout : undefined) ?? BUDGET_S[engine]),
    position: old?.injection_strategy ?? "tail",
    maxResults: old?.max_results ?? 10,
    onlyModels: old?.enabled_for_models ?? null,
    exceptModels: old?.disabled_for_models ?? [],
    holdout: own?.holdout ?? 0,
  }
}

/** Supermemory's addresses and key, without trailing slashes. */
export function readSupermemory(
  values: ConfigFile,
  env: Readonly<Record<string, string | undefined>>,
): Config["supermemory"] {
  const own = values.memproxy?.supermemory
  const key = (own?.api_key ?? values.context_retrieval?.api_key ?? env.SUPERMEMORY_API_KEY)?.trim()
  const bare = (address: string) => address.replace(/\/+$/, "")
  return {
    key: key ? new Secret(key) : null,
    base: bare(own?.base_url ?? values.context_retrieval?.base_url ?? "https://api.supermemory.ai"),
    routerBase: bare(own?.router_base_url ?? "https://api.supermemory.ai/v3"),
  }
}

function sayOld(root: MapTree, values: ConfigFile, report: Report): void {
  const old = values.context_retrieval
  const say = (severity: "note" | "warning", key: string, message: string) => {
    const node = find(root, "context_retrieval", key)
    if (node) report(severity, node.key ?? node, message)
  }
  if (values.memproxy?.memory && old?.enabled) say("warning", "enabled", "`memproxy.memory` decides, not this")
  if (old?.injection_strategy)
    say(
      "warning",
      "injection_strategy",
      "this place breaks the providers' prompt caches; without the line memory goes where it does not",
    )
  if (!old?.enabled) return
  say(
    "warning",
    "container_tag",
    "ignored: one tag for everybody would mix their memories; each user has one of their own",
  )
  if (old.query_strategy !== "last_user") say("note", "query_strategy", "the query is always the newest user turn")
}
