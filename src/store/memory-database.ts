/** `memory.db`. What is in it is `sent-blocks.ts`'s and the memories' own. */
import type { Database } from "bun:sqlite"
import { join } from "node:path"
import type { Patience } from "../event-loop/patience.ts"
import { type LazyDatabase, openLazily } from "./lazy-database.ts"
import { createLearnedProjectTable } from "./learned-projects.ts"
import { createOutboxTable } from "./outbox.ts"
import { takeOverFts } from "./memory-fts.ts"
import { addAddressing, createMemoryTables } from "./memory-tables.ts"
import { createSentBlockTables } from "./sent-blocks.ts"

/** A step that was released is never edited: append a new one. */
const MIGRATIONS: readonly ((db: Database) => void)[] = [
  createSentBlockTables,
  createLearnedProjectTable,
  createOutboxTable,
  createMemoryTables,
  takeOverFts,
  addAddressing,
]

export type MemoryDatabase = LazyDatabase

/** `waitMs`: how long a lock of another process is waited for; the server does not wait. */
export const openMemoryDatabase = (
  dir: string,
  warn: (message: string) => void,
  waitMs = 0,
  patience?: Patience,
): MemoryDatabase => openLazily(join(dir, "memory.db"), MIGRATIONS, "memory", warn, waitMs, patience)
