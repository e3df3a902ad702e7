/**
 * Memories: whole, in parts, and findable by the words of their parts. A memory is kept first and indexed afterwards, so that keeping is quick.
 * What the words are, and what a good answer is, is decided elsewhere.
 */
import type { Database } from "bun:sqlite"
import { inPieces } from "./in-pieces.ts"
import { type Counted, findParts, type Found, type Size, sizeOf, wordsOf } from "./memory-search.ts"
import {
  COLUMNS,
  FROM,
  type MemoryFilter,
  type NewMemory,
  NONE,
  type IndexedMemory,
  type StoredMemory,
  type UnindexedMemory,
  whereOf,
} from "./memory-tables.ts"
import { adoptAll, removeAll, replace } from "./memory-removal.ts"
import { insertAll, indexAll } from "./memory-writes.ts"
import { Tally } from "./tally.ts"
import { RecentPostings } from "./recent-postings.ts"

export interface MemoryPlace {
  user_id: string
  /** display name; null: the memories of no project */
  project: string | null
  project_key: string | null
  memories: number
}

export interface MemoryStore {
  /** How many were new. They are found once they are indexed. @throws what the disk throws: then none is kept */
  insert(memories: readonly NewMemory[]): number
  /** Those that wait to be indexed, in these namespaces or in all. */
  unindexed(namespaces: readonly number[] | null, limit: number): UnindexedMemory[]
  /** Now they can be found. */
  index(memories: readonly IndexedMemory[]): void
  /** Writes many times, to the disk once. */
  together<T>(act: () => T): T
  /** Another one after every change: this process's at once, others' from the next turn of the event loop on. */
  version(): string
  /** the ids of namespaces that exist */
  namespaces(userId: string, projectKeys: readonly (string | null)[]): number[]
  /** How large they are together. */
  size(namespaces: readonly number[]): Size
  /** The parts that say most of `terms`, and the memories around them; none where their counts alone are not `isWorthIt`. */
  find(
    namespaces: readonly number[],
    terms: readonly string[],
    limit: number,
    isWorthIt?: (counted: Counted) => boolean,
  ): Found
  /** The words of parts, by their ids. */
  wordsOf(parts: readonly number[]): Map<number, string>
  parts(memory: number): { start: number; stop: number }[]
  /** Those of these namespaces, in no order. */
  read(namespaces: readonly number[], seqs: readonly number[]): StoredMemory[]
  get(id: string): StoredMemory | null
  /** the memory that is kept already instead of this one */
  same(memory: NewMemory): StoredMemory | null
  /** The project a person means: by its key, or its name as it was seen. */
  projectOf(userId: string, named: string): { key: string; name: string }
  /** Whose memories there are and of which projects, the most first; of one user, or of all. */
  places(userId: string | null, limit: number): MemoryPlace[]
  list(filter: MemoryFilter, page: { limit: number; before: number | null }): StoredMemory[]
  /** Everything of a user, oldest first, in pages. */
  exportAll(userId: string, after: number, limit: number): StoredMemory[]
  /** It waits to be indexed again. */
  update(id: string, next: NewMemory): void
  /** How many are gone, and no word of them is left in the file. */
  remove(filter: MemoryFilter | { id: string }): number
  adopt(userId: string, root: string, project: { key: string; name: string }): void
}

const unindexed = (condition: string) =>
  `SELECT u.memory, u.namespace, m.place, m.role, m.speaker, m.created_at AS createdAt, m.content, octet_length(m.content) AS bytes FROM memories_unindexed u JOIN memories m ON m.seq = u.memory ${condition} LIMIT ?1`
const UNINDEXED = unindexed("")
const UNINDEXED_OF = unindexed("WHERE u.namespace IN (SELECT value FROM json_each(?2))")

/** Counts the commits of all other connections. */
const DATA_VERSION = "PRAGMA data_version"

const PLACES = `SELECT user_id, project, nullif(project_key, '${NONE}') AS project_key, memories FROM namespaces
  WHERE memories > 0 AND (?1 IS NULL OR user_id = ?1) ORDER BY memories DESC, user_id, project_key LIMIT ?2`

/**
 * A path whose remote is known goes first, for what was under the path is the remote's. A key goes before a name; of two projects of one name the one
 * with more memories, else the one that was worked in last.
 */
const PROJECT_OF = `SELECT key, name FROM (
    SELECT project_key AS key, coalesce(project, project_key) AS name, memories AS weight, NULL AS root FROM namespaces WHERE user_id = ?1
    UNION ALL
    SELECT remote, substr(remote, instr(remote, '/') + 1), learned_at / 1e15, root FROM learned_projects WHERE user_id = ?1
  ) WHERE root = ?2 OR key = ?2 OR name = ?2 ORDER BY root IS ?2 DESC, key = ?2 DESC, weight DESC LIMIT 1`

