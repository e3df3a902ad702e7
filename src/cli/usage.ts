/** `memproxy usage`: what was spent, from the ledger's file, whether a server runs or not. */
import { isTimeZone } from "../api/instant.ts"
import type { LedgerReader } from "../store/read.ts"
import type { UsageReport } from "../store/usage.ts"
import { usageByBlock } from "./blocks.ts"
import { command, readOptions, WRONG_USAGE, WrongUsage } from "./command.ts"
import { directoryOf, type LedgerIo, ownZone, readSince, withLedger } from "./ledger-options.ts"
import { USAGE_GROUPS } from "./syntax.ts"
import { usageCsv, usageTable } from "./usage-table.ts"

type By = (typeof USAGE_GROUPS)[number]
const DEFAULT_SINCE = "7d"

/** @returns the exit code: 0 done, 1 no ledger or an unreadable one, 2 wrong usage */
export const runUsage = command("usage", async (args, io: LedgerIo) => {
  const asked = readArguments(args, io)
  const dir = directoryOf(asked, io)
  if (dir === null) return WRONG_USAGE
  return withLedger(dir, io, async (ledger) => print(await ask(ledger, asked), asked, io))
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
  const by = USAGE_GROUPS.find((group) => group === (values.by ?? "model"))
  if (by === undefined) throw new WrongUsage(`--by must be one of ${USAGE_GROUPS.join(", ")}, not "${values.by}"`)
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
