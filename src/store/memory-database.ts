/** `memory.db`: opened at first use, opened anew after a failure, set aside when damaged. What is in it is `sent-blocks.ts`'s and the memories' own. */
import type { Database } from "bun:sqlite"
import { join } from "node:path"
import { isDamage } from "./ledger.ts"
import { migrate } from "./migrations.ts"
import { moveAside, openDatabase } from "./database.ts"
import { createSentBlockTables } from "./sent-blocks.ts"

/** A step that was released is never edited: append a new one. */
const MIGRATIONS: readonly ((db: Database) => void)[] = [createSentBlockTables]

export interface MemoryDatabase {
  /** @throws what the disk throws; the next call tries again */
  use<T>(act: (db: Database) => T): T
  close(): void
}

export function openMemoryDatabase(dir: string, warn: (message: string) => void): MemoryDatabase {
  const path = join(dir, "memory.db")
  let db: Database | null = null
  const open = () =>
    openDatabase(path, 0, (fresh) => {
      fresh.run("PRAGMA wal_autocheckpoint = 1000")
      migrate(fresh, path, MIGRATIONS)
    })
  return {
    use(act) {
      try {
        return act((db ??= open()))
      } catch (error) {
        if (!isDamage(error)) throw error
        db?.close()
        db = null
        const bad = moveAside(path)
        warn(`${path} is damaged (${String(error)}): it was set aside as ${bad} and a new, empty memory begun`)
        throw error
      }
    },
    close() {
      db?.close()
      db = null
    },
  }
}
