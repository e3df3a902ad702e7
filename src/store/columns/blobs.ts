/** Bytes by number in the tables of `columns.db`, those that were read lately in memory: who looks at the same again and again reads it once. */
import type { Database } from "bun:sqlite"

export type BlobTable = "piece_columns" | "rollups"

export interface Blobs {
  /** null: there is none */
  get(table: BlobTable, id: number): Uint8Array | null
  put(table: BlobTable, id: number, bytes: Uint8Array): void
  /** `end` is the first that stays. */
  drop(table: BlobTable, first: number, end: number): void
  /** Some seconds went by: what nobody read since the last time leaves the memory. */
  age(): void
}

/** Bytes. All that reports need of a million rows: some 50 for each. */
const MOST_KEPT = 56 * 2 ** 20

export function openBlobs(db: Database): Blobs {
  let lately = new Map<string, Uint8Array>()
  let before = new Map<string, Uint8Array>()
  let kept = 0
  const keyOf = (table: BlobTable, id: number) => `${table} ${id}`

  function forget(key: string): void {
    kept -= (lately.get(key) ?? before.get(key))?.length ?? 0
    lately.delete(key)
    before.delete(key)
  }

  return {
    get(table, id) {
      const key = keyOf(table, id)
      const known = lately.get(key) ?? before.get(key)
      const bytes =
        known ?? db.query<{ bytes: Uint8Array }, [number]>(`SELECT bytes FROM ${table} WHERE id = ?`).get(id)?.bytes
      if (!bytes) return null
      // When it is full nothing makes room: a walk through all there is would push out everything before it is met again.
      if (!known && kept + bytes.length > MOST_KEPT) return bytes
      if (!known) kept += bytes.length
      before.delete(key)
      lately.set(key, bytes)
      return bytes
    },
    put(table, id, bytes) {
      db.query(`INSERT OR REPLACE INTO ${table} (id, bytes) VALUES (?, ?)`).run(id, bytes)
      forget(keyOf(table, id))
    },
    drop(table, first, end) {
      db.query(`DELETE FROM ${table} WHERE id >= ? AND id < ?`).run(first, end)
      for (let id = first; id < end; id++) forget(keyOf(table, id))
    },
    age() {
      for (const bytes of before.values()) kept -= bytes.length
      before = lately
      lately = new Map()
    },
  }
}
