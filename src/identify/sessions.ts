/** Conversations of clients that send no conversation id, told by their user turns. Bounded and in memory; no clock, no disk. */

import { hash53 } from "./turns.ts"

export interface Sessions {
  /**
   * The session of this scope (user and client) whose known turns are the longest prefix of `turns` (hashes), else a new one; its known turns become
   * `turns`. With no turns there is nothing to come back to: a new id, not kept.
   */
  find(scope: string, turns: readonly number[]): string
  /** What is held, least recently used first: opaque keys (of scope and all turns) and session ids. For keeping over a restart. */
  entries(): IterableIterator<[key: number, id: string]>
  /** Takes back what `entries` gave, in its order. */
  restore(entries: Iterable<readonly [key: number, id: string]>): void
}

/**
 * State: one map entry for each of the last `limit` sessions, from scope and known turns to its id, in the order of use. The key is a chain of hashes that
 * begins with the scope's, so one look-up tells a whole prefix.
 */
export function createSessions({ newId, limit }: { newId: () => string; limit: number }): Sessions {
  const ids = new Map<number, string>()
  const put = (key: number, id: string) => {
    ids.delete(key)
    ids.set(key, id)
    const oldest = ids.size > limit ? ids.keys().next() : null
    if (oldest && !oldest.done) ids.delete(oldest.value)
  }
  return {
    find(scope, turns) {
      if (turns.length === 0) return newId()
      let key = hash53(scope)
      const keys = turns.map((turn) => (key = chain(key, turn)))
      for (let at = keys.length - 1; at >= 0; at--) {
        const id = ids.get(keys[at]!)
        if (id === undefined) continue
        ids.delete(keys[at]!)
        put(key, id)
        return id
      }
      const id = newId()
      put(key, id)
      return id
    },
    entries: () => ids.entries(),
    restore(entries) {
      for (const [key, id] of entries) put(key, id)
    },
  }
}

/** Both halves of both numbers go into both halves of the result (the finaliser of MurmurHash3). */
function chain(key: number, turn: number): number {
  const high = mix(Math.floor(key / 0x200000) ^ mix(turn >>> 0))
  const low = mix((key >>> 0) ^ Math.imul(mix(Math.floor(turn / 0x200000)), 0x9e3779b1) ^ high)
  return (high >>> 0) * 0x200000 + (low & 0x1fffff)
}

function mix(value: number): number {
  let h = value | 0
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b)
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35)
  return h ^ (h >>> 16)
}
