/** What memories look like in `memory.db`: the types of its rows, and the schema. */
import type { Database } from "bun:sqlite"

/** Structurally `memory/namespace.ts`'s: a store knows no stage. */
export interface Owner {
  readonly userId: string
  readonly projectKey: string | null
  readonly project: string | null
}

export interface NewMemory {
  id: string
  owner: Owner
  sessionId: string | null
  role: string
  speaker: string | null
  content: string
  /** epoch milliseconds */
  createdAt: number
  source: string
  requestId: string | null
  /** JSON */
  metadata: string | null
  /** equal for what is kept once only in a namespace */
  identity: bigint
  isStanding: boolean
  saysWhen: boolean
  asking: number
  parts: readonly Part[]
}

export interface Part {
  /** of the content, in UTF-16 code units */
  start: number
  stop: number
  /** separated by spaces */
  terms: string
}

export interface StoredMemory {
  seq: number
  id: string
  user_id: string
  project: string | null
  project_key: string
  session_id: string | null
  role: string
  speaker: string | null
  content: string
  created_at: number
  source: string
  request_id: string | null
  metadata: string | null
}

export interface StoredPlace {
  memory: number
  session: number | null
  pos: number
  role: string
  speaker: string | null
  createdAt: number
  saysWhen: number
  asking: number
  isStanding: number
  bytes: number
}

export interface StoredHit {
  memory: number
  part: number
  terms: string
}

export interface MemoryFilter {
  userId: string
  /** undefined: of any project; null: of none */
  projectKey?: string | null
  sessionId?: string
  /** words that must be in it */
  text?: string
}

/** In `project_key`: of no project. */
export const NONE = ""

export function createMemoryTables(db: Database): void {
  db.run(`
    CREATE TABLE namespaces (
      id INTEGER PRIMARY KEY,
      user_id TEXT NOT NULL,
      project_key TEXT NOT NULL, -- '' of no project, '*' of all
      project TEXT,
      memories INTEGER NOT NULL DEFAULT 0,
      parts INTEGER NOT NULL DEFAULT 0,
      terms INTEGER NOT NULL DEFAULT 0,
      UNIQUE (user_id, project_key)
    );
    CREATE TABLE memory_sessions (
      id INTEGER PRIMARY KEY,
      namespace INTEGER NOT NULL,
      name TEXT NOT NULL,
      turns INTEGER NOT NULL,
      UNIQUE (namespace, name)
    );
    CREATE TABLE memories (
      seq INTEGER PRIMARY KEY AUTOINCREMENT,
      id TEXT NOT NULL UNIQUE,
      namespace INTEGER NOT NULL,
      session INTEGER,
      pos INTEGER NOT NULL,
      role TEXT NOT NULL,
      speaker TEXT,
      created_at INTEGER NOT NULL, -- epoch milliseconds
      says_when INTEGER NOT NULL,
      asking REAL NOT NULL,
      is_standing INTEGER NOT NULL,
      identity INTEGER NOT NULL,
      source TEXT NOT NULL,
      request_id TEXT,
      metadata TEXT,
      content TEXT NOT NULL,
      UNIQUE (namespace, identity)
    );
    CREATE INDEX memories_session ON memories (session, pos) WHERE session IS NOT NULL;
    CREATE INDEX memories_standing ON memories (namespace, created_at) WHERE is_standing = 1;
    CREATE TABLE memory_parts (
      id INTEGER PRIMARY KEY,
      memory INTEGER NOT NULL,
      part INTEGER NOT NULL,
      start INTEGER NOT NULL,
      stop INTEGER NOT NULL,
      terms TEXT NOT NULL, -- separated by spaces
      namespace INTEGER NOT NULL,
      -- as they are indexed: each word under its namespace, so that a look-up meets no other's
      words TEXT GENERATED ALWAYS AS (namespace || '_' || replace(terms, ' ', ' ' || namespace || '_')) VIRTUAL
    );
    CREATE INDEX memory_parts_memory ON memory_parts (memory, part);
    -- without positions: which words are neighbours is seen in the part itself
    CREATE VIRTUAL TABLE memory_index USING fts5 (words, content = 'memory_parts', content_rowid = 'id', detail = none, columnsize = 0, tokenize = "unicode61 remove_diacritics 0 tokenchars '_'");
    INSERT INTO memory_index (memory_index, rank) VALUES ('secure-delete', 1);
    CREATE TRIGGER memory_parts_gone AFTER DELETE ON memory_parts BEGIN
      INSERT INTO memory_index (memory_index, rowid, words) VALUES ('delete', old.id, old.words);
      UPDATE namespaces SET parts = parts - 1, terms = terms - (length(old.terms) - length(replace(old.terms, ' ', '')) + 1) WHERE id = old.namespace;
    END;
    CREATE TRIGGER memories_gone AFTER DELETE ON memories BEGIN
      DELETE FROM memory_parts WHERE memory = old.seq;
      DELETE FROM sent_blocks WHERE id IN (SELECT block_id FROM sent_block_memories WHERE memory_id = old.id);
      UPDATE namespaces SET memories = memories - 1 WHERE id = old.namespace;
    END;
  `)
}

/** A memory as it is read, from `FROM`. */
export const COLUMNS = `m.seq, m.id, n.user_id, n.project, n.project_key, s.name AS session_id, m.role, m.speaker, m.content, m.created_at, m.source, m.request_id, m.metadata`
export const FROM = `memories m JOIN namespaces n ON n.id = m.namespace LEFT JOIN memory_sessions s ON s.id = m.session`

export function whereOf(filter: MemoryFilter): { where: string; values: (string | number)[] } {
  const parts = ["n.user_id = ?"]
  const values: (string | number)[] = [filter.userId]
  const add = (condition: string, value: string | undefined) => {
    if (value === undefined) return
    parts.push(condition)
    values.push(value)
  }
  if (filter.projectKey !== undefined) {
    parts.push("n.project_key = ?")
    values.push(filter.projectKey ?? NONE)
  }
  add("s.name = ?", filter.sessionId)
  add("instr(lower(m.content), lower(?)) > 0", filter.text)
  return { where: parts.join(" AND "), values }
}
