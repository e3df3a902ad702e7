/** `memproxy top`: what goes through now, drawn anew every second from the ledger's file. It asks no server. */
import type { LedgerRow } from "../exchange.ts"
import type { LedgerReader } from "../store/read.ts"
import type { UsageReport } from "../store/usage.ts"
import { command, readOptions, WRONG_USAGE } from "./command.ts"
import { directoryOf, type LedgerIo, ownZone, withLedger } from "./ledger-options.ts"
import { alignTable, formatMs, formatUsd, number, printable } from "./terminal.ts"

const OPTIONS = { once: { type: "boolean" }, config: { type: "string" }, "data-dir": { type: "string" } } as const
const EVERY_MS = 1_000
const SPAN_MS = 5 * 60_000
const GROUP_LINES = 8
const ROW_LINES = 15
/** What is there without a group or a request: the first line, three heads and three blanks. */
const FRAME_LINES = 7
const NAME_WIDTH = 24
/** Cursor home, then clear below: no flicker. */
const REDRAW = "\x1b[H\x1b[J"

/** Runs until Ctrl-C, or draws once. @returns the exit code */
export const runTop = command("top", async (args, io: LedgerIo) => {
  const { values: given } = readOptions({ args, options: OPTIONS })
  const dir = directoryOf(given, io)
  if (dir === null) return WRONG_USAGE
  const now = io.now ?? Date.now
  for (;;) {
    const code = await withLedger(dir, io, async (ledger) => {
      const screen = given.once ? null : (io.screen?.() ?? null)
      const lines = await draw(ledger, now(), screen?.rows)
      const text = lines.map((line) => (screen ? Bun.sliceAnsi(line, 0, screen.columns) : line)).join("\n")
      io.out(given.once ? text : REDRAW + text)
    })
    if (given.once || code !== 0) return code
    await Bun.sleep(EVERY_MS)
  }
})

/** No more lines than a screen has, with one left for the cursor: a higher one would scroll at each drawing. */
async function draw(ledger: LedgerReader, now: number, screenRows = Number.POSITIVE_INFINITY): Promise<string[]> {
  const room = Math.max(4, screenRows - FRAME_LINES - 1)
  const groupLines = Math.min(GROUP_LINES, Math.floor(room / 4))
  const models = await ledger.usage({ groupBy: ["model"], from: now - SPAN_MS })
  const clients = await ledger.usage({ groupBy: ["client"], from: now - SPAN_MS })
  const { data } = await ledger.list({ limit: Math.min(ROW_LINES, room - 2 * groupLines) })
  const { requests, errors, input_tokens, output_tokens, cost_usd } = models.totals
  const groups = (name: string, report: UsageReport) => tableOf(name, report, groupLines)
  const minutes = SPAN_MS / 60_000
  return [
    `memproxy top — last ${minutes} minutes: ${number.format(requests)} ${requests === 1 ? "request" : "requests"} (${(requests / minutes).toFixed(1)} a minute), ` +
      `${number.format(errors)} ${errors === 1 ? "error" : "errors"}, ${number.format(input_tokens)} tokens in, ${number.format(output_tokens)} out, ${costOf(cost_usd)}`,
    "",
    ...groups("MODEL", models),
    "",
    ...groups("CLIENT", clients),
    "",
    ...alignTable(
      [["TIME", "CLIENT", "PROJECT", "MODEL", "STATUS", "IN", "OUT", "COST", "TIME TAKEN"], ...data.map(rowLine)],
      4,
    ),
  ]
}

const costOf = (usd: number | null) => (usd === null ? "?" : formatUsd(usd))

function tableOf(name: string, report: UsageReport, most: number): string[] {
  const lines = report.rows
    .toSorted((a, b) => b.requests - a.requests)
    .slice(0, most)
    .map((row) => [
      printable(String(row.key ?? "(none)"), NAME_WIDTH),
      number.format(row.requests),
      number.format(row.errors),
      formatMs(row.duration_ms.p50),
      formatMs(row.duration_ms.p95),
      costOf(row.cost_usd),
    ])
  return alignTable([[name, "REQUESTS", "ERRORS", "P50", "P95", "COST"], ...lines], 1)
}

const rowLine = (row: LedgerRow) => [
  // Sweden writes times as ISO does.
  new Date(row.started_at).toLocaleTimeString("sv-SE", { timeZone: ownZone() }),
  printable(row.client ?? "-", NAME_WIDTH),
  printable(row.project ?? "-", NAME_WIDTH),
  printable(row.model ?? "-", NAME_WIDTH),
  row.outcome === "done" ? String(row.status) : `${row.status} ${row.outcome}`,
  row.input_tokens === null ? "-" : number.format(row.input_tokens),
  (row.output_tokens === null ? "-" : number.format(row.output_tokens)) + (row.estimated ? "~" : ""),
  // what was refused costs nothing that could be known
  row.cost_usd === null && row.input_tokens === null ? "-" : costOf(row.cost_usd),
  formatMs(row.duration_ms),
]
