/** A database that is opened at first use, anew after a failure, and set aside when damaged. What is in it, its owner knows. */
import type { Database } from "bun:sqlite"
import { isDamage, moveAside, openDatabase } from "./database.ts"
import { migrate } from "./migrations.ts"
import { Patience } from "../event-loop/patience.ts"

export interface LazyDatabase {
  /** @throws what the disk throws; the next call tries again. @throws TooSlow where the time of the work around it is over */
  use<T>(act: (db: Database) => T): T
  /** Damage that nobody was told of yet, once: what was kept is gone, and somebody should know. */
  takeDamage(): unknown
  close(): void
}

/** `name`: what is lost with a damaged file, in a person's words. `waitMs`: how long another process' lock is waited for. */
export function openLazily(
  path: string,
  migrations: readonly ((db: Database) => void)[],
  name: string,
  warn: (message: string) => void,
  waitMs = 0,
  patience = new Patience(),
): LazyDatabase {
  let db: Database | null = null
  let damage: unknown = null
  const open = () => {
    const opened = openDatabase(path, waitMs, (fresh) => {
      fresh.run("PRAGMA wal_autocheckpoint = 4000") // 16 MB: an import writes the same pages again and again
      fresh.run("PRAGMA secure_delete = ON") // what is forgotten is overwritten
      fresh.run("PRAGMA cache_size = -16000") // 16 MB, where so much is read: with 2 MB every search of a large store reads the same pages again
      migrate(fresh, path, migrations)
    })
    opened.run(`PRAGMA busy_timeout = ${waitMs}`)
    return opened
  }
  return {
    use(act) {
      patience.check()
      try {
        return act((db ??= open()))
      } catch (error) {
        if (!isDamage(error)) throw error
        db?.close()
        db = null
        damage = error
        const bad = moveAside(path)
        warn(`${path} is damaged (${String(error)}): it was set aside as ${bad} and a new, empty ${name} begun`)
        throw error
      }
    },
    takeDamage() {
      const taken = damage
      damage = null
      return taken
    },
    close() {
      db?.close()
      db = null
    },
  }
}
