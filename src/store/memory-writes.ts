/** Memories written, moved and removed. Each function is one transaction's work. */
import type { Database } from "bun:sqlite"
import { FROM, type MemoryFilter, type NewMemory, NONE, type Owner, whereOf } from "./memory-tables.ts"

const GROW = "UPDATE namespaces SET memories = memories + ?, parts = parts + ?, terms = terms + ? WHERE id = ?"
const INDEX = "INSERT INTO memory_index (rowid, words) VALUES (?, ?)"

/** What the generated column `words` says. */
const indexed = (terms: string, namespace: number) => `${namespace}_${terms.replaceAll(" ", ` ${namespace}_`)}`

const wordsIn = (terms: string) => (terms === "" ? 0 : terms.split(" ").length)

export function insertAll(db: Database, memories: readonly NewMemory[]): number {
  const namespaces = new Map<string, number>()
  const totals = new Map<number, [memories: number, parts: number, terms: number]>()
  const addMemory = db.query<{ seq: number }, (string | number | bigint | null)[]>(
    `INSERT INTO memories (id, namespace, session, pos, role, speaker, created_at, says_when, asking, is_standing, identity, source, request_id, metadata, content)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (namespace, identity) DO NOTHING RETURNING seq`,
  )
  const addPart = db.query<{ id: number }, (string | number)[]>(
    "INSERT INTO memory_parts (memory, part, start, stop, terms, namespace) VALUES (?, ?, ?, ?, ?, ?) RETURNING id",
  )
  const addWords = db.query(INDEX)
  const isKnown = db.query<{ seq: number }, [number, bigint]>(
    "SELECT seq FROM memories WHERE namespace = ? AND identity = ?",
  )
  let added = 0
  for (const one of memories) {
    const namespace = namespaceId(db, one.owner, namespaces)
    if (isKnown.get(namespace, one.identity)) continue
    const { session, pos } = place(db, namespace, one.sessionId)
    const flags = [Number(one.saysWhen), one.asking, Number(one.isStanding)]
    const stored = addMemory.get(
      one.id,
      namespace,
      session,
      pos,
      one.role,
      one.speaker,
      one.createdAt,
      ...flags,
      one.identity,
      one.source,
      one.requestId,
      one.metadata,
      one.content,
    )
    if (!stored) continue
    added++
    let terms = 0
    one.parts.forEach((part, at) => {
      const { id } = addPart.get(stored.seq, at, part.start, part.stop, part.terms, namespace)!
      addWords.run(id, indexed(part.terms, namespace))
      terms += wordsIn(part.terms)
    })
    const total = totals.get(namespace) ?? [0, 0, 0]
    totals.set(namespace, [total[0] + 1, total[1] + one.parts.length, total[2] + terms])
  }
  const grow = db.query(GROW)
  for (const [namespace, total] of totals) grow.run(...total, namespace)
  return added
}

function namespaceId(db: Database, owner: Owner, known: Map<string, number>): number {
  const key = JSON.stringify([owner.userId, owner.projectKey])
  let id = known.get(key)
  if (id === undefined) {
    id = db
      .query<{ id: number }, [string, string, string | null]>(
        `INSERT INTO namespaces (user_id, project_key, project) VALUES (?, ?, ?)
         ON CONFLICT (user_id, project_key) DO UPDATE SET project = COALESCE(excluded.project, project) RETURNING id`,
      )
      .get(owner.userId, owner.projectKey ?? NONE, owner.project)!.id
    known.set(key, id)
  }
  return id
}

/** Turns of one session are neighbours in the order they came. */
function place(db: Database, namespace: number, sessionId: string | null): { session: number | null; pos: number } {
  if (sessionId === null) return { session: null, pos: 0 }
  const { id, turns } = db
    .query<{ id: number; turns: number }, [number, string]>(
      `INSERT INTO memory_sessions (namespace, name, turns) VALUES (?, ?, 1)
       ON CONFLICT (namespace, name) DO UPDATE SET turns = turns + 1 RETURNING id, turns`,
    )
    .get(namespace, sessionId)!
  return { session: id, pos: turns }
}

