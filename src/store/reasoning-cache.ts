/**
 * What one answer leaves for the conversation's next request where the client's dialect cannot hold it (reasoning, signatures): by user and key, for 30 days,
 * bounded. In memory first; on disk so that a conversation may go on after a restart. All of it can be done without: a damaged file is begun anew.
 */
import { Database } from "bun:sqlite"
import { closeSync, existsSync, openSync, rmSync } from "node:fs"
import { join } from "node:path"
import { keepRecent } from "../keep-recent.ts"
import { isDamage } from "./database.ts"

export interface ReasoningCache<T> {
  /** What is known under these keys; an empty map where nothing is, or the disk says nothing. */
  find(userId: string, keys: readonly string[]): Map<string, T>
  /** Remembered at once, on disk within 50 ms. */
  keep(userId: string, entries: readonly (readonly [key: string, value: T])[]): void
  /** Writes what is waiting. */
  close(): void
}

export interface ReasoningCacheOptions {
  /** epoch milliseconds */
  clock: () => number
  warn: (message: string) => void
}

const FLUSH_AFTER_MS = 20
const KEEP_MS = 30 * 24 * 3_600_000
/** entries in memory, the least recently used go first */
const MOST_IN_MEMORY = 20_000
/** entries on disk, the oldest go first */
const MOST_ON_DISK = 500_000
/** A signature or an encrypted reasoning is some kilobytes; what is larger is not worth its place. */
const MOST_CHARS = 256 * 1024

/** The file is opened at the first use. */
export function createReasoningCache<T>(dir: string, options: ReasoningCacheOptions): ReasoningCache<T> {
  const { clock, warn } = options
  const path = join(dir, "carried.db")
  const recent = new Map<string, string>()
  let waiting = new Map<string, string>()
  let timer: ReturnType<typeof setTimeout> | null = null
  let db: Database | null | undefined

  const database = (): Database | null => {
    if (db !== undefined) return db
    try {
      db = open(path, clock())
    } catch (error) {
      warn(
        `${path} cannot be used (${String(error)}): what models need of earlier answers is remembered until the next restart only`,
      )
      db = null
    }
    return db
  }

  const touch = (id: string, value: string) => keepRecent(recent, id, value, MOST_IN_MEMORY)

  const flush = () => {
    timer = null
    const rows = waiting
    waiting = new Map()
    try {
      if (rows.size > 0) write(database(), rows, clock())
    } catch (error) {
      warn(`${path} cannot be written: ${String(error)}`)
    }
  }

  return {
    find(userId, keys) {
      const found = new Map<string, T>()
      const missing: [key: string, id: string][] = []
      for (const key of keys) {
        const id = idOf(userId, key)
        const value = recent.get(id)
        if (value === undefined) missing.push([key, id])
        else found.set(key, JSON.parse(value) as T)
      }
      if (missing.length === 0) return found
      for (const [id, value] of read(database(), missing, warn)) {
        touch(id, value)
        for (const [key, its] of missing) if (its === id) found.set(key, JSON.parse(value) as T)
      }
      return found
    },
    keep(userId, entries) {
      for (const [key, entry] of entries) {
        const value = JSON.stringify(entry)
        if (value.length > MOST_CHARS) continue
        const id = idOf(userId, key)
        touch(id, value)
        waiting.set(id, value)
      }
      if (waiting.size > 0) timer ??= setTimeout(flush, FLUSH_AFTER_MS)
    },
    close() {
      if (timer !== null) clearTimeout(timer)
      flush()
      db?.close()
    },
  }
}

/** One user's keys mean nothing to another. */
const idOf = (userId: string, key: string) =>
  new Bun.CryptoHasher("sha256").update(`${userId}\n${key}`).digest("base64url")

function open(path: string, now: number): Database {
  try {
    return prepare(path, now)
  } catch (error) {
    if (!isDamage(error)) throw error
    for (const suffix of ["", "-wal", "-shm"]) rmSync(path + suffix, { force: true })
    return prepare(path, now)
  }
}

function prepare(path: string, now: number): Database {
  // Created by us, because SQLite would give it the umask's mode.
  if (!existsSync(path)) closeSync(openSync(path, "a", 0o600))
  const db = new Database(path, { readwrite: true })
  try {
    db.run("PRAGMA busy_timeout = 100")
    db.run("PRAGMA journal_mode = WAL")
    db.run("PRAGMA synchronous = NORMAL")
    db.run(
      "CREATE TABLE IF NOT EXISTS carried (id TEXT PRIMARY KEY NOT NULL, kept_at INTEGER NOT NULL, value TEXT NOT NULL) WITHOUT ROWID",
    )
    db.run("CREATE INDEX IF NOT EXISTS carried_kept_at ON carried (kept_at)")
    db.query("DELETE FROM carried WHERE kept_at < ?").run(now - KEEP_MS)
    db.query("DELETE FROM carried WHERE id IN (SELECT id FROM carried ORDER BY kept_at DESC LIMIT -1 OFFSET ?)").run(
      MOST_ON_DISK,
    )
    return db
  } catch (error) {
    db.close()
    throw error
  }
}

function write(db: Database | null, rows: ReadonlyMap<string, string>, now: number): void {
  if (!db) return
  const insert = db.query("INSERT OR REPLACE INTO carried (id, kept_at, value) VALUES (?, ?, ?)")
  db.transaction(() => {
    for (const [id, value] of rows) insert.run(id, now, value)
  })()
}

function read(
  db: Database | null,
  missing: readonly (readonly [key: string, id: string])[],
  warn: (message: string) => void,
): [id: string, value: string][] {
  if (!db) return []
  try {
    const ids = JSON.stringify(missing.map(([, id]) => id))
    return db
      .query<{ id: string; value: string }, [string]>(
        "SELECT id, value FROM carried WHERE id IN (SELECT value FROM json_each(?))",
      )
      .all(ids)
      .map(({ id, value }) => [id, value])
  } catch (error) {
    warn(`what models need of earlier answers cannot be read: ${String(error)}`)
    return []
  }
}
