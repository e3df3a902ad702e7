/** `memproxy usage`: what was spent, from the ledger's file, whether a server runs or not. */
import { isTimeZone } from "../api/instant.ts"
import { type LedgerReader, readLedger } from "../store/read.ts"
import type { UsageReport } from "../store/usage.ts"
import { usageByBlock } from "./blocks.ts"
import { command, messageOf, readOptions, WRONG_USAGE, WrongUsage } from "./command.ts"
import { directoryOf, type LedgerIo, noLedger, ownZone, readSince } from "./ledger-options.ts"
import { usageCsv, usageTable } from "./usage-table.ts"

const GROUPS = ["model", "client", "user", "project", "key", "session", "provider", "day", "hour", "block"] as const
type By = (typeof GROUPS)[number]
const SYNTAX = `usage: memproxy usage [--since 7d] [--by ${GROUPS.join("|")}] [--tz ZONE] [--json|--csv] [--config FILE] [--data-dir DIR]`
const DEFAULT_SINCE = "7d"

/** @returns the exit code: 0 done, 1 no ledger or an unreadable one, 2 wrong usage */
export const runUsage = command(SYNTAX, async (args, io: LedgerIo) => {
  const asked = readArguments(args, io)
  const dir = directoryOf(asked, io)
  if (dir === null) return WRONG_USAGE
  try {
    const found = await readLedger(dir, (ledger) => ask(ledger, asked))
    if (found === null) {
      io.err(noLedger(dir))
      return 1
    }
    print(found, asked, io)
    return 0
  } catch (error) {
    io.err(`The ledger in ${dir} cannot be read: ${messageOf(error)}`)
    return 1
  }
})

interface Found {
  report: UsageReport
  /** models whose requests have no known price */
  unpriced: { model: string | null; requests: number }[]
}

async function ask(ledger: LedgerReader, { by, from, tz }: Asked): Promise<Found> {
  const report =
    by === "block" ? await usageByBlock(ledger.usage, { from, tz }) : await ledger.usage({ groupBy: [by], from, tz })
  const byModel = report.totals.unpriced === 0 ? null : await ledger.usage({ groupBy: ["model"], from })
  const unpriced = (byModel?.rows ?? []).filter((row) => row.unpriced > 0)
  return { report, unpriced: unpriced.map((row) => ({ model: row.key as string | null, requests: row.unpriced })) }
}

interface Asked {
  by: By
  from: number | undefined
  tz: string
  form: "table" | "json" | "csv"
  config?: string
  "data-dir"?: string
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

function readArguments(args: string[], io: LedgerIo): Asked {
  const { values } = readOptions({ args, options: OPTIONS })
  const tz = values.tz ?? ownZone()
  if (!isTimeZone(tz)) throw new WrongUsage(`--tz must be an IANA time zone such as Europe/Berlin, not "${tz}"`)
  const by = GROUPS.find((group) => group === (values.by ?? "model"))
  if (by === undefined) throw new WrongUsage(`--by must be one of ${GROUPS.join(", ")}, not "${values.by}"`)
  if (values.json && values.csv) throw new WrongUsage("--json and --csv exclude each other")
  const from = readSince(values.since ?? DEFAULT_SINCE, tz, (io.now ?? Date.now)())
  return { ...values, by, from, tz, form: values.json ? "json" : values.csv ? "csv" : "table" }
}

function print({ report, unpriced }: Found, asked: Asked, io: LedgerIo): void {
  const since = asked.from === undefined ? null : new Date(asked.from)
  if (asked.form === "json") {
    const { by, tz } = asked
    io.out(JSON.stringify({ since: since?.toISOString() ?? null, group_by: by, tz, ...report, unpriced }, null, 2))
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
  for (const line of usageTable(report, asked.by, unpriced, io.screen?.()?.columns)) io.out(line)
}
