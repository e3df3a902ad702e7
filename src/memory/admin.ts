/** What people do with kept memories by hand, whatever the file says of memory's use: add, look, search, change, forget, take along. */
import type { JsonObject } from "../exchange.ts"
import type { Memory } from "./engine.ts"
import type { MemoryPlace, MemoryStore } from "../store/memories.ts"
import { sayingWhy } from "./disk-failure.ts"
import type { LocalEngine } from "./local.ts"
import { memoryOf } from "./memory-of.ts"
import { EVERYWHERE, namespaceOf } from "./namespace.ts"
import { withoutKey } from "./redact.ts"

export interface MemoryDraft {
  userId: string
  /** as people name it, or its key; `*`: for all projects */
  project: string | null
  content: string
  role: string
  speaker: string | null
  sessionId: string | null
  /** epoch milliseconds */
  createdAt: number
  metadata: JsonObject | null
  source: Memory["source"]
}

export interface MemoryFilter {
  userId: string
  project?: string
  sessionId?: string
  text?: string
}

export interface MemoryAdmin {
  add(draft: MemoryDraft): Memory
  /** How many were new. Others have their turn in between. */
  addAll(drafts: readonly MemoryDraft[]): Promise<number>
  get(id: string): Memory | null
  /** `userId` null: everybody's. */
  places(userId: string | null): MemoryPlace[]
  list(
    filter: MemoryFilter,
    page: { limit: number; cursor: number | null },
  ): { data: Memory[]; next_cursor: string | null }
  /** `project` null: the project-less; those of all projects always. */
  search(
    userId: string,
    project: string | null,
    query: string,
    limit: number,
  ): Promise<{ results: (Memory & { score: number; why: string })[]; took_ms: number }>
  edit(id: string, change: { content?: string; metadata?: JsonObject }): Memory | null
  forgetOne(id: string): void
  forget(filter: MemoryFilter): number
  exportPages(userId: string): Generator<Memory[], void, void>
}

const EXPORT_PAGE = 500
const MOST_PLACES = 10_000

/** `scopeNow`: what separates memories by the file as it is now. Keeping and searching go by it, as requests do. */
export function createMemoryAdmin(
  engine: LocalEngine,
  store: MemoryStore,
  now: () => number,
  scopeNow: () => "user" | "project",
): MemoryAdmin {
  const namespace = (userId: string, project: string | null, scope = scopeNow()) =>
    namespaceOf(
      scope,
      userId,
      project === null
        ? null
        : project === EVERYWHERE
          ? { key: EVERYWHERE, name: EVERYWHERE }
          : store.projectOf(userId, project),
    )
  const entry = ({ userId, project, ...draft }: MemoryDraft) =>
    engine.entry({ namespace: namespace(userId, project), ...draft })
  const get = (id: string) => {
    const stored = store.get(id)
    return stored && memoryOf(stored)
  }
  const flushed = <T>(act: () => T): T => {
    void engine.flush()
    return act()
  }
  // Who lists or forgets a project means what is kept under it, never all of a user's because the scope is theirs.
  const filterOf = ({ project, sessionId, ...filter }: MemoryFilter) => {
    const { userId, projectKey } = namespace(filter.userId, project ?? null, "project")
    return {
      ...filter,
      userId,
      ...(project !== undefined && { projectKey }),
      ...(sessionId !== undefined && { sessionId: withoutKey(sessionId) }),
    }
  }
  return sayingWhy({
    add(draft: MemoryDraft) {
      const made = entry(draft)
      engine.keep([made])
      return get(made.id) ?? memoryOf(store.same(made)!) // it was kept before
    },
    async addAll(drafts) {
      if (drafts.length === 0) return 0
      const added = engine.keep(drafts.map(entry))
      await engine.room()
      return added
    },
    get: (id) => flushed(() => get(id)),
    places: (userId) => flushed(() => store.places(userId && withoutKey(userId), MOST_PLACES)),
    list: (filter, { limit, cursor }) =>
      flushed(() => {
        const found = store.list(filterOf(filter), { limit: limit + 1, before: cursor })
        const data = found.slice(0, limit)
        return { data: data.map(memoryOf), next_cursor: found.length > limit ? String(data.at(-1)!.seq) : null }
      }),
    async search(userId, project, query, limit) {
      const started = now()
      const asked = namespace(userId, project)
      const found = await engine.search(store.namespaces(asked.userId, [asked.projectKey, EVERYWHERE]), query, limit)
      const results = found.map(({ stored, score, why }) => ({
        ...memoryOf(stored),
        score: Math.round(score * 1e4) / 1e4,
        why,
      }))
      return { results, took_ms: Math.round((now() - started) * 100) / 100 }
    },
    edit(id, { content, metadata }) {
      const stored = store.get(id)
      if (!stored) return null
      const before = memoryOf(stored)
      const owner = namespaceOf(
        "project",
        stored.user_id,
        stored.project_key === "" ? null : { key: stored.project_key, name: stored.project ?? stored.project_key },
      )
      const made = engine.entry({
        namespace: owner,
        content: content ?? stored.content,
        role: stored.role,
        speaker: stored.speaker,
        sessionId: stored.session_id,
        createdAt: stored.created_at,
        source: before.source,
        requestId: stored.request_id,
        metadata: metadata ?? before.metadata,
      })
      store.update(id, made)
      return get(id)
    },
    forgetOne: (id) => void flushed(() => store.remove({ id })),
    forget: (filter) => flushed(() => store.remove(filterOf(filter))),
    *exportPages(userId) {
      void engine.flush()
      for (let after = 0; ;) {
        const page = store.exportAll(withoutKey(userId), after, EXPORT_PAGE)
        if (page.length === 0) return
        yield page.map(memoryOf)
        after = page.at(-1)!.seq
      }
    },
  })
}
