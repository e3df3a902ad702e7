/** Opens the data directory's databases. A damaged one is set aside and replaced, so that the proxy serves on. */
import type { Database } from "bun:sqlite"
import { mkdirSync } from "node:fs"
import { join } from "node:path"
import { Patience } from "../event-loop/patience.ts"
import { isDamage, moveAside, openDatabase } from "./database.ts"
import { type BodyStore, openBodies } from "./bodies.ts"
import { createLedger, type Ledger } from "./ledger.ts"
import { createLearnedProjects, type LearnedProjectStore } from "./learned-projects.ts"
import { createMemoryStore, type MemoryStore } from "./memories.ts"
import { openMemoryDatabase } from "./memory-database.ts"
import type { ScoreOf } from "./late-counts.ts"
import { migrate } from "./migrations.ts"
import { createOutbox, type Outbox } from "./outbox.ts"
import { createReportThread } from "./report-thread.ts"
import { createSentBlocks, type SentBlockStore } from "./sent-blocks.ts"

export interface Store {
  ledger: Ledger
  sentBlocks: SentBlockStore
  bodies: BodyStore
  learnedProjects: LearnedProjectStore
  outbox: Outbox
  memories: MemoryStore
  /** with the disk of all that is memory's */
  patience: Patience
  /** Writes what is queued. */
  close(): Promise<void>
}

export interface StoreOptions {
  /** told in words what a person should know: a damaged file, a disk that cannot be written */
  warn: (message: string) => void
  /** epoch milliseconds */
  clock?: () => number
  /** monotonic milliseconds; left out: no disk is slow */
  now?: () => number
  /** milliseconds that this thread waited for a processor so far; left out: it never does */
  cpuWait?: () => number
  /** without many requests for so long, columns are brought up to date */
  quietMs?: number
  /** what quality a row has by what it counts; left out: none */
  scoreOf?: ScoreOf
}

/** @throws Error when the directory may not be used at all, or holds data of a newer memproxy */
export function openStore(
  dir: string,
  { warn, clock = Date.now, now, cpuWait, quietMs, scoreOf = () => null }: StoreOptions,
): Store {
  createDirectory(dir)
  const path = join(dir, "ledger.db")
  const setAside = (cause: unknown) => {
    const bad = moveAside(path)
    warn(`${path} is damaged (${String(cause)}): it was set aside as ${bad} and a new, empty ledger begun`)
  }
  const prepare = (db: Database) => {
    migrate(db, path)
    db.query("SELECT id FROM requests ORDER BY started_at DESC LIMIT 1").get()
  }
  const open = (waitMs: number) => {
    try {
      return openDatabase(path, waitMs, prepare)
    } catch (error) {
      if (!isDamage(error)) throw error
      setAside(error)
      return openDatabase(path, waitMs, prepare)
    }
  }
  const ledger = createLedger({
    open,
    setAside,
    warn,
    scoreOf,
    reports: createReportThread(dir, warn, quietMs),
    patience: new Patience(now, cpuWait),
  })
  const patience = new Patience(now, cpuWait)
  const memory = openMemoryDatabase(dir, warn, 0, patience)
  const sentBlocks = createSentBlocks({ use: memory.use, takeDamage: memory.takeDamage, clock, warn, patience })
  const bodies = openBodies(dir, warn)
  return {
    ledger,
    sentBlocks,
    bodies,
    learnedProjects: createLearnedProjects({ use: memory.use, clock, warn }),
    outbox: createOutbox({ use: memory.use, warn }),
    memories: createMemoryStore(memory.use, sentBlocks.settle),
    patience,
    async close() {
      bodies.close()
      sentBlocks.close()
      memory.close()
      await ledger.close()
    },
  }
}

/** For its owner alone. A directory that was there already keeps its mode: it may be a shared one, and the files in it are private. */
export function createDirectory(dir: string): void {
  mkdirSync(dir, { recursive: true, mode: 0o700 })
}
