/**
 * What is asked of the ledger as a whole, answered from its columns on a connection of its own: on the thread for reports, which also keeps the columns, and by the
 * command line, which writes nothing. It serves no request and writes no row.
 */
import { Database } from "bun:sqlite"
import { existsSync } from "node:fs"
import { join } from "node:path"
import { type ClientUse, listClients } from "./clients.ts"
import { openForReading, openForWriting, remove } from "./columns/file.ts"
import { type KeptColumns, type LedgerColumns, openLedgerColumns } from "./columns/ledger-columns.ts"
import type { LedgerFilter } from "./filter.ts"
import { type ListQuery, type Page, searchRows } from "./list.ts"
import { MIGRATIONS } from "./migrations.ts"
import { type QualityQuery, type QualityReport, reportQuality } from "./quality.ts"
import { listSessions, type SessionPage } from "./sessions.ts"
import type { Source, Values } from "./source.ts"
import { reportUsage, type UsageQuery, type UsageReport } from "./usage.ts"

/** Each with what is asked and what is answered. */
export interface Reports {
  usage: [UsageQuery, UsageReport]
  quality: [QualityQuery, QualityReport]
  sessions: [ListQuery, SessionPage]
  clients: [LedgerFilter, ClientUse[]]
  search: [ListQuery, Page]
}
export type ReportName = keyof Reports
export type Query<N extends ReportName> = Reports[N][0]
export type Report<N extends ReportName> = Reports[N][1]

const MAKERS: { [N in ReportName]: (columns: LedgerColumns, source: Source, query: Query<N>) => Report<N> } = {
  usage: (columns, _, query) => reportUsage(columns, query),
  quality: (columns, _, query) => reportQuality(columns, query),
  sessions: listSessions,
  clients: listClients,
  search: searchRows,
}

export interface OpenReports {
  readonly source: Source
  /** What is asked while `act` runs is of one moment: of all that is on disk now. */
  atOnce<T>(act: (columns: KeptColumns) => T): T
  make<N extends ReportName>(name: N, query: Query<N>): Report<N>
  close(): void
}

const WAIT_MS = 5_000
const COLUMNS = "columns.db"

/** What becomes of the columns' file: it is kept, read where it fits, or left alone. */
export type ColumnsUse = "keep" | "read" | "none"

/** null where there is no ledger yet. @throws Error that says what is wrong with the file */
export function openReports(dir: string, use: ColumnsUse): OpenReports | null {
  const path = join(dir, "ledger.db")
  if (!existsSync(path)) return null
  const db = new Database(path, { readonly: true })
  let file: Database | null = null
  try {
    db.run(`PRAGMA busy_timeout = ${WAIT_MS}`)
    if (!isReady(db, path)) {
      db.close()
      return null
    }
    file = openColumns(db, join(dir, COLUMNS), use)
    return openOn(db, file, openLedgerColumns(db, file, use === "keep"))
  } catch (error) {
    file?.close()
    db.close()
    throw error
  }
}

function openOn(db: Database, file: Database | null, columns: KeptColumns): OpenReports {
  const source: Source = {
    values: (sql, values) => db.query(sql).values(...values),
    rows: <Row>(sql: string, values: Values) => db.query<Row, Values>(sql).all(...values),
  }
  const atOnce = <T>(act: (columns: KeptColumns) => T) => inOneRead(db, () => act(columns))
  return {
    source,
    atOnce,
    make: (name, query) =>
      atOnce(() => {
        columns.catchUp()
        return inOneRead(file, () => MAKERS[name](columns, source, query))
      }),
    close() {
      file?.close()
      db.close()
    },
  }
}

/** Of one moment, and without a lock taken and given back for each of a thousand columns: that takes longer than reading them. */
function inOneRead<T>(db: Database | null, act: () => T): T {
  if (db === null || db.inTransaction) return act()
  db.run("BEGIN")
  try {
    return act()
  } finally {
    db.run("COMMIT")
  }
}

function isReady(db: Database, path: string): boolean {
  const version = db.query<{ user_version: number }, []>("PRAGMA user_version").get()?.user_version
  if (version === 0) return false
  if (version === MIGRATIONS.length) return true
  throw new Error(`${path} is of another version of memproxy (schema ${version}, this one reads ${MIGRATIONS.length})`)
}

/** Whoever only reads begins its transaction of both here, of the columns' file first: what the ledger forgets of its changes, that file has. */
function openColumns(db: Database, path: string, use: ColumnsUse): Database | null {
  if (use === "none") return null
  const identity = db.query<{ id: string }, []>("SELECT id FROM identity").get()!.id
  if (use === "read") {
    const file = openForReading(path, identity)
    file?.run("BEGIN")
    file?.query("SELECT * FROM state").get()
    db.run("BEGIN")
    if (file === null || continues(db, file)) return file
    file.close()
    return null
  }
  const file = openForWriting(path, identity)
  if (continues(db, file)) return file
  file.close()
  remove(path) // the ledger is an older copy of itself
  return openForWriting(path, identity)
}

function continues(db: Database, file: Database): boolean {
  const [first, last] = db.query("SELECT min(number), max(number) FROM changes").values()[0] as
    [number, number] | [null]
  const applied = Number(file.query("SELECT applied FROM state").values()[0]?.[0])
  return first === null ? applied === 0 : first <= applied + 1 && applied <= last!
}

/** They are made anew. */
export const removeColumns = (dir: string) => remove(join(dir, COLUMNS))
