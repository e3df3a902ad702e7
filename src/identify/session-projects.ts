/**
 * Which project a conversation belongs to. Some calls of a conversation (titles, token counts) name no place; what another call of it says holds for them
 * too, whether it came before or comes after. Bounded and in memory; no clock, no disk.
 */
import type { Project } from "../exchange.ts"

export interface SessionProjects {
  /** The project that the conversation's calls named last, null while none did. */
  of(userId: string, sessionId: string): Project | null
  /** Remembers it, and gives the ids of the requests that waited for it. */
  learn(userId: string, sessionId: string, project: Project): readonly string[]
  /** A request that ended before its project was known. */
  wait(userId: string, sessionId: string, requestId: string): void
}

interface Known {
  project: Project | null
  waiting: string[]
}

const NONE: readonly string[] = []
const MOST_WAITING = 100

/** State: the last `limit` conversations (by user), each with its project or with the requests that wait for one. */
export function createSessionProjects(limit = 10_000): SessionProjects {
  const sessions = new Map<string, Known>()
  const use = (key: string, known: Known) => {
    sessions.delete(key)
    sessions.set(key, known)
    const oldest = sessions.size > limit ? sessions.keys().next() : null
    if (oldest && !oldest.done) sessions.delete(oldest.value)
  }
  const keyOf = (userId: string, sessionId: string) => `${userId}\n${sessionId}`
  return {
    of: (userId, sessionId) => sessions.get(keyOf(userId, sessionId))?.project ?? null,
    learn(userId, sessionId, project) {
      const key = keyOf(userId, sessionId)
      const waiting = sessions.get(key)?.waiting ?? NONE
      use(key, { project, waiting: [] })
      return waiting
    },
    wait(userId, sessionId, requestId) {
      const key = keyOf(userId, sessionId)
      const known = sessions.get(key) ?? { project: null, waiting: [] }
      if (known.waiting.length < MOST_WAITING) known.waiting.push(requestId)
      use(key, known)
    },
  }
}
