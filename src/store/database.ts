/** One SQLite file: opened the same way each, or moved aside. What is in it is not known here. */
import { Database } from "bun:sqlite"
import { closeSync, existsSync, openSync, renameSync, statSync } from "node:fs"

/** Bun keeps 20 prepared statements a database and prepares the 21st anew at each `query`, for ten times what running it takes. */
Database.MAX_QUERY_CACHE_SIZE = 200

/** `prepare` brings its schema up to date, and sees whether the file is whole enough to begin with. */
export function openDatabase(path: string, waitMs: number, prepare: (db: Database) => void): Database {
  // Created by us, because SQLite would give it, its log and its index the umask's mode.
  const isNew = !existsSync(path)
  if (isNew) closeSync(openSync(path, "a", 0o600))
  const db = new Database(path, { readwrite: true })
  try {
    db.run(`PRAGMA busy_timeout = ${waitMs}`) // first: the others may find the file locked
    // In a new file nothing can be lost: a start need not wait six times for the disk.
    db.run(`PRAGMA synchronous = ${isNew ? "OFF" : "NORMAL"}`)
    db.run("PRAGMA journal_mode = WAL")
    db.run("PRAGMA wal_autocheckpoint = 0")
    prepare(db)
    if (isNew) db.run("PRAGMA synchronous = NORMAL")
    db.run("PRAGMA busy_timeout = 0")
    return db
  } catch (error) {
    db.close()
    throw error
  }
}

/** `ledger.db.bad-2026-03-29T10-00-00-000Z`, by when it was last written; its log goes with it. */
export function moveAside(path: string): string {
  const bad = `${path}.bad-${statSync(path).mtime.toISOString().replace(/[:.]/g, "-")}`
  for (const suffix of ["", "-wal", "-shm"]) {
    if (existsSync(path + suffix)) renameSync(path + suffix, bad + suffix)
  }
  return bad
}

export const codeOf = (error: unknown) => (error instanceof Error && "code" in error ? String(error.code) : "")

export const isDamage = (error: unknown) => /^SQLITE_(CORRUPT|NOTADB)/.test(codeOf(error))

/** Full, locked, failing: what may be over in a moment, and is no fault of a row's. */
export const isOfTheDisk = (error: unknown) =>
  /^(SQLITE_(?!CONSTRAINT|MISMATCH|TOOBIG|RANGE)|ENOSPC|EDQUOT|EIO)/.test(codeOf(error))
