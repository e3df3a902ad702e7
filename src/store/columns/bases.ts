/**
 * What reports counted of pieces that stay as they are, for whoever asks the same again: then only what came since is counted. In memory, for as long as somebody
 * asks.
 */
import type { GroupTable } from "./group-table.ts"
import type { Keys } from "./keys.ts"
import { LruCache } from "./lru-cache.ts"
import type { Tallies } from "./tallies.ts"

export interface Base {
  first: Keys
  second: Keys
  table: GroupTable
  /** finished */
  tallies: Tallies
  /** null: all groups are in `tallies`; else these have what all of them rank by, and of those in `tallies` their numbers there, of others `NO_GROUP` */
  largest: { ranks: Tallies; places: Uint32Array } | null
  /** the parts that are counted, each by what it is the same as (`LedgerColumns.each`) */
  counted: ReadonlySet<object>
}

export interface Bases {
  get(key: string): Base | null
  /** What is too large for this memory is not kept. */
  put(key: string, base: Base): void
  /** Some seconds went by: what nobody asked for since the last time leaves the memory. */
  age(): void
}

/** Bytes. A pair of a million rows' is some twenty million: each value that percentiles need. */
const MOST_KEPT = 64 * 2 ** 20

export function createBases(): Bases {
  const kept = new LruCache(bytesOf)
  return {
    get: (key) => kept.get(key) ?? null,
    put(key, base) {
      kept.take(key)
      const room = MOST_KEPT - bytesOf(base)
      if (room < 0) return
      kept.shrink(room)
      kept.put(key, base)
    },
    age: () => kept.age(),
  }
}

function bytesOf({ table, tallies, largest }: Base): number {
  return table.bytes + tallies.bytes + (largest ? largest.ranks.bytes + largest.places.byteLength : 0)
}
