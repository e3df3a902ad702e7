/** Memories removed, changed and moved, so that no word of what is gone is left in the file. Each function is one transaction's work. */
import type { Database } from "bun:sqlite"
import {
  FROM,
  type MemoryFilter,
  type NewMemory,
  PARTS_A_NAMESPACE,
  TURNS_A_SESSION,
  whereOf,
} from "./memory-tables.ts"
import { namespaceId, wordsIn } from "./memory-writes.ts"
import { type NumberedPart, removeFromIndex } from "./inverted-index.ts"

interface Kept {
  seq: number
  namespace: number
  place: number
}

export function removeAll(db: Database, filter: MemoryFilter | { id: string }): number {
  const { where, values } = "id" in filter ? { where: "m.id = ?", values: [filter.id] } : whereOf(filter)
  const gone = db
    .transaction(() => {
      const found = db
        .query<Kept, (string | number)[]>(`SELECT m.seq, m.namespace, m.place FROM ${FROM} WHERE ${where}`)
        .all(...values)
      removeThem(db, found)
      return found.length
    })
    .immediate()
  // what was deleted stands in the log until it is moved
  if (gone > 0) db.run("PRAGMA wal_checkpoint(TRUNCATE)")
  return gone
}

function removeThem(db: Database, memories: readonly Kept[]): void {
  const size = db.query<{ memories: number }, [number]>("SELECT memories FROM namespaces WHERE id = ?")
  const remove = db.query("DELETE FROM memories WHERE seq = ?")
  const shrink = db.query("UPDATE namespaces SET memories = memories - ? WHERE id = ?")
  for (const [namespace, members] of Map.groupBy(memories, (one) => one.namespace)) {
    if (members.length === size.get(namespace)!.memories) unindexAll(db, namespace)
    else unindex(db, namespace, members)
    for (const { seq } of members) remove.run(seq)
    shrink.run(members.length, namespace)
  }
}

/** They are found no more, and do not wait to be. */
function unindex(db: Database, namespace: number, memories: readonly Kept[]): void {
  const base = namespace * PARTS_A_NAMESPACE
  const stopWaiting = db.query("DELETE FROM memories_unindexed WHERE namespace = ? AND memory = ?")
  const leave = db.query<{ first_part: number; parts: number }, [number]>(
    "DELETE FROM memory_places WHERE place = ? RETURNING first_part, parts",
  )
  const drop = db.query<NumberedPart, [number, number, number]>(
    "DELETE FROM memory_parts WHERE id >= ? AND id < ? RETURNING id - ? AS number, terms",
  )
  const dropped: NumberedPart[] = []
  for (const { seq, place } of memories) {
    stopWaiting.run(namespace, seq)
    const left = leave.get(place)
    if (left) dropped.push(...drop.all(left.first_part, left.first_part + left.parts, base))
  }
  dropped.sort((one, other) => one.number - other.number)
  removeFromIndex(db, namespace, dropped)
  const terms = dropped.reduce((sum, part) => sum + wordsIn(part.terms), 0)
  db.query("UPDATE namespaces SET parts = parts - ?, terms = terms - ? WHERE id = ?").run(
    dropped.length,
    terms,
    namespace,
  )
}

/** The same for all of a namespace, whose words need not be looked for one by one. */
function unindexAll(db: Database, namespace: number): void {
  const base = namespace * PARTS_A_NAMESPACE
  db.query("DELETE FROM memories_unindexed WHERE namespace = ?").run(namespace)
  db.query("DELETE FROM memory_places WHERE place IN (SELECT place FROM memories WHERE namespace = ?)").run(namespace)
  db.query("DELETE FROM memory_parts WHERE id >= ? AND id < ?").run(base, base + PARTS_A_NAMESPACE)
  db.query("DELETE FROM memory_words WHERE namespace = ?").run(namespace)
  db.query("UPDATE namespaces SET parts = 0, terms = 0, listed_to = next_part WHERE id = ?").run(namespace)
}

/** The same memory with another content: its place in the conversation stays. */
export function replace(db: Database, id: string, { content, metadata, identity }: NewMemory): void {
  const found = db.query<Kept, [string]>("SELECT seq, namespace, place FROM memories WHERE id = ?").get(id)
  if (!found) return
  unindex(db, found.namespace, [found])
  db.query("UPDATE memories SET content = ?, metadata = ?, identity = ? WHERE seq = ?").run(
    content,
    metadata,
    identity,
    found.seq,
  )
  db.query("INSERT INTO memories_unindexed VALUES (?, ?)").run(found.namespace, found.seq)
  db.query("DELETE FROM sent_blocks WHERE id IN (SELECT block_id FROM sent_block_memories WHERE memory_id = ?)").run(id)
}

/** A path, or one below it, that turned out to be a project's. Its memories are indexed anew, as that project's. */
export function adoptAll(db: Database, userId: string, root: string, project: { key: string; name: string }): void {
  const from = db
    .query<{ id: number }, [string, string, string]>(
      "SELECT id FROM namespaces WHERE user_id = ?1 AND (project_key = ?2 OR substr(project_key, 1, length(?3) + 1) = ?3 || '/')",
    )
    .all(userId, root, root)
  if (from.length === 0) return
  const to = namespaceId(db, { userId, projectKey: project.key, project: project.name })
  for (const { id } of from) if (id !== to) adopt(db, id, to)
}

function adopt(db: Database, from: number, to: number): void {
  unindexAll(db, from)
  const sessions = db
    .query<{ id: number; name: string; turns: number }, [number]>(
      "SELECT id, name, turns FROM memory_sessions WHERE namespace = ?",
    )
    .all(from)
  const move = db.query<{ id: number; turns: number }, [number, string, number]>(
    `INSERT INTO memory_sessions (namespace, name, turns) VALUES (?, ?, ?)
     ON CONFLICT (namespace, name) DO UPDATE SET turns = turns + excluded.turns RETURNING id, turns`,
  )
  for (const { id, name, turns } of sessions) {
    const there = move.get(to, name, turns)!
    db.query(
      `UPDATE OR IGNORE memories SET namespace = ?, session = ?, place = CASE WHEN place < 0 THEN place ELSE place + ? END WHERE session = ?`,
    ).run(to, there.id, (there.id - id) * TURNS_A_SESSION + there.turns - turns, id)
  }
  db.query(
    `INSERT INTO memories_unindexed SELECT namespace, seq FROM memories m WHERE namespace = ?1
         AND NOT EXISTS (SELECT 1 FROM memory_places p WHERE p.place = m.place) ON CONFLICT DO NOTHING`,
  ).run(to)
  db.query(
    "UPDATE namespaces SET memories = (SELECT count(*) FROM memories WHERE namespace = namespaces.id) WHERE id = ?",
  ).run(to)
  db.query("DELETE FROM memories WHERE namespace = ?").run(from) // the same was kept there already
  db.query("DELETE FROM memory_sessions WHERE namespace = ?").run(from)
  db.query("DELETE FROM namespaces WHERE id = ?").run(from)
}
