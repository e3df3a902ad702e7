/** Conversations of clients that send no conversation id, told by their user turns. Bounded and in memory; no clock, no disk. */

export interface Sessions {
  /**
   * The session of this scope (user, client, project) whose known turns are the longest prefix of `turns`, else a new one; its known turns become
   * `turns`. With no turns there is nothing to come back to: a new id, not kept.
   */
  find(scope: string, turns: readonly string[]): string
  /** What is held, least recently used first: opaque keys (scope and a hash of all turns) and session ids. For keeping over a restart. */
  entries(): IterableIterator<[key: string, id: string]>
  /** Takes back what `entries` gave, in its order. */
  restore(entries: Iterable<readonly [key: string, id: string]>): void
}

/**
 * State: one map entry for each of the last `limit` sessions, from scope and the hash of its known turns to its id, in the order of use.
 * A turn's hash is seeded with the one before it, so one look-up tells a whole prefix.
 */
export function createSessions({ newId, limit }: { newId: () => string; limit: number }): Sessions {
  const ids = new Map<string, string>()
  const put = (key: string, id: string) => {
    ids.delete(key)
    ids.set(key, id)
    const oldest = ids.size > limit ? ids.keys().next() : null
    if (oldest && !oldest.done) ids.delete(oldest.value)
  }
  return {
    find(scope, turns) {
      let chain = 0n
      const chains = turns.map((turn) => (chain = Bun.hash.wyhash(turn, chain)))
      const keyOf = (length: number) => `${scope}\n${chains[length - 1]?.toString(36)}`
      for (let length = turns.length; length > 0; length--) {
        const key = keyOf(length)
        const id = ids.get(key)
        if (id === undefined) continue
        ids.delete(key)
        put(keyOf(turns.length), id)
        return id
      }
      const id = newId()
      if (turns.length > 0) put(keyOf(turns.length), id)
      return id
    },
    entries: () => ids.entries(),
    restore(entries) {
      for (const [key, id] of entries) put(key, id)
    },
  }
}
