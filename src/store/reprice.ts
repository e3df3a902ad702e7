/** Prices the ledger's rows anew, from outside: a server may go on meanwhile. It reads and writes rows; what they cost, its caller knows. */
import { Database } from "bun:sqlite"
import { existsSync } from "node:fs"
import { join } from "node:path"
import type { Price } from "../exchange.ts"
import { createDetails, type Details, type Rest } from "./details.ts"
import { MIGRATIONS } from "./migrations.ts"
import { ENTRY_COLUMNS, type LedgerEntry, readEntry, type StoredEntry } from "./rows.ts"

export interface Repriced {
  /** rows looked at, and those whose price is another now */
  rows: number
  changed: number
  before: number
  after: number
}

const WAIT_MS = 5_000
/** A transaction of some milliseconds, so that a server's own writes wait no longer. */
const AT_ONCE = 200
/** After each: longer than a server's writer waits until it tries again. */
const PAUSE_MS = 10

/**
 * Rows with tokens that began at `from` or later. A row's billed amount follows its list price, but for a subscription's, which stays 0.
 * @returns null where there is no ledger. @throws Error for a ledger of another version
 */
export async function repriceRows(
  dir: string,
  from: number | undefined,
  priceOf: (row: LedgerEntry) => { list: Price; billed: number | null },
): Promise<Repriced | null> {
  const path = join(dir, "ledger.db")
  if (!existsSync(path)) return null
  const db = new Database(path, { readwrite: true })
  try {
    db.run(`PRAGMA busy_timeout = ${WAIT_MS}`)
    db.run("PRAGMA synchronous = NORMAL") // else the lock is held while the disk makes sure of the log
    const version = db.query<{ user_version: number }, []>("PRAGMA user_version").get()?.user_version
    if (version !== MIGRATIONS.length)
      throw new Error(`it is of another version of memproxy (schema ${version}, this one is ${MIGRATIONS.length})`)
    const details = createDetails(db)
    const done: Repriced = { rows: 0, changed: 0, before: 0, after: 0 }
    for (let after = 0; ;) {
      const rows = nextRows(db, after, from)
      if (rows.length === 0) return done
      after = rows.at(-1)!.rowid
      const changed = rows.flatMap((row) => repriced(row, priceOf, done) ?? [])
      if (changed.length > 0) {
        db.transaction(() => changed.forEach((row) => writePrice(db, row, details))).immediate()
        await Bun.sleep(PAUSE_MS)
      }
    }
  } finally {
    db.close()
  }
}

type Numbered = StoredEntry & { rowid: number }

const nextRows = (db: Database, after: number, from = Number.MIN_SAFE_INTEGER) =>
  db
    .query<Numbered, [number, number, number]>(
      `SELECT rowid, ${ENTRY_COLUMNS} FROM requests
       WHERE rowid > ? AND started_at >= ? AND input_tokens IS NOT NULL ORDER BY rowid LIMIT ?`,
    )
    .all(after, from, AT_ONCE)

interface NewPrice {
  rowid: number
  list: Price
  billed: number | null
  detail: Rest
}

/** Null: its price is what it was. */
function repriced(
  { rowid, ...stored }: Numbered,
  priceOf: (row: LedgerEntry) => { list: Price; billed: number | null },
  done: Repriced,
): NewPrice | null {
  const row = readEntry(stored)
  const { list, billed } = priceOf(row)
  const isSubscription = row.billed_usd === 0 && row.cost_usd !== 0
  done.rows++
  done.before += row.cost_usd ?? 0
  done.after += list.cost ?? 0
  if (list.cost === row.cost_usd && list.source === row.price_source) return null
  done.changed++
  const detail = { ...(JSON.parse(stored.detail) as Rest), unit_prices: list.units }
  return { rowid, list, billed: isSubscription ? 0 : billed, detail }
}

function writePrice(db: Database, { rowid, list, billed, detail }: NewPrice, details: Details): void {
  db.query("UPDATE requests SET cost_usd = ?, billed_usd = ?, price_source = ?, detail = ? WHERE rowid = ?").run(
    list.cost,
    billed,
    list.source,
    "timeline" in detail ? JSON.stringify(detail) : details.of(detail),
    rowid,
  )
}
