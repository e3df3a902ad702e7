/**
 * `columns.db`: what reports read instead of the ledger's rows. All of it is made from the ledger and can be deleted at any time. The thread that makes reports is
 * the only one that writes it, so that nothing here holds up the ledger's own writer.
 */
import { Database } from "bun:sqlite"
import { closeSync, existsSync, openSync, rmSync } from "node:fs"
import { isDamage } from "../database.ts"

/** Of another version or another ledger, it is made anew. */
const VERSION = 5
/** Set before anything is read: who keeps the file locks it for a moment when it ends, and without columns a report of a million rows takes seconds. */
const WAIT = "busy_timeout = 5000"
/** A column is some ten thousand bytes: of pages of the usual size it takes three times as long to read. The size must be set before there are pages. */
const SETTINGS = [WAIT, "page_size = 32768", "journal_mode = WAL", "synchronous = NORMAL"]

const SCHEMA = `
  CREATE TABLE state (
    ledger TEXT NOT NULL, -- whose copy this is
    applied INTEGER NOT NULL -- every change of the ledger up to this number is in the pieces
  );
  CREATE TABLE words (number INTEGER PRIMARY KEY, word TEXT UNIQUE NOT NULL);
  CREATE TABLE pieces (
    number INTEGER PRIMARY KEY, -- of the rowids from number * 4096 on
    change INTEGER NOT NULL, -- the ledger's newest when it was made
    row_count INTEGER NOT NULL,
    min_at INTEGER NOT NULL, -- of started_at
    max_at INTEGER NOT NULL
  );
  CREATE TABLE piece_columns (id INTEGER PRIMARY KEY, bytes BLOB NOT NULL);
  CREATE TABLE rollups (id INTEGER PRIMARY KEY, bytes BLOB NOT NULL);
`

/** One that is damaged, of another version or of another ledger is made anew. @param ledger its identity. @throws what the disk throws */
export function openForWriting(path: string, ledger: string): Database {
  const kept = attempt(() => open(path, ledger))
  if (kept) return kept
  remove(path)
  return open(path, ledger)!
}

/** null where the file is damaged. */
function attempt<T>(act: () => T): T | null {
  try {
    return act()
  } catch (error) {
    if (isDamage(error)) return null
    throw error
  }
}

/** null where there is something else in it. */
function open(path: string, ledger: string): Database | null {
  if (!existsSync(path)) closeSync(openSync(path, "a", 0o600)) // SQLite would give it the umask's mode
  const db = new Database(path, { readwrite: true })
  try {
    for (const setting of SETTINGS) db.run(`PRAGMA ${setting}`)
    if (isEmpty(db)) begin(db, ledger)
    if (fits(db, ledger)) return db
  } catch (error) {
    db.close()
    throw error
  }
  db.close()
  return null
}

const isEmpty = (db: Database) => db.query("SELECT 1 FROM sqlite_schema LIMIT 1").get() === null

function begin(db: Database, ledger: string): void {
  db.transaction(() => {
    db.run(SCHEMA)
    db.query("INSERT INTO state VALUES (?, 0)").run(ledger)
    db.run(`PRAGMA user_version = ${VERSION}`)
  }).immediate()
}

/** null where there is none that fits. */
export function openForReading(path: string, ledger: string): Database | null {
  if (!existsSync(path)) return null
  const db = new Database(path, { readonly: true })
  db.run(`PRAGMA ${WAIT}`)
  if (fits(db, ledger)) return db
  db.close()
  return null
}

export function remove(path: string): void {
  for (const suffix of ["", "-wal", "-shm"]) rmSync(path + suffix, { force: true })
}

function fits(db: Database, ledger: string): boolean {
  const version = db.query<{ user_version: number }, []>("PRAGMA user_version").get()?.user_version
  return version === VERSION && db.query<{ ledger: string }, []>("SELECT ledger FROM state").get()?.ledger === ledger
}
