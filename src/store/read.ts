/** Reads the ledger from outside: no server needed, none disturbed. It never writes and never repairs. */
import { Database } from "bun:sqlite"
import { existsSync } from "node:fs"
import { join } from "node:path"
import { MIGRATIONS } from "./migrations.ts"
import { reportUsage, type UsageQuery, type UsageReport } from "./usage.ts"

const WAIT_MS = 5_000

/** null where there is no ledger yet. @throws Error that says what is wrong with the file */
export async function readUsage(dir: string, query: UsageQuery): Promise<UsageReport | null> {
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
    return await reportUsage((sql, values) => db.query(sql).values(...values), query)
  } finally {
    db.close()
  }
}
