/** The ledger's schema, as the list of steps that made it. A step that was released is never edited: append a new one. */
import type { Database } from "bun:sqlite"
import { existsSync, rmSync } from "node:fs"

/**
 * What is filtered and grouped by comes first: SQLite decodes a row only as far as the last column it needs.
 * Not STRICT, so that a whole number of milliseconds is stored as an integer and a fraction stays one.
 * One index beside the primary key's, because each costs at every insert; ids should begin with the time
 * (UUIDv7), since random ones dirty a page of the primary key's index each.
 */
function m001_requests(db: Database): void {
  db.run(`
    CREATE TABLE requests (
      id TEXT PRIMARY KEY NOT NULL,
      started_at INTEGER NOT NULL, -- epoch milliseconds
      outcome TEXT NOT NULL,
      operation TEXT NOT NULL,
      user_id TEXT,
      client TEXT,
      project TEXT,
      project_key TEXT,
      session_id TEXT,
      key_alias TEXT,
      model TEXT,
      provider TEXT,
      stream INTEGER NOT NULL,
      duration_ms NUMERIC NOT NULL,
      ttft_ms NUMERIC,
      input_tokens INTEGER,
      cache_read_tokens INTEGER,
      cache_write_tokens INTEGER,
      output_tokens INTEGER,
      reasoning_tokens INTEGER,
      cost_usd REAL,
      billed_usd REAL,
      quality REAL,
      status INTEGER NOT NULL,
      error_type TEXT,
      client_version TEXT,
      client_guess INTEGER NOT NULL,
      upstream_model TEXT,
      dialect_in TEXT,
      dialect_out TEXT,
      overhead_ms NUMERIC,
      memory_ms NUMERIC,
      retries INTEGER NOT NULL,
      fallbacks INTEGER NOT NULL,
      cache_write_1h_tokens INTEGER,
      estimated INTEGER NOT NULL,
      price_source TEXT,
      finish_reason TEXT,
      tool_calls INTEGER NOT NULL,
      lossy TEXT, -- JSON array, NULL when empty
      memory_status TEXT,
      memories_injected INTEGER NOT NULL,
      memory_tokens INTEGER NOT NULL,
      detail TEXT NOT NULL, -- JSON: what nobody searches for
      turns_key TEXT
    );
    CREATE INDEX requests_started_at ON requests (started_at);
  `)
}

/**
 * Copies of rows as columns, which reports and searches read (`columns/`). A segment whose rows change is dropped in the same transaction, so that no copy is ever wrong;
 * quality, which comes after its row, is dropped alone. The columns of old rows are made while serving.
 */
function m002_columns(db: Database): void {
  const segment = "(SELECT max(first) FROM segments WHERE first <= OLD.rowid)"
  db.run(`
    CREATE TABLE words (number INTEGER PRIMARY KEY, word TEXT UNIQUE NOT NULL);
    CREATE TABLE segments (
      first INTEGER PRIMARY KEY, -- rowids, both included
      last INTEGER NOT NULL,
      row_count INTEGER NOT NULL,
      min_at INTEGER NOT NULL, -- of started_at
      max_at INTEGER NOT NULL
    );
    CREATE TABLE row_columns (id INTEGER PRIMARY KEY, bytes BLOB NOT NULL);
    CREATE TRIGGER segment_dropped AFTER DELETE ON segments BEGIN
      DELETE FROM row_columns WHERE id BETWEEN OLD.first * 16 AND OLD.first * 16 + 15;
    END;
    CREATE TRIGGER row_deleted AFTER DELETE ON requests BEGIN
      DELETE FROM segments WHERE first = ${segment} AND last >= OLD.rowid;
    END;
    CREATE TRIGGER row_changed AFTER UPDATE OF started_at, outcome, operation, stream, duration_ms, ttft_ms,
      input_tokens, cache_read_tokens, cache_write_tokens, output_tokens, reasoning_tokens, cost_usd, billed_usd,
      client, user_id, project, project_key, session_id, key_alias, model, provider ON requests BEGIN
      DELETE FROM segments WHERE first = ${segment} AND last >= OLD.rowid;
    END;
    CREATE TRIGGER quality_changed AFTER UPDATE OF quality ON requests BEGIN
      DELETE FROM row_columns WHERE id = ${segment} * 16 + 4 AND EXISTS (
        SELECT 1 FROM segments WHERE first = ${segment} AND last >= OLD.rowid);
    END;
  `)
}

