/** `memproxy top`: what goes through now, drawn anew every second from the ledger's file. It asks no server. */
import type { LedgerRow } from "../exchange.ts"
import { type LedgerReader, readLedger } from "../store/read.ts"
import type { UsageReport } from "../store/usage.ts"
import { command, messageOf, readOptions, WRONG_USAGE } from "./command.ts"
import { directoryOf, type LedgerIo, noLedger, ownZone } from "./ledger-options.ts"
import { alignTable, formatMs, formatUsd, printable } from "./usage-table.ts"

const SYNTAX = "usage: memproxy top [--once] [--config FILE] [--data-dir DIR]"
const OPTIONS = { once: { type: "boolean" }, config: { type: "string" }, "data-dir": { type: "string" } } as const
const EVERY_MS = 1_000
const SPAN_MS = 5 * 60_000
const GROUP_LINES = 8
const ROW_LINES = 15
/** Cursor home, then clear below: no flicker. */
const REDRAW = "\x1b[H\x1b[J"

/** Runs until Ctrl-C, or draws once. @returns the exit code */
export const runTop = command(SYNTAX, async (args, io: LedgerIo) => {
  const { values: given } = readOptions({ args, options: OPTIONS })
  const dir = directoryOf(given, io)
  if (dir === null) return WRONG_USAGE
  const now = io.now ?? Date.now
  try {
    for (;;) {
      const screen = await readLedger(dir, (ledger) => draw(ledger, now()))
      if (screen === null) {
        io.err(noLedger(dir))
        return 1
      }
      io.out(given.once ? screen : REDRAW + screen)
      if (given.once) return 0
      await Bun.sleep(EVERY_MS)
    }
  } catch (error) {
    io.err(`The ledger in ${dir} cannot be read: ${messageOf(error)}`)
    return 1
  }
})

async function draw(ledger: LedgerReader, now: number): Promise<string> {
  const models = await ledger.usage({ groupBy: ["model"], from: now - SPAN_MS })
  const clients = await ledger.usage({ groupBy: ["client"], from: now - SPAN_MS })
  const { data } = await ledger.list({ limit: ROW_LINES })
  const { requests, errors, input_tokens, output_tokens, cost_usd } = models.totals
  const minutes = SPAN_MS / 60_000
  const lines = [
    `memproxy top — last ${minutes} minutes: ${requests} requests (${(requests / minutes).toFixed(1)} a minute), ${errors} errors,` +
      ` ${input_tokens} tokens in, ${output_tokens} out, ${cost_usd === null ? "?" : formatUsd(cost_usd)}`,
    "",
    ...groupLines("MODEL", models),
    "",
    ...groupLines("CLIENT", clients),
    "",
    ...alignTable(
      [["TIME", "CLIENT", "PROJECT", "MODEL", "STATUS", "IN", "OUT", "COST", "TIME TAKEN"], ...data.map(rowLine)],
      4,
    ),
  ]
  return lines.join("\n")
}

function groupLines(name: string, report: UsageReport): string[] {
  const lines = report.rows
    .toSorted((a, b) => b.requests - a.requests)
    .slice(0, GROUP_LINES)
    .map((row) => [
      printable(String(row.key ?? "(none)")),
      String(row.requests),
      String(row.errors),
      formatMs(row.duration_ms.p50),
      formatMs(row.duration_ms.p95),
      row.cost_usd === null ? "?" : formatUsd(row.cost_usd),
    ])
  return alignTable([[name, "REQUESTS", "ERRORS", "P50", "P95", "COST"], ...lines], 1)
}

const rowLine = (row: LedgerRow) => [
  // Sweden writes times as ISO does.
  new Date(row.started_at).toLocaleTimeString("sv-SE", { timeZone: ownZone() }),
  printable(row.client ?? "-"),
  printable(row.project ?? "-"),
  printable(row.model ?? "-"),
  row.outcome === "done" ? String(row.status) : `${row.status} ${row.outcome}`,
  String(row.input_tokens ?? "-"),
  String(row.output_tokens ?? "-") + (row.estimated ? "~" : ""),
  row.cost_usd === null ? "?" : formatUsd(row.cost_usd),
  formatMs(row.duration_ms),
]
