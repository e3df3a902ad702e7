/**
 * What reports counted of pieces that stay as they are, for whoever asks the same again: then only what came since is counted. In memory, for as long as somebody
 * asks.
 */
import type { GroupTable } from "./group-table.ts"
import type { Keys } from "./keys.ts"
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
  let lately = new Map<string, Base>()
  let before = new Map<string, Base>()

  function take(key: string): Base | null {
    const base = lately.get(key) ?? before.get(key) ?? null
    lately.delete(key)
    before.delete(key)
    return base
  }

  const bytes = () => [...before.values(), ...lately.values()].reduce((sum, base) => sum + bytesOf(base), 0)

  return {
    get(key) {
      const base = take(key)
      if (base) lately.set(key, base) // the last one now
      return base
    },
    put(key, base) {
      take(key)
      const room = MOST_KEPT - bytesOf(base)
      if (room < 0) return
      for (const [oldest] of [...before, ...lately]) {
        if (bytes() <= room) break
        take(oldest)
      }
      lately.set(key, base)
    },
    age() {
      before = lately
      lately = new Map()
    },
  }
}

const bytesOf = ({ table, tallies, largest }: Base) =>
  table.bytes + tallies.bytes + (largest ? largest.ranks.bytes + largest.places.byteLength : 0)
