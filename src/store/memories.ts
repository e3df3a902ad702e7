/**
 * Memories: whole, in parts, and findable. Parts are found by their words under the token of their namespace, which FTS5 narrows down first:
 * 3 ms at a million rows, where a column in WHERE takes 105. What the words are, and what a good answer is, is decided elsewhere.
 */
import type { Database } from "bun:sqlite"
import {
  COLUMNS,
  FROM,
  type MemoryFilter,
  type NewMemory,
  NONE,
  type StoredHit,
  type StoredMemory,
  type StoredPlace,
  whereOf,
} from "./memory-tables.ts"
import { adoptAll, insertAll, removeAll, replace } from "./memory-writes.ts"

export interface Found {
  hits: StoredHit[]
  places: StoredPlace[]
  /** in how many parts of the namespaces each term is */
  frequency: Map<string, number>
}

export interface MemoryStore {
  /** How many were new. @throws what the disk throws: then none is kept */
  insert(memories: readonly NewMemory[]): number
  /** Another one after every change, this process's and others'. */
  version(): string
  /** the ids of namespaces that exist */
  namespaces(userId: string, projectKeys: readonly (string | null)[]): number[]
  /** How large they are together. */
  size(namespaces: readonly number[]): { memories: number; parts: number; terms: number }
  /** The parts that say most of `terms`, and the memories around them. */
  find(namespaces: readonly number[], terms: readonly string[], limit: number): Found
  /** Standing instructions that share a word, or the newest. */
  standing(namespaces: readonly number[], limit: number): number[]
  parts(memory: number): { start: number; stop: number }[]
  read(seqs: readonly number[]): StoredMemory[]
  get(id: string): StoredMemory | null
  /** the memory that is kept already instead of this one */
  same(memory: NewMemory): StoredMemory | null
  /** The project a person means: by its key, or its name as it was seen. */
  projectOf(userId: string, named: string): { key: string; name: string }
  list(filter: MemoryFilter, page: { limit: number; before: number | null }): StoredMemory[]
  /** Everything of a user, oldest first, in pages. */
  exportAll(userId: string, after: number, limit: number): StoredMemory[]
  update(id: string, next: NewMemory): void
  /** How many are gone, and no word of them is left in the file. */
  remove(filter: MemoryFilter | { id: string }): number
  adopt(userId: string, root: string, project: { key: string; name: string }): void
}

/** FTS5's own syntax is never written by anybody else: words are letters and digits, and are quoted all the same. */
const under = (namespaces: readonly number[], term: string) =>
  namespaces.map((id) => `"${id}_${term.replaceAll('"', "")}"`).join(" OR ")

const VERSION = "SELECT total_changes() || '.' || data_version AS version FROM pragma_data_version"

/**
 * A path whose remote is known goes first, for what was under the path is the remote's. A key goes before a name; of two projects of one name the one
 * with more memories, else the one that was worked in last.
 */
const PROJECT_OF = `SELECT key, name FROM (
    SELECT project_key AS key, coalesce(project, project_key) AS name, memories AS weight, NULL AS root FROM namespaces WHERE user_id = ?1
    UNION ALL
    SELECT remote, substr(remote, instr(remote, '/') + 1), learned_at / 1e15, root FROM learned_projects WHERE user_id = ?1
  ) WHERE root = ?2 OR key = ?2 OR name = ?2 ORDER BY root IS ?2 DESC, key = ?2 DESC, weight DESC LIMIT 1`

