/** Reads the ledger from outside: no server needed, none disturbed. It never writes and never repairs. */
import { type ListQuery, listRows, type Page } from "./list.ts"
import { openReports } from "./reports.ts"
import type { UsageQuery, UsageReport } from "./usage.ts"

/** All that is asked while `use` runs is of one moment. */
export interface LedgerReader {
  usage(query: UsageQuery): Promise<UsageReport>
  /** of a filter that names no more than a span of time */
  list(query: ListQuery): Promise<Page>
}

/** null where there is no ledger yet. @throws Error that says what is wrong with the file */
export async function readLedger<T>(dir: string, use: (ledger: LedgerReader) => Promise<T>): Promise<T | null> {
  const reports = openReports(dir, "read")
  try {
    return (
      reports &&
      (await use({
        usage: async (query) => reports.make("usage", query),
        list: async (query) => listRows(reports.source, query),
      }))
    )
  } finally {
    reports?.close()
  }
}
