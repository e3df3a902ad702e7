/**
 * One memproxy per data directory. The lock is the kernel's, through SQLite, which takes it alike on every system:
 * it goes when its process goes, however that ends. Nothing is ever written to the file.
 */
import { Database } from "bun:sqlite"
import { join } from "node:path"
import { createDirectory } from "./open.ts"

export interface DirectoryLock {
  release(): void
}

/** @throws Error that says what to do when another memproxy holds `dir` */
export function acquireLock(dir: string): DirectoryLock {
  createDirectory(dir)
  const path = join(dir, "lock.db")
  const db = new Database(path, { create: true, readwrite: true })
  try {
    db.run("PRAGMA journal_mode = MEMORY") // on a full disk there is no room for a file
    db.run("BEGIN EXCLUSIVE")
  } catch (cause) {
    db.close()
    const isHeld = cause instanceof Error && "code" in cause && String(cause.code).startsWith("SQLITE_BUSY")
    throw new Error(
      isHeld
        ? `Another memproxy is using the data directory ${dir}. Stop it, or give this one its own with --data-dir.`
        : `The data directory ${dir} cannot be locked (${String(cause)}). If ${path} is damaged, delete it; no data is in it.`,
      { cause },
    )
  }
  return { release: () => db.close() }
}