/** `settle` writes what is queued elsewhere about memories: what is removed must not come back from there. */
export function createMemoryStore(use: <T>(act: (db: Database) => T) => T, settle: () => void = () => {}): MemoryStore {
  return {
    insert: (memories) => use((db) => db.transaction(() => insertAll(db, memories)).immediate()),
    version: () => use((db) => db.query<{ version: string }, []>(VERSION).get()!.version),
    namespaces: (userId, keys) =>
      use((db) =>
        db
          .query<{ id: number }, [string, string]>(
            "SELECT id FROM namespaces WHERE user_id = ? AND project_key IN (SELECT value FROM json_each(?))",
          )
          .all(userId, JSON.stringify(keys.map((key) => key ?? NONE)))
          .map(({ id }) => id),
      ),
    size: (namespaces) =>
      use((db) =>
        db
          .query<{ memories: number; parts: number; terms: number }, [string]>(
            `SELECT COALESCE(SUM(memories), 0) AS memories, COALESCE(SUM(parts), 0) AS parts, COALESCE(SUM(terms), 0) AS terms
               FROM namespaces WHERE id IN (SELECT value FROM json_each(?))`,
          )
          .get(JSON.stringify(namespaces))!,
      ),
    find: (namespaces, terms, limit) => use((db) => findParts(db, namespaces, terms, limit)),
    standing: (namespaces, limit) =>
      use((db) =>
        db
          .query<{ seq: number }, [string, number]>(
            `SELECT seq FROM memories WHERE is_standing = 1 AND namespace IN (SELECT value FROM json_each(?)) ORDER BY created_at DESC LIMIT ?`,
          )
          .all(JSON.stringify(namespaces), limit)
          .map(({ seq }) => seq),
      ),
    parts: (memory) =>
      use((db) =>
        db
          .query<{ start: number; stop: number }, [number]>(
            "SELECT start, stop FROM memory_parts WHERE memory = ? ORDER BY part",
          )
          .all(memory),
      ),
    read: (seqs) =>
      use((db) =>
        db
          .query<StoredMemory, [string]>(
            `SELECT ${COLUMNS} FROM ${FROM} WHERE m.seq IN (SELECT value FROM json_each(?))`,
          )
          .all(JSON.stringify(seqs)),
      ),
    get: (id) => use((db) => db.query<StoredMemory, [string]>(`SELECT ${COLUMNS} FROM ${FROM} WHERE m.id = ?`).get(id)),
    same: ({ owner, identity }) =>
      use((db) =>
        db
          .query<StoredMemory, [string, string, bigint]>(
            `SELECT ${COLUMNS} FROM ${FROM} WHERE n.user_id = ? AND n.project_key = ? AND m.identity = ?`,
          )
          .get(owner.userId, owner.projectKey ?? NONE, identity),
      ),
    projectOf: (userId, named) =>
      use(
        (db) =>
          db.query<{ key: string; name: string }, [string, string]>(PROJECT_OF).get(userId, named) ?? {
            key: named,
            name: named,
          },
      ),
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
      settle()
      use((db) => db.transaction(() => replace(db, id, next)).immediate())
    },
    remove: (filter) => {
      settle()
      return use((db) => removeAll(db, filter))
    },
    adopt: (userId, root, project) =>
      use((db) => db.transaction(() => adoptAll(db, userId, root, project)).immediate()),
  }
}

/** Two turns before and after a hit may answer what the hit asks. */
const NEAR = 2

/** Of a word that is in more parts than this the newest are looked at: it tells little of any. */
const MOST_POSTINGS = 4000

/**
 * The parts in which the rarest words are, by the sum of their idf. FTS5's own bm25() costs three times as much as its lists, and weighs words by all
 * namespaces together; how well a part fits is decided elsewhere.
 */
function findParts(db: Database, namespaces: readonly number[], terms: readonly string[], limit: number): Found {
  const frequency = new Map<string, number>()
  if (namespaces.length === 0 || terms.length === 0) return { hits: [], places: [], frequency }
  const postings = db.query<{ rowid: number }, [string, number]>(
    "SELECT rowid FROM memory_index WHERE memory_index MATCH ? ORDER BY rowid DESC LIMIT ?",
  )
  const count = db.query<{ n: number }, [string]>("SELECT COUNT(*) AS n FROM memory_index WHERE memory_index MATCH ?")
  const { size } = db
    .query<{ size: number }, [string]>(
      "SELECT COALESCE(SUM(parts), 0) AS size FROM namespaces WHERE id IN (SELECT value FROM json_each(?))",
    )
    .get(JSON.stringify(namespaces))!
  const sums = new Map<number, number>()
  for (const term of terms) {
    const match = under(namespaces, term)
    const rows = postings.values(match, MOST_POSTINGS) as [number][]
    const parts = rows.length < MOST_POSTINGS ? rows.length : count.get(match)!.n
    frequency.set(term, parts)
    const weight = Math.log(1 + size / Math.max(1, parts))
    for (const [id] of rows) sums.set(id, (sums.get(id) ?? 0) + weight)
  }
  const best = [...sums].sort((a, b) => b[1] - a[1] || b[0] - a[0]).slice(0, limit)
  const hits = db
    .query<StoredHit, [string]>(
      "SELECT memory, part, terms FROM memory_parts WHERE id IN (SELECT value FROM json_each(?))",
    )
    .all(JSON.stringify(best.map(([id]) => id)))
  const seqs = JSON.stringify([...new Set(hits.map(({ memory }) => memory))])
  const places = db
    .query<StoredPlace, [string, string, string]>(
      `WITH hit AS (SELECT session, pos FROM memories WHERE session IS NOT NULL AND seq IN (SELECT value FROM json_each(?))),
         near AS (SELECT m.seq FROM hit JOIN memories m ON m.session = hit.session AND m.pos BETWEEN hit.pos - ${NEAR} AND hit.pos + ${NEAR}
                  UNION SELECT value FROM json_each(?))
       SELECT seq AS memory, session, pos, role, speaker, created_at AS createdAt, says_when AS saysWhen, asking,
              is_standing AS isStanding, octet_length(content) AS bytes FROM memories
       WHERE seq IN near AND namespace IN (SELECT value FROM json_each(?))`,
    )
    .all(seqs, seqs, JSON.stringify(namespaces))
  return { hits, places, frequency }
}
