/** Memories of builds before the first release, which found words by FTS5, taken over: everything is kept, and indexed anew. Nothing else knows of those tables. */
import type { Database } from "bun:sqlite"
import { createMemoryTables, TURNS_A_SESSION } from "./memory-tables.ts"

export function takeOverFts(db: Database): void {
  if (db.query("SELECT 1 FROM sqlite_schema WHERE name = 'memory_index'").get() === null) return
  db.run(`
    DROP TRIGGER memory_parts_gone;
    DROP TRIGGER memories_gone;
    DROP TABLE memory_index;
    DROP TABLE memory_parts;
    ALTER TABLE namespaces RENAME TO old_namespaces;
    ALTER TABLE memory_sessions RENAME TO old_sessions;
    ALTER TABLE memories RENAME TO old_memories;
  `)
  createMemoryTables(db)
  db.run(`
    INSERT INTO namespaces (id, user_id, project_key, project, memories) SELECT id, user_id, project_key, project, memories FROM old_namespaces;
    INSERT INTO memory_sessions (id, namespace, name, turns) SELECT id, namespace, name, turns FROM old_sessions;
    INSERT OR IGNORE INTO memory_sessions (namespace, name, turns) SELECT id, '', 0 FROM namespaces;
    INSERT INTO memories (seq, id, namespace, session, place, role, speaker, created_at, identity, source, request_id, metadata, content)
      SELECT m.seq, m.id, m.namespace, coalesce(m.session, s.id), iif(m.session IS NULL, -m.seq, m.session * ${TURNS_A_SESSION} + m.pos),
        m.role, m.speaker, m.created_at, m.identity, m.source, m.request_id, m.metadata, m.content
      FROM old_memories m JOIN memory_sessions s ON s.namespace = m.namespace AND s.name = '';
    INSERT INTO memories_unindexed SELECT namespace, seq FROM memories;
    DROP TABLE old_memories;
    DROP TABLE old_sessions;
    DROP TABLE old_namespaces;
  `)
}
