/** Bytes by number in the tables of `columns.db`, those that were read lately in memory: who looks at the same again and again reads it once. */
import type { Database } from "bun:sqlite"
import { LruCache } from "./lru-cache.ts"

export type BlobTable = "piece_columns" | "rollups"

export interface Blobs {
  /** @throws Error where there is none */
  get(table: BlobTable, id: number): Uint8Array
  put(table: BlobTable, id: number, bytes: Uint8Array): void
  /** `end` is the first that stays. */
  drop(table: BlobTable, first: number, end: number): void
  /** Some seconds went by: what nobody read since the last time leaves the memory. */
  age(): void
}

/** Bytes. All that reports need of a million rows: some 50 for each. */
const MOST_KEPT = 56 * 2 ** 20

export function openBlobs(db: Database): Blobs {
  const kept = new LruCache<Uint8Array>(({ length }) => length)
  const keyOf = (table: BlobTable, id: number) => `${table} ${id}`
  return {
    get(table, id) {
      const key = keyOf(table, id)
      const known = kept.get(key)
      if (known) return known
      const found = db.query<{ bytes: Uint8Array }, [number]>(`SELECT bytes FROM ${table} WHERE id = ?`).get(id)
      if (!found) throw new Error(`the ledger's columns lack ${id} of ${table}`)
      // When it is full nothing makes room: a walk through all there is would push out everything before it is met again.
      if (kept.bytes + found.bytes.length <= MOST_KEPT) kept.put(key, found.bytes)
      return found.bytes
    },
    put(table, id, bytes) {
      db.query(`INSERT OR REPLACE INTO ${table} (id, bytes) VALUES (?, ?)`).run(id, bytes)
      kept.take(keyOf(table, id))
    },
    drop(table, first, end) {
      db.query(`DELETE FROM ${table} WHERE id >= ? AND id < ?`).run(first, end)
      for (let id = first; id < end; id++) kept.take(keyOf(table, id))
    },
    age: () => kept.age(),
  }
}
