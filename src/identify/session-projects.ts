/**
 * Which project a conversation belongs to. Some calls of a conversation (titles, token counts) name no place; what another call of it says holds for them
 * too, whether it came before or comes after. Bounded and in memory; no clock, no disk.
 */
import type { Project } from "../exchange.ts"
import { keepRecent } from "../keep-recent.ts"

export interface SessionProjects {
  /** The project that the conversation's calls named last, null while none did. */
  of(userId: string, sessionId: string): Project | null
  /** Remembers it, and gives the ids of the requests that waited for it. */
  learn(userId: string, sessionId: string, project: Project): readonly string[]
  /** A request that ended before its project was known. */
  wait(userId: string, sessionId: string, requestId: string): void
}

interface Known {
  userId: string
  project: Project | null
  waiting: string[]
}

const NONE: readonly string[] = []
const MOST_WAITING = 100

/** State: the last `limit` conversations, each with its user, and its project or the requests that wait for one. */
export function createSessionProjects(limit = 10_000): SessionProjects {
  const sessions = new Map<string, Known>()
  const use = (sessionId: string, known: Known) => keepRecent(sessions, sessionId, known, limit)
  /** Another user's conversation of the same name is none of theirs. */
  const find = (userId: string, sessionId: string) => {
    const known = sessions.get(sessionId)
    return known?.userId === userId ? known : undefined
  }
  return {
    of: (userId, sessionId) => find(userId, sessionId)?.project ?? null,
    learn(userId, sessionId, project) {
      const waiting = find(userId, sessionId)?.waiting ?? NONE
      use(sessionId, { userId, project, waiting: [] })
      return waiting
    },
    wait(userId, sessionId, requestId) {
      const known = find(userId, sessionId) ?? { userId, project: null, waiting: [] }
      if (known.waiting.length >= MOST_WAITING) return
      known.waiting.push(requestId)
      use(sessionId, known)
    },
  }
}