export function removeAll(db: Database, filter: MemoryFilter | { id: string }): number {
  const { where, values } = "id" in filter ? { where: "m.id = ?", values: [filter.id] } : whereOf(filter)
  const gone = db
    .transaction(
      () =>
        db.query(`DELETE FROM memories WHERE seq IN (SELECT m.seq FROM ${FROM} WHERE ${where})`).run(...values).changes,
    )
    .immediate()
  // what was deleted stands in the log until it is moved
  if (gone > 0) db.run("PRAGMA wal_checkpoint(TRUNCATE)")
  return gone
}

/** The same memory with another content: its place in the conversation stays. */
export function replace(db: Database, id: string, next: NewMemory): void {
  const found = db
    .query<{ seq: number; namespace: number }, [string]>("SELECT seq, namespace FROM memories WHERE id = ?")
    .get(id)
  if (!found) return
  db.query("DELETE FROM memory_parts WHERE memory = ?").run(found.seq)
  db.query(
    "UPDATE memories SET content = ?, metadata = ?, identity = ?, is_standing = ?, says_when = ?, asking = ? WHERE seq = ?",
  ).run(
    next.content,
    next.metadata,
    next.identity,
    Number(next.isStanding),
    Number(next.saysWhen),
    next.asking,
    found.seq,
  )
  next.parts.forEach((part, at) => {
    const { id: rowid } = db
      .query<{ id: number }, (string | number)[]>(
        "INSERT INTO memory_parts (memory, part, start, stop, terms, namespace) VALUES (?, ?, ?, ?, ?, ?) RETURNING id",
      )
      .get(found.seq, at, part.start, part.stop, part.terms, found.namespace)!
    db.query(INDEX).run(rowid, indexed(part.terms, found.namespace))
  })
  db.query(GROW).run(
    0,
    next.parts.length,
    next.parts.reduce((sum, { terms }) => sum + wordsIn(terms), 0),
    found.namespace,
  )
  db.query("DELETE FROM sent_blocks WHERE id IN (SELECT block_id FROM sent_block_memories WHERE memory_id = ?)").run(id)
}

/** A path, or one below it, that turned out to be a project's. */
export function adoptAll(db: Database, userId: string, root: string, project: { key: string; name: string }): void {
  const from = db
    .query<{ id: number }, [string, string, string]>(
      "SELECT id FROM namespaces WHERE user_id = ?1 AND (project_key = ?2 OR substr(project_key, 1, length(?3) + 1) = ?3 || '/')",
    )
    .all(userId, root, root)
  if (from.length === 0) return
  const to = namespaceId(db, { userId, projectKey: project.key, project: project.name }, new Map())
  for (const { id } of from) {
    if (id === to) continue
    db.query("UPDATE OR IGNORE memories SET namespace = ? WHERE namespace = ?").run(to, id)
    db.query("DELETE FROM memories WHERE namespace = ?").run(id) // the same was kept there already
    db.query("UPDATE OR IGNORE memory_sessions SET namespace = ? WHERE namespace = ?").run(to, id)
    const parts = db
      .query<{ id: number; terms: string }, [number, number]>(
        "SELECT p.id, p.terms FROM memories m JOIN memory_parts p ON p.memory = m.seq WHERE m.namespace = ? AND p.namespace = ?",
      )
      .all(to, id)
    for (const part of parts) {
      db.query("INSERT INTO memory_index (memory_index, rowid, words) VALUES ('delete', ?, ?)").run(
        part.id,
        indexed(part.terms, id),
      )
      db.query("UPDATE memory_parts SET namespace = ? WHERE id = ?").run(to, part.id)
      db.query(INDEX).run(part.id, indexed(part.terms, to))
    }
    db.query(
      `UPDATE namespaces SET (memories, parts, terms) = (SELECT memories + o.memories, parts + o.parts, terms + o.terms FROM namespaces o WHERE o.id = ?)
       WHERE id = ?`,
    ).run(id, to)
    db.query("DELETE FROM namespaces WHERE id = ?").run(id)
  }
}
