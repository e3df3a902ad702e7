/** A usage report as a table for people, or as CSV for spreadsheets. It reads nothing and decides no number. */
import type { UsageReport, UsageSums } from "../store/usage.ts"
import { alignTable, formatMs, formatUsd, number, printable } from "./terminal.ts"

type Line = { label: string; sums: UsageSums }

/** More rows than this are not read by people. */
const SHOWN_ROWS = 50
const LABEL_WIDTH = 60
const LEAST_LABEL_WIDTH = 20
/** In the order in which a narrow terminal goes without them. */
const LEAST_NEEDED = ["TOK/S", "TTFT", "P95", "P50", "CACHED", "ERRORS"]
const CALENDAR = ["day", "hour", "block"]

/**
 * `by` heads the first column. All rows of a calendar are shown, else the dearest 50. Where `width` is too narrow the labels are cut, and then columns
 * are left out.
 */
export function usageTable(
  report: UsageReport,
  by: string,
  unpriced: readonly { model: string | null; requests: number }[] = [],
  width = Number.POSITIVE_INFINITY,
): string[] {
  const rows = CALENDAR.includes(by) ? report.rows : report.rows.slice(0, SHOWN_ROWS)
  const hidden = report.rows.length - rows.length
  let columns = columnsFor(report.totals)
  const drawn = (labelWidth: number) =>
    alignTable(
      [
        [by.toUpperCase(), ...columns.map(([name]) => name)],
        ...rows.map((row) => cellsOf({ label: labelOf(row.key, labelWidth), sums: row }, columns)),
        cellsOf({ label: "total", sums: report.totals }, columns),
      ],
      1,
    )
  const labels = Math.max(...report.rows.map(({ key }) => Bun.stringWidth(labelOf(key))))
  let lines = drawn(LABEL_WIDTH)
  if (widest(lines) > width) {
    const labelWidth = Math.max(LEAST_LABEL_WIDTH, labels - (widest(lines) - width))
    lines = drawn(labelWidth)
    for (const name of LEAST_NEEDED) {
      if (widest(lines) <= width) break
      columns = columns.filter(([one]) => one !== name)
      lines = drawn(labelWidth)
    }
  }
  const rule = "-".repeat(widest(lines))
  lines.splice(1, 0, rule)
  lines.splice(
    -1,
    0,
    ...(hidden > 0 ? [`… and ${number.format(hidden)} more; --json and --csv have them all`] : []),
    rule,
  )
  return [...lines, ...notes(report.totals, unpriced)]
}

const widest = (lines: readonly string[]) => Math.max(...lines.map((line) => Bun.stringWidth(line)))

type Column = [name: string, cell: (sums: UsageSums) => string]

function columnsFor(totals: UsageSums): Column[] {
  const marked = (usd: number | null, unpriced: number) => {
    if (usd === null) return "?"
    return totals.unpriced === 0 ? formatUsd(usd) : formatUsd(usd) + (unpriced > 0 ? "*" : " ")
  }
  const columns: Column[] = [
    ["REQUESTS", (sums) => number.format(sums.requests)],
    ["ERRORS", (sums) => number.format(sums.errors)],
    ["INPUT", (sums) => number.format(sums.input_tokens)],
    ["CACHED", (sums) => number.format(sums.cache_read_tokens)],
    ["OUTPUT", (sums) => number.format(sums.output_tokens)],
    ["COST", (sums) => marked(sums.cost_usd, sums.unpriced)],
    ["P50", (sums) => formatMs(sums.duration_ms.p50)],
    ["P95", (sums) => formatMs(sums.duration_ms.p95)],
    ["TTFT", (sums) => formatMs(sums.ttft_ms.p50)],
    ["TOK/S", (sums) => (sums.tokens_per_second === null ? "-" : number.format(Math.round(sums.tokens_per_second)))],
  ]
  // Where nothing was paid by subscription the two are the same, and one says it.
  if (totals.billed_usd !== totals.cost_usd)
    columns.splice(6, 0, ["BILLED", (sums) => marked(sums.billed_usd, sums.unpriced)])
  return columns
}

const cellsOf = ({ label, sums }: Line, columns: Column[]) => [label, ...columns.map(([, cell]) => cell(sums))]

function notes(totals: UsageSums, unpriced: readonly { model: string | null; requests: number }[]): string[] {
  if (totals.unpriced === 0) return []
  const are = totals.unpriced === 1 ? "request has" : "requests have"
  return [
    "",
    `? and *: ${number.format(totals.unpriced)} ${are} no known price and cannot be in the cost.`,
    "Give their models input_cost_per_token and output_cost_per_token in litellm_params, then: memproxy reprice.",
    ...unpriced.map(({ model, requests }) => `  ${labelOf(model)} (${number.format(requests)})`),
  ]
}

type Key = UsageReport["rows"][number]["key"]

function labelOf(key: Key, width = LABEL_WIDTH): string {
  return printable(String(key ?? "(none)"), width)
}

/** RFC 4180, one line per row, no totals. Values are as they are in the ledger. */
export function usageCsv(report: UsageReport, by: string): string[] {
  const names = [
    "requests",
    "errors",
    "input_tokens",
    "cache_read_tokens",
    "cache_write_tokens",
    "output_tokens",
    "reasoning_tokens",
    "cost_usd",
    "billed_usd",
    "unpriced",
  ] as const
  const head = [by, ...names, "duration_ms_p50", "duration_ms_p95", "ttft_ms_p50", "ttft_ms_p95", "tokens_per_second"]
  const lines = report.rows.map((row) => [
    row.key as string | null,
    ...names.map((name) => row[name]),
    row.duration_ms.p50,
    row.duration_ms.p95,
    row.ttft_ms.p50,
    row.ttft_ms.p95,
    row.tokens_per_second,
  ])
  return [head, ...lines].map((line) => line.map(csvCell).join(","))
}

function csvCell(value: string | number | null): string {
  const text = value === null ? "" : String(value)
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}
