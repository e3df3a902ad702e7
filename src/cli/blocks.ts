/**
 * Usage in blocks of five hours, as Claude's subscriptions count: a block begins with the full hour of the first request after the one before. The hours come from
 * the ledger; nothing is known here of what a plan allows.
 */
import type { UsageQuery, UsageReport } from "../store/usage.ts"

const HOUR_MS = 3_600_000
const BLOCK_MS = 5 * HOUR_MS

/** When each block begins, epoch milliseconds, from the hours with requests in ascending order. */
export function blockStarts(hours: readonly number[]): number[] {
  const starts: number[] = []
  for (const hour of hours) {
    const last = starts.at(-1)
    if (last === undefined || hour >= last + BLOCK_MS) starts.push(hour)
  }
  return starts
}

/** A row a block; its key is `2026-03-29 03:00 to 08:00`, in the zone. */
export async function usageByBlock(
  usage: (query: UsageQuery) => Promise<UsageReport>,
  query: { from?: number | undefined; tz: string },
): Promise<UsageReport> {
  const hours = await usage({ groupBy: ["hour"], from: query.from })
  const rows: UsageReport["rows"] = []
  for (const start of blockStarts(hours.rows.map(({ key }) => Date.parse(String(key))))) {
    const from = Math.max(start, query.from ?? start)
    const { totals } = await usage({ groupBy: [], from, to: start + BLOCK_MS })
    rows.push({ key: `${clock(start, query.tz, "long")} to ${clock(start + BLOCK_MS, query.tz, "short")}`, ...totals })
  }
  return { rows, rows_total: rows.length, totals: hours.totals }
}

/** Sweden writes dates as ISO does. */
function clock(at: number, timeZone: string, form: "long" | "short"): string {
  return new Date(at).toLocaleString("sv-SE", {
    timeZone,
    timeStyle: "short",
    ...(form === "long" && { dateStyle: "short" }),
  })
}
