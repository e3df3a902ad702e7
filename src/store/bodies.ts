/** `bodies.db`: what was asked, what was sent and what was answered, where the file says to keep it. Written behind the request; compressed. What may be in it, its caller decides. */
import type { Database } from "bun:sqlite"
import { existsSync } from "node:fs"
import { join } from "node:path"
import { openLazily } from "./lazy-database.ts"
import { createWriteBehind } from "../event-loop/write-behind.ts"

/** Texts as they went over the wire; null: there was none. */
export interface Bodies {
  /** from the client */
  request: string | null
  /** to the provider, with memory in it; the same as `request` where nothing was changed */
  sent: string | null
  /** from the provider, streams as their events */
  answer: string | null
  /** one of them was longer and was cut off */
  truncated: boolean
}

export interface BodyStore {
  /** `read` is called when it is written, a moment later. */
  put(id: string, at: number, read: () => Bodies): void
  get(id: string): Bodies | null
  /** Those of requests that began before; at most `most` at once. @returns how many went */
  deleteBefore(at: number, most: number): number
  close(): void
}

const FLUSH_AFTER_MS = 20
const RETRY_MS = 1_000
/** Bodies are large: more than these do not wait for a disk that will not. */
const MOST_WAITING = 200
/** Compressing and writing a few takes a millisecond. */
const AT_ONCE = 4

function createBodyTable(db: Database): void {
  db.run(`
    CREATE TABLE bodies (
      id TEXT PRIMARY KEY NOT NULL,
      at INTEGER NOT NULL, -- epoch milliseconds
      truncated INTEGER NOT NULL,
      request BLOB, -- zstd, as all of them
      sent BLOB, -- NULL where it is the request
      answer BLOB,
      is_sent INTEGER NOT NULL
    );
    CREATE INDEX bodies_at ON bodies (at);
  `)
}

interface Row {
  truncated: number
  request: Uint8Array | null
  sent: Uint8Array | null
  answer: Uint8Array | null
  is_sent: number
}

export function openBodies(dir: string, warn: (message: string) => void): BodyStore {
  const path = join(dir, "bodies.db")
  const database = openLazily(path, [createBodyTable], "file of bodies", warn)
  let waiting: { id: string; at: number; read: () => Bodies }[] = []

  function flush(most: number): void {
    const some = waiting.slice(0, most)
    if (some.length === 0) return
    database.use((db) =>
      db.transaction(() => some.forEach(({ id, at, read }) => write(db, id, at, read()))).immediate(),
    )
    waiting = waiting.slice(some.length)
  }

  const behind = createWriteBehind({
    afterMs: FLUSH_AFTER_MS,
    retryMs: RETRY_MS,
    write() {
      flush(AT_ONCE)
      return waiting.length > 0
    },
    failed: (error) =>
      warn(`bodies cannot be written (${String(error)}): up to ${MOST_WAITING} wait, later ones are left out`),
  })

  return {
    put(id, at, read) {
      if (waiting.length >= MOST_WAITING) return
      waiting.push({ id, at, read })
      behind.plan()
    },
    get(id) {
      const queued = waiting.find((one) => one.id === id)
      if (queued) return queued.read()
      if (!existsSync(path)) return null
      const row = database.use((db) => db.query<Row, [string]>("SELECT * FROM bodies WHERE id = ?").get(id))
      if (!row) return null
      const request = unpack(row.request)
      const sent = row.is_sent ? (unpack(row.sent) ?? request) : null
      return { request, sent, answer: unpack(row.answer), truncated: row.truncated === 1 }
    },
    deleteBefore(at, most) {
      if (!existsSync(path)) return 0
      const sql = "DELETE FROM bodies WHERE id IN (SELECT id FROM bodies WHERE at < ? ORDER BY at LIMIT ?)"
      return database.use((db) => db.query(sql).run(at, most).changes)
    },
    close() {
      behind.stop()
      try {
        flush(MOST_WAITING)
      } catch (error) {
        warn(`${waiting.length} bodies could not be written and are lost: ${String(error)}`)
      }
      database.close()
    },
  }
}

function write(db: Database, id: string, at: number, { request, sent, answer, truncated }: Bodies): void {
  const own = sent === request ? null : pack(sent)
  db.query(
    `INSERT INTO bodies (id, at, truncated, request, sent, answer, is_sent) VALUES (?, ?, ?, ?, ?, ?, ?)
     ON CONFLICT (id) DO NOTHING`,
  ).run(id, at, truncated, pack(request), own, pack(answer), sent !== null)
}

const pack = (text: string | null) => (text === null ? null : Bun.zstdCompressSync(Buffer.from(text)))
const unpack = (bytes: Uint8Array | null) => (bytes === null ? null : Bun.zstdDecompressSync(bytes).toString())
