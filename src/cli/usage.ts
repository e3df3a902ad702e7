/** `memproxy usage`: what was spent, from the ledger's file, whether a server runs or not. */
import { homedir } from "node:os"
import { resolve } from "node:path"
import { parseArgs } from "node:util"
import { isTimeZone, readInstant } from "../api/instant.ts"
import type { Group } from "../store/groups.ts"
import { readUsage } from "../store/read.ts"
import { usageCsv, usageTable } from "./usage-table.ts"

export interface UsageIo {
  env: Record<string, string | undefined>
  cwd: string
  out: (line: string) => void
  err: (line: string) => void
  /** where the ledger is; absent: the directory the configuration names */
  dataDir?: string
  /** epoch milliseconds */
  now?: () => number
}

const WRONG_USAGE = 2
const GROUPS: readonly Group[] = ["model", "client", "user", "project", "key", "session", "day"]
const SYNTAX = `usage: memproxy usage [--since 7d] [--by ${GROUPS.join("|")}] [--tz ZONE] [--json|--csv] [--config FILE] [--data-dir DIR]`
const DEFAULT_SINCE = "7d"
const UNIT_MS: Readonly<Record<string, number>> = { m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 }

/** @returns the exit code: 0 done, 1 no ledger or an unreadable one, 2 wrong usage */
export async function runUsage(args: string[], io: UsageIo): Promise<number> {
  const asked = readArguments(args, io)
  if (typeof asked === "string") {
    io.err(`${asked}\n${SYNTAX}`)
    return WRONG_USAGE
  }
  const dir = asked.dataDir ?? io.dataDir ?? (await configuredDirectory(asked.config, io))
  if (dir === null) return WRONG_USAGE
  try {
    const report = await readUsage(dir, { groupBy: [asked.by], from: asked.from, tz: asked.tz })
    if (report === null) {
      io.err(
        `There is no ledger in ${dir} yet: it begins with the first request. --config or --data-dir name another directory.`,
      )
      return 1
    }
    print(report, asked, io)
    return 0
  } catch (error) {
    io.err(`The ledger in ${dir} cannot be read: ${error instanceof Error ? error.message : String(error)}`)
    return 1
  }
}

interface Asked {
  by: Group
  since: string
  from: number | undefined
  tz: string
  form: "table" | "json" | "csv"
  config: string | undefined
  dataDir: string | undefined
}

const OPTIONS = {
  since: { type: "string" },
  by: { type: "string" },
  tz: { type: "string" },
  json: { type: "boolean" },
  csv: { type: "boolean" },
  config: { type: "string" },
  "data-dir": { type: "string" },
} as const

/** What was asked for, or what is wrong with it. */
function readArguments(args: string[], io: UsageIo): Asked | string {
  let values: ReturnType<typeof parseArgs<{ options: typeof OPTIONS }>>["values"]
  try {
    values = parseArgs({ args, options: OPTIONS }).values
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  }
  // A person's day is the one on their clock; the API's is UTC's.
  const tz = values.tz ?? Intl.DateTimeFormat().resolvedOptions().timeZone ?? "UTC"
  if (!isTimeZone(tz)) return `--tz must be an IANA time zone such as Europe/Berlin, not "${tz}"`
  const by = GROUPS.find((group) => group === (values.by ?? "model"))
  if (by === undefined) return `--by must be one of ${GROUPS.join(", ")}, not "${values.by}"`
  if (values.json && values.csv) return "--json and --csv exclude each other"
  const since = values.since ?? DEFAULT_SINCE
  const from = since === "all" ? undefined : readSince(since, tz, (io.now ?? Date.now)())
  if (from === null)
    return `--since must be a span (30m, 24h, 7d, 4w), a date or time (2026-03-29, 2026-03-29T10:00:00Z) or all, not "${since}"`
  const form = values.json ? "json" : values.csv ? "csv" : "table"
  const dataDir = values["data-dir"] === undefined ? undefined : resolve(io.cwd, values["data-dir"])
  return { by, since, from, tz, form, config: values.config, dataDir }
}

function readSince(text: string, tz: string, now: number): number | null {
  const [, amount, unit] = /^(\d+(?:\.\d+)?)([mhdw])$/.exec(text) ?? []
  if (amount === undefined || unit === undefined) return readInstant(text, tz)
  const from = Math.floor(now - Number(amount) * UNIT_MS[unit]!)
  return Number.isSafeInteger(from) ? from : null
}

/** The configuration is read only where nothing else says where the data is. null: it cannot be, and that was said. */
async function configuredDirectory(flag: string | undefined, io: UsageIo): Promise<string | null> {
  const { findConfigFile, loadConfig } = await import("../config/load.ts")
  const { file } = findConfigFile({ flag, env: io.env, cwd: io.cwd })
  const { config } = loadConfig({ file, env: io.env, home: homedir(), overrides: {} })
  if (config === null)
    io.err(`${file} cannot be used: memproxy check --config ${file} says why. Or name the data with --data-dir DIR.`)
  return config?.dataDir ?? null
}

function print(report: NonNullable<Awaited<ReturnType<typeof readUsage>>>, asked: Asked, io: UsageIo): void {
  const since = asked.from === undefined ? null : new Date(asked.from)
  if (asked.form === "json") {
    io.out(
      JSON.stringify({ since: since?.toISOString() ?? null, group_by: asked.by, tz: asked.tz, ...report }, null, 2),
    )
    return
  }
  if (asked.form === "csv") {
    for (const line of usageCsv(report, asked.by)) io.out(line)
    return
  }
  // Sweden writes dates as ISO does.
  const when = since?.toLocaleString("sv-SE", { timeZone: asked.tz, dateStyle: "short", timeStyle: "short" })
  const span = when === undefined ? "from the beginning" : `since ${when} (${asked.tz})`
  if (report.totals.requests === 0) {
    io.out(`No requests ${span}.${asked.from === undefined ? "" : " --since 4w or --since all look further back."}`)
    return
  }
  io.out(`Usage by ${asked.by} ${span}\n`)
  for (const line of usageTable(report, asked.by)) io.out(line)
}