/** `settle` writes what is queued elsewhere about a memory, or about all: what is removed must not come back from there. */
export function createMemoryStore(
  use: <T>(act: (db: Database) => T) => T,
  settle: (id?: string) => void = () => {},
): MemoryStore {
  const workspace = { tally: new Tally(), recent: new RecentPostings() }
  let changes = 0
  let others: number | null = null
  let lastOthers: number | null = null
  /** Asked once in a turn of the event loop, for it costs as much as the rest of a recall that is known: a request that was sent after a commit is read in a later turn. */
  const othersCommits = () => {
    if (others !== null) return others
    others = use((db) => db.query<{ data_version: number }, []>(DATA_VERSION).get()!.data_version)
    setImmediate(() => (others = null))
    if (others !== lastOthers) workspace.recent.forget() // what they did is not known
    return (lastOthers = others)
  }
  const change = <T>(act: (db: Database) => T): T => {
    changes++
    return use(act)
  }
  const remove = <T>(act: (db: Database) => T): T => {
    workspace.recent.forget()
    return change(act)
  }
  return {
    insert: (memories) => change((db) => db.transaction(() => insertAll(db, memories)).immediate()),
    unindexed: (namespaces, limit) =>
      use((db) =>
        namespaces
          ? db.query<UnindexedMemory, [number, string]>(UNINDEXED_OF).all(limit, JSON.stringify(namespaces))
          : db.query<UnindexedMemory, [number]>(UNINDEXED).all(limit),
      ),
    index: (memories) => change((db) => db.transaction(() => indexAll(db, memories)).immediate()),
    together: (act) => use((db) => db.transaction(act).immediate()),
    version: () => `${changes}.${othersCommits()}`,
    namespaces: (userId, keys) =>
      use((db) =>
        db
          .query<{ id: number }, [string, string]>(
            "SELECT id FROM namespaces WHERE user_id = ? AND project_key IN (SELECT value FROM json_each(?))",
          )
          .all(userId, JSON.stringify(keys.map((key) => key ?? NONE)))
          .map(({ id }) => id),
      ),
    size: (namespaces) => use((db) => sizeOf(db, namespaces)),
    find(namespaces, terms, limit, isWorthIt = () => true) {
      othersCommits()
      return use((db) => db.transaction(() => findParts(use, namespaces, terms, limit, isWorthIt, workspace))())
    },
    wordsOf: (parts) => new Map(inPieces(parts, (some) => use((db) => wordsOf(db, some)))),
    parts: (memory) =>
      use((db) =>
        db
          .query<{ start: number; stop: number }, [number]>(
            `SELECT start, stop FROM memory_places w JOIN memory_parts p ON p.id >= w.first_part AND p.id < w.first_part + w.parts
               WHERE w.place = (SELECT place FROM memories WHERE seq = ?) ORDER BY p.id`,
          )
          .all(memory),
      ),
    read: (namespaces, seqs) =>
      inPieces(seqs, (some) =>
        use((db) =>
          db
            .query<StoredMemory, [string, string]>(
              `SELECT ${COLUMNS} FROM ${FROM} WHERE m.seq IN (SELECT value FROM json_each(?)) AND +m.namespace IN (SELECT value FROM json_each(?))`,
            )
            .all(JSON.stringify(some), JSON.stringify(namespaces)),
        ),
      ),
    get: (id) => use((db) => db.query<StoredMemory, [string]>(`SELECT ${COLUMNS} FROM ${FROM} WHERE m.id = ?`).get(id)),
    same: ({ owner, sessionId, identity }) =>
      use((db) =>
        db
          .query<StoredMemory, [string, string, string, bigint]>(
            `SELECT ${COLUMNS} FROM ${FROM} WHERE n.user_id = ? AND n.project_key = ? AND s.namespace = n.id AND s.name = ? AND m.identity = ?`,
          )
          .get(owner.userId, owner.projectKey ?? NONE, sessionId ?? NONE, identity),
      ),
    projectOf: (userId, named) =>
      use(
        (db) =>
          db.query<{ key: string; name: string }, [string, string]>(PROJECT_OF).get(userId, named) ?? {
            key: named,
            name: named,
          },
      ),
    places: (userId, limit) => use((db) => db.query<MemoryPlace, [string | null, number]>(PLACES).all(userId, limit)),
    list: (filter, { limit, before }) =>
      use((db) => {
        const { where, values } = whereOf(filter)
        return db
          .query<StoredMemory, (string | number)[]>(
            `SELECT ${COLUMNS} FROM ${FROM} WHERE ${where} AND m.seq < ? ORDER BY m.seq DESC LIMIT ?`,
          )
          .all(...values, before ?? Number.MAX_SAFE_INTEGER, limit)
      }),
    exportAll: (userId, after, limit) =>
      use((db) =>
        db
          .query<StoredMemory, [string, number, number]>(
            `SELECT ${COLUMNS} FROM ${FROM} WHERE n.user_id = ? AND m.seq > ? ORDER BY m.seq LIMIT ?`,
          )
          .all(userId, after, limit),
      ),
    update: (id, next) => {
      settle(id)
      remove((db) => db.transaction(() => replace(db, id, next)).immediate())
    },
    remove: (filter) => {
      settle("id" in filter ? filter.id : undefined)
      return remove((db) => removeAll(db, filter))
    },
    adopt: (userId, root, project) =>
      remove((db) => db.transaction(() => adoptAll(db, userId, root, project)).immediate()),
  }
}
