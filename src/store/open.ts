/** Opens the data directory's databases. A damaged one is set aside and replaced, so that the proxy serves on. */
import { Database } from "bun:sqlite"
import { closeSync, existsSync, mkdirSync, openSync, renameSync, statSync } from "node:fs"
import { join } from "node:path"
import { createLedger, isDamage, type Ledger } from "./ledger.ts"
import { migrate } from "./migrations.ts"

export interface Store {
  ledger: Ledger
  /** Writes what is queued. */
  close(): Promise<void>
}

export interface StoreOptions {
  /** told in words what a person should know: a damaged file, a disk that cannot be written */
  warn: (message: string) => void
}

/** @throws Error when the directory may not be used at all, or holds data of a newer memproxy */
export function openStore(dir: string, { warn }: StoreOptions): Store {
  createDirectory(dir)
  const path = join(dir, "ledger.db")
  const setAside = (cause: unknown) => {
    const bad = moveAside(path)
    warn(`${path} is damaged (${String(cause)}): it was set aside as ${bad} and a new, empty ledger begun`)
  }
  const open = (waitMs: number) => {
    try {
      return openDatabase(path, waitMs)
    } catch (error) {
      if (!isDamage(error)) throw error
      setAside(error)
      return openDatabase(path, waitMs)
    }
  }
  const ledger = createLedger({ open, setAside, warn })
  return { ledger, close: ledger.close }
}

/** For its owner alone. A directory that was there already keeps its mode: it may be a shared one, and the files in it are private. */
export function createDirectory(dir: string): void {
  mkdirSync(dir, { recursive: true, mode: 0o700 })
}

function openDatabase(path: string, waitMs: number): Database {
  // Created by us, because SQLite would give it, its log and its index the umask's mode.
  if (!existsSync(path)) closeSync(openSync(path, "a", 0o600))
  const db = new Database(path, { readwrite: true })
  try {
    db.run(`PRAGMA busy_timeout = ${waitMs}`) // first: the others may find the file locked
    db.run("PRAGMA journal_mode = WAL")
    db.run("PRAGMA synchronous = NORMAL")
    db.run("PRAGMA wal_autocheckpoint = 0")
    migrate(db, path)
    db.query("SELECT id FROM requests ORDER BY started_at DESC LIMIT 1").get() // sees whether the file is whole enough to begin with
    db.run("PRAGMA busy_timeout = 0")
    return db
  } catch (error) {
    db.close()
    throw error
  }
}

/** `ledger.db.bad-2026-03-29T10-00-00-000Z`, by when it was last written; its log goes with it. */
function moveAside(path: string): string {
  const bad = `${path}.bad-${statSync(path).mtime.toISOString().replace(/[:.]/g, "-")}`
  for (const suffix of ["", "-wal", "-shm"]) {
    if (existsSync(path + suffix)) renameSync(path + suffix, bad + suffix)
  }
  return bad
}
