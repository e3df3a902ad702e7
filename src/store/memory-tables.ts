/** What memories look like in `memory.db`: the types of its rows, and the schema. */
import type { Database } from "bun:sqlite"
import { createInvertedIndex } from "./inverted-index.ts"

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
  /** equal for what is kept once only in a session */
  identity: bigint
}

/** A memory that is kept and not found yet. */
export interface UnindexedMemory {
  memory: number
  namespace: number
  place: number
  role: string
  speaker: string | null
  createdAt: number
  content: string
  /** of the content, in UTF-8 */
  bytes: number
}

/** What it is found and ranked by; `speaker`: a name, and not the role again. */
export interface IndexedMemory extends Omit<UnindexedMemory, "content"> {
  isStanding: boolean
  saysWhen: boolean
  asking: number
  addressing: number
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

/** A memory that was hit, or lies near one. */
export interface Place {
  memory: number
  /** null: of no session */
  session: number | null
  /** its place in the session */
  pos: number
  role: string
  /** a name; null where it is only the role again */
  speaker: string | null
  /** epoch milliseconds */
  createdAt: number
  saysWhen: boolean
  /** 0 to 1, both */
  asking: number
  addressing: number
  isStanding: boolean
  /** of its text, in UTF-8 */
  bytes: number
  /** the id of its first part */
  firstPart: number
}

/** A part of a memory that shares a word with the query. */
export interface Hit {
  memory: number
  part: number
  /** its words in order, separated by spaces */
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

/** In `project_key` and in a session's name: of none. */
export const NONE = ""

/** A part's id is its namespace and its number there, so that a namespace's parts lie side by side. 2,097,152 namespaces, as JavaScript counts. */
export const PARTS_A_NAMESPACE = 2 ** 32

/** A place is a session and a turn of it, so that neighbours lie side by side; of no session: the memory's own number, below zero. */
export const TURNS_A_SESSION = 2 ** 24

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
      next_part INTEGER NOT NULL DEFAULT 0, -- parts are numbered as they come, and none twice
      listed_to INTEGER NOT NULL DEFAULT 0, -- the words of parts before it are in memory_words
      UNIQUE (user_id, project_key)
    );
    CREATE TABLE memory_sessions (
      id INTEGER PRIMARY KEY,
      namespace INTEGER NOT NULL,
      name TEXT NOT NULL, -- '' of none
      turns INTEGER NOT NULL,
      UNIQUE (namespace, name)
    );
    CREATE TABLE memories (
      seq INTEGER PRIMARY KEY,
      id TEXT NOT NULL UNIQUE,
      namespace INTEGER NOT NULL,
      session INTEGER NOT NULL,
      place INTEGER NOT NULL,
      role TEXT NOT NULL,
      speaker TEXT,
      created_at INTEGER NOT NULL, -- epoch milliseconds
      identity INTEGER NOT NULL,
      source TEXT NOT NULL,
      request_id TEXT,
      metadata TEXT,
      content TEXT NOT NULL,
      UNIQUE (session, identity)
    );
    CREATE INDEX memories_namespace ON memories (namespace);
    CREATE TABLE memories_unindexed (
      namespace INTEGER NOT NULL,
      memory INTEGER NOT NULL,
      PRIMARY KEY (namespace, memory)
    ) WITHOUT ROWID;
    -- what ranking looks at, apart from the texts
    CREATE TABLE memory_places (
      place INTEGER PRIMARY KEY,
      memory INTEGER NOT NULL,
      first_part INTEGER NOT NULL,
      parts INTEGER NOT NULL,
      role TEXT NOT NULL,
      speaker TEXT,
      created_at INTEGER NOT NULL,
      says_when INTEGER NOT NULL,
      asking REAL NOT NULL,
      is_standing INTEGER NOT NULL,
      bytes INTEGER NOT NULL
    );
    CREATE TABLE memory_parts (
      id INTEGER PRIMARY KEY,
      place INTEGER NOT NULL,
      part INTEGER NOT NULL,
      start INTEGER NOT NULL,
      stop INTEGER NOT NULL,
      terms TEXT NOT NULL -- separated by spaces
    );
    CREATE TRIGGER memories_gone AFTER DELETE ON memories BEGIN
      DELETE FROM sent_blocks WHERE id IN (SELECT block_id FROM sent_block_memories WHERE memory_id = old.id);
    END;
  `)
  createInvertedIndex(db)
}

/** Of what was indexed before it is not known, and counts as none. */
export function addAddressing(db: Database): void {
  db.run("ALTER TABLE memory_places ADD COLUMN addressing REAL NOT NULL DEFAULT 0")
}

/** A memory as it is read, from `FROM`. */
export const COLUMNS = `m.seq, m.id, n.user_id, n.project, n.project_key, nullif(s.name, '${NONE}') AS session_id, m.role, m.speaker, m.content, m.created_at, m.source, m.request_id, m.metadata`
export const FROM = `memories m JOIN namespaces n ON n.id = m.namespace JOIN memory_sessions s ON s.id = m.session`

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