/** What is counted about the quality of each answer, and what people say about it. */
function m003_quality(db: Database): void {
  db.run(`
    ALTER TABLE requests ADD COLUMN signals BLOB; -- see counters.ts
    CREATE TABLE feedback (
      id INTEGER PRIMARY KEY,
      request_id TEXT NOT NULL,
      created_at INTEGER NOT NULL, -- epoch milliseconds
      score REAL NOT NULL, -- -1 to 1
      comment TEXT,
      source TEXT NOT NULL -- api, mcp, dashboard
    );
    CREATE INDEX feedback_request ON feedback (request_id);
  `)
}

/** A segment's signals are a column of their own (`columns/signals.ts`): counts come late and often, and drop nothing else. */
function m004_signal_columns(db: Database): void {
  const segment = "(SELECT max(first) FROM segments WHERE first <= OLD.rowid)"
  db.run(`
    CREATE TRIGGER signals_changed AFTER UPDATE OF signals, overhead_ms, memory_ms, memory_tokens ON requests BEGIN
      DELETE FROM row_columns WHERE id = ${segment} * 16 + 13 AND EXISTS (
        SELECT 1 FROM segments WHERE first = ${segment} AND last >= OLD.rowid);
    END;
  `)
}

/**
 * The columns move to a file of their own (`columns/file.ts`), which whoever makes reports writes. Here is only said which rows are others than they were: one number more
 * for each change, so that a copy made at one knows what it lacks. `identity`: copies are of this ledger and no other.
 */
function m005_changes(db: Database): void {
  db.run(`
    DROP TRIGGER row_deleted;
    DROP TRIGGER row_changed;
    DROP TRIGGER quality_changed;
    DROP TRIGGER signals_changed;
    DROP TABLE row_columns;
    DROP TABLE segments;
    DROP TABLE words;
    CREATE TABLE identity (id TEXT NOT NULL);
    INSERT INTO identity VALUES (hex(randomblob(16)));
    CREATE TABLE changes (number INTEGER PRIMARY KEY, row INTEGER NOT NULL);
    CREATE TRIGGER row_changed AFTER UPDATE ON requests BEGIN INSERT INTO changes (row) VALUES (OLD.rowid); END;
    CREATE TRIGGER row_deleted AFTER DELETE ON requests BEGIN INSERT INTO changes (row) VALUES (OLD.rowid); END;
  `)
}

/** A row's longest text was its steps' names and what it had in common with most others: two numbers of it are its own. */
function m006_details(db: Database): void {
  db.run(`
    ALTER TABLE requests ADD COLUMN sent_ms NUMERIC;
    ALTER TABLE requests ADD COLUMN answered_ms NUMERIC;
    CREATE TABLE details (number INTEGER PRIMARY KEY, text TEXT UNIQUE NOT NULL); -- requests.detail is a text or a number
  `)
}

export const MIGRATIONS: readonly ((db: Database) => void)[] = [
  m001_requests,
  m002_columns,
  m003_quality,
  m004_signal_columns,
  m005_changes,
  m006_details,
]

/**
 * Brings a database up to the newest schema. One that holds rows is copied beside itself first (`ledger.db.before-2`).
 * @throws Error for a database of a newer memproxy, or when a step or the copy fails (nothing is changed then)
 */
export function migrate(db: Database, path: string, steps = MIGRATIONS): void {
  const version = db.query<{ user_version: number }, []>("PRAGMA user_version").get()?.user_version ?? 0
  if (version === steps.length) return
  if (version > steps.length) {
    throw new Error(
      `${path} was written by a newer memproxy (schema ${version}, this one knows ${steps.length}). ` +
        "Use that version, or give --data-dir another directory.",
    )
  }
  if (version > 0) copyAside(db, `${path}.before-${steps.length}`)
  db.transaction(() => {
    for (const step of steps.slice(version)) step(db)
    db.run(`PRAGMA user_version = ${steps.length}`)
  }).immediate()
}

function copyAside(db: Database, copy: string): void {
  if (existsSync(copy)) rmSync(copy) // of an attempt that failed half-way: VACUUM INTO wants a new file
  db.query("VACUUM INTO ?").run(copy)
}
