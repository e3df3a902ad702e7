/** Reads the ledger from outside: no server needed, none disturbed. It never writes and never repairs. */
import { Database } from "bun:sqlite"
import { existsSync } from "node:fs"
import { join } from "node:path"
import { type ListQuery, listRows, type Page } from "./list.ts"
import { MIGRATIONS } from "./migrations.ts"
import type { Source, Values } from "./source.ts"
import { reportUsage, type UsageQuery, type UsageReport } from "./usage.ts"

const WAIT_MS = 5_000

/** All that is asked while `use` runs is of one moment. */
export interface LedgerReader {
  usage(query: UsageQuery): Promise<UsageReport>
  list(query: ListQuery): Promise<Page>
}

/** null where there is no ledger yet. @throws Error that says what is wrong with the file */
export async function readLedger<T>(dir: string, use: (ledger: LedgerReader) => Promise<T>): Promise<T | null> {
  const path = join(dir, "ledger.db")
  if (!existsSync(path)) return null
  const db = new Database(path, { readonly: true })
  try {
    db.run(`PRAGMA busy_timeout = ${WAIT_MS}`)
    const version = db.query<{ user_version: number }, []>("PRAGMA user_version").get()?.user_version
    if (version === 0) return null
    if (version !== MIGRATIONS.length) {
      throw new Error(
        `${path} is of another version of memproxy (schema ${version}, this one reads ${MIGRATIONS.length})`,
      )
    }
    db.run("BEGIN")
    const source: Source = {
      values: (sql, values) => db.query(sql).values(...values),
      rows: <Row>(sql: string, values: Values) => db.query<Row, Values>(sql).all(...values),
    }
    return await use({
      usage: (query) => reportUsage(source.values, query),
      list: (query) => listRows(source, query),
    })
  } finally {
    db.close()
  }
}
