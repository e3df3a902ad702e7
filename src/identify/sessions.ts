/** Conversations of clients that send no conversation id, told by their user turns. Bounded and in memory; no clock, no disk. */
import { keepLast, keepRecent } from "../keep-recent.ts"
import { chainTurns, scopeKey } from "./turns.ts"

export interface Sessions {
  /**
   * The session of this scope (user and client) whose known turns are the longest prefix of `turns` (hashes), else a new one; its known turns become
   * `turns`. With no turns there is nothing to come back to: a new id, not kept.
   */
  find(scope: string, turns: readonly number[]): string
}

/**
 * State: one map entry for each of the last `limit` sessions, from scope and known turns to its id, in the order of use. The key is a chain of hashes that
 * begins with the scope's, so one look-up tells a whole prefix.
 */
export function createSessions({ newId, limit }: { newId: () => string; limit: number }): Sessions {
  const ids = new Map<number, string>()
  const keyOf = keepLast(scopeKey)
  const put = (key: number, id: string) => keepRecent(ids, key, id, limit)
  return {
    find(scope, turns) {
      if (turns.length === 0) return newId()
      const keys = chainTurns(keyOf(scope), turns)
      for (let at = keys.length - 1; at >= 0; at--) {
        const id = ids.get(keys[at]!)
        if (id === undefined) continue
        ids.delete(keys[at]!)
        put(keys.at(-1)!, id)
        return id
      }
      const id = newId()
      put(keys.at(-1)!, id)
      return id
    },
  }
}
