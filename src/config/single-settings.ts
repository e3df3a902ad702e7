/** Single settings that take more than reading: paths, origins, times, aliases, and what is known but not supported. */

import { homedir } from "node:os"
import { dirname, resolve } from "node:path"
import type { Config } from "../settings.ts"
import type { ConfigFile } from "./schema.ts"
import { find, scalars, type MapTree, type Place, type Report } from "./tree.ts"

interface Where {
  file: string | null
  env: Readonly<Record<string, string | undefined>>
  home?: string
  platform?: string
}

export const homeDirectory = ({ home, env }: Pick<Where, "home" | "env">): string =>
  home || env.HOME || env.USERPROFILE || homedir()

const SETTLED = { host: "host", port: "port", dataDir: "data_dir" } as const

/** An edit of what cannot change while a process serves. */
export function sayNextStart(
  root: MapTree,
  wanted: Pick<Config, keyof typeof SETTLED>,
  running: typeof wanted,
  report: Report,
): void {
  for (const key of ["host", "port", "dataDir"] as const) {
    if (wanted[key] === running[key]) continue
    const at = find(root, "memproxy", SETTLED[key])
    const place: Place = at?.key ?? at ?? { ...root, path: `memproxy.${SETTLED[key]}` }
    report("note", place, `takes effect at the next start; until then it is ${running[key]}`)
  }
}

/** Where data is kept when the command line does not say: `~` is the home directory; other relative paths begin where the file is. */
export function dataDirectory(written: string | undefined, where: Where): string {
  const { file, env, platform = process.platform } = where
  const home = homeDirectory(where)
  const base = file === null ? "." : dirname(file)
  if (written !== undefined)
    return resolve(
      base,
      written.replace(/^~(?=$|[\\/])/, () => home),
    )
  if (platform === "win32") return resolve(env.LOCALAPPDATA || resolve(home, "AppData", "Local"), "memproxy")
  // A relative XDG_DATA_HOME is invalid and to be ignored: https://specifications.freedesktop.org/basedir-spec/latest/
  const shared = env.XDG_DATA_HOME?.startsWith("/") ? env.XDG_DATA_HOME : resolve(home, ".local", "share")
  return resolve(shared, "memproxy")
}

/** `scheme://host[:port]` as browsers send it; anything else could never match, or match too much. */
export function readOrigins(root: MapTree, written: readonly string[], report: Report): string[] {
  const list = find(root, "memproxy", "allowed_origins")
  return written.flatMap((text) => {
    const item = list && [...scalars(list)].find((node) => node.value === text)
    const origin = /^([a-z][a-z0-9+.-]*:\/\/[^/?#\s*]+)\/?$/i.exec(text)?.[1]
    if (!origin)
      report(
        "error",
        item ?? list ?? root,
        "must be an origin like https://chat.example or app://obsidian.md, one by one: left out",
      )
    return origin ? [origin.toLowerCase()] : []
  })
}

type Aliases = NonNullable<NonNullable<ConfigFile["router_settings"]>["model_group_alias"]>

export function readAliases(written: Aliases = {}): Config["aliases"] {
  const pairs = Object.entries(written).map(([alias, to]) =>
    typeof to === "string"
      ? [alias, { model: to, hidden: false }]
      : [alias, { model: to.model, hidden: to.hidden ?? false }],
  )
  return Object.fromEntries(pairs)
}

type Margins = NonNullable<NonNullable<ConfigFile["litellm_settings"]>["cost_margin_config"]>

/** A margin that is a number is a part of the cost: `0.1` is 10 %. */
export function readBilling(discounts: Config["billing"]["discounts"] = {}, margins: Margins = {}): Config["billing"] {
  const read = Object.entries(margins).map(([provider, margin]) => {
    const { percentage = 0, fixed_amount: fixedAmount = 0 } =
      typeof margin === "number" ? { percentage: margin } : margin
    return [provider, { percentage, fixedAmount }]
  })
  return { discounts, margins: Object.fromEntries(read) }
}

const DAYS: Record<string, number> = { s: 1 / 86_400, m: 1 / 1440, h: 1 / 24, d: 1, w: 7, mo: 30 }

/** `90d`, `36h` … in days; a bare number is days. */
export function days(duration: string | undefined): number | null {
  const parts = duration === undefined ? null : /^([0-9.]+) ?([a-z]*)$/.exec(duration)
  return parts ? Number(parts[1]) * (DAYS[parts[2] || "d"] ?? 1) : null
}

/** Settings whose value decides whether they are supported. */
export function sayUnused(root: MapTree, values: ConfigFile, report: Report): void {
  const litellm = values.litellm_settings
  const cache = litellm?.cache_params?.type
  const at = (...keys: string[]): Place => {
    const node = find(root, "litellm_settings", ...keys)
    return node?.key ?? node ?? root
  }
  if (litellm?.cache_params) {
    const own = cache === "local" || cache === "disk"
    if (own) report("note", at("cache_params"), "read, but nothing in this version acts on it")
    else
      report("warning", at("cache_params"), `${cache ? `a ${cache} cache` : "a Redis cache"} is not supported, ignored`)
  }
  if (litellm?.otel) report("note", at("otel"), "read, but nothing in this version acts on it")
  for (const key of ["success_callback", "failure_callback", "callbacks"] as const) {
    const names = litellm?.[key] ?? []
    const known = names.every((name) => name === "otel" || name === "prometheus")
    if (names.length > 0 && known) report("note", at(key), "read, but nothing in this version acts on it")
    else if (names.length > 0)
      report("warning", at(key), "only `otel` and `prometheus` are known, the others are not supported")
  }
}
