/** The blocks of memory that went out with user turns, kept for when the turns come again. Written behind the request, read before it. */
import type { Database } from "bun:sqlite"
import type { InjectedMemory } from "../exchange.ts"
import { keepRecent } from "../keep-recent.ts"
import { Patience } from "../event-loop/patience.ts"
import { createWriteBehind } from "../event-loop/write-behind.ts"

export interface SentBlock {
  text: string
  tokens: number
  memories: readonly InjectedMemory[]
}
/** A `Namespace` of memory's, and `Place` a `TurnPlace`: a store knows no stage. */
interface Owner {
  readonly userId: string
  readonly projectKey: string | null
}
export interface Turn {
  key: number
  sessionId: string | null
}
export interface Place extends Turn {
  namespace: Owner
}

/** `find` is synchronous and throws what the disk throws; writes are on disk within 50 ms. */
export interface SentBlockStore {
  /** In the order of `turns`: what the turn of its session carried, else what a turn alike of another carried last, else null. */
  find(namespace: Owner, turns: readonly Turn[]): (SentBlock | null)[]
  /** Likewise, for while the disk gives nothing: the newest this process knows of, from memory. */
  findRecent(namespace: Owner, turns: readonly Turn[]): (SentBlock | null)[]
  put(place: Place, block: SentBlock): void
  /** The turn goes out without one now, whether it had one or not. */
  remove(place: Place): void
  /** Writes what is queued: then this memory may be removed, or any where none is named, and the blocks that hold it with it. @throws what the disk throws */
  settle(memoryId?: string): void
  /** Writes what is queued. @throws what the disk throws */
  flush(): void
  /** Tries once more to write the rest. */
  close(): void
}

export interface SentBlockOptions {
  /** @throws what the disk throws */
  use: <T>(act: (db: Database) => T) => T
  /** damage of the database that nobody was told of yet */
  takeDamage?: () => unknown
  /** epoch milliseconds */
  clock: () => number
  warn: (message: string) => void
  patience?: Patience
}

/** A block that holds a forgotten memory goes with it, whoever deletes it and in which process: the database itself sees to that. */
export function createSentBlockTables(db: Database): void {
  db.run(`
    CREATE TABLE sent_blocks (
      id INTEGER PRIMARY KEY,
      turn_key INTEGER NOT NULL, -- stands for a user turn and all before it
      session_id TEXT NOT NULL, -- '' where there is none, as below: NULLs are never equal
      user_id TEXT NOT NULL,
      project_key TEXT NOT NULL,
      sent_at INTEGER NOT NULL, -- epoch milliseconds
      tokens INTEGER NOT NULL,
      text TEXT NOT NULL,
      memories TEXT NOT NULL, -- JSON: id, score, why, tokens
      UNIQUE (turn_key, session_id, user_id, project_key)
    );
    CREATE INDEX sent_blocks_sent_at ON sent_blocks (sent_at);
    CREATE TABLE sent_block_memories (
      memory_id TEXT NOT NULL,
      block_id INTEGER NOT NULL,
      PRIMARY KEY (memory_id, block_id)
    ) WITHOUT ROWID;
    CREATE INDEX sent_block_memories_block ON sent_block_memories (block_id);
    CREATE TRIGGER sent_blocks_gone AFTER DELETE ON sent_blocks BEGIN
      DELETE FROM sent_block_memories WHERE block_id = old.id;
    END;
  `)
}

const KEPT_MS = 30 * 24 * 3600 * 1000
const FLUSH_AFTER_MS = 20
const RETRY_MS = 500
/** What waits for a disk that will not: past it the oldest is given up. */
const MOST_WAITING = 10_000
/** Some 4 MB. */
const MOST_RECENT = 1_000
/** Of a slow disk. */
const FEW = 16
const PURGE_EVERY_MS = 3600 * 1000

/** In no order: with an ORDER BY, SQLite plans a statement anew at each call. */
const find = (keys: string) => `SELECT turn_key, session_id, sent_at, text, tokens, memories FROM sent_blocks
  WHERE turn_key ${keys} AND user_id = ? AND project_key = ? AND sent_at > ?`
const FIND_ONE = find("= ?")
const FIND_ALL = find("IN (SELECT value FROM json_each(?))")
const FIRST_KEYS = 64
/** Piece by piece: on a slow disk nobody waits for all of them. */
const NEXT_KEYS = "SELECT turn_key FROM sent_blocks WHERE turn_key > ? ORDER BY turn_key LIMIT ?"
/** Past so many, 20 MB, the database is asked about every turn. */
const MOST_KNOWN = 500_000

interface Row {
  turn_key: number
  session_id: string
  sent_at: number
  text: string
  tokens: number
  memories: string
}

/** The last of a turn's rows counts: its session's, else the newest of another. */
function byRank(turns: readonly Turn[]) {
  const sessions = new Map(turns.map(({ key, sessionId }) => [key, sessionId ?? ""]))
  const isOwn = ({ turn_key, session_id }: Row) => Number(session_id === sessions.get(turn_key))
  return (one: Row, other: Row) => isOwn(one) - isOwn(other) || one.sent_at - other.sent_at
}

export function createSentBlocks({
  use,
  takeDamage = () => null,
  clock,
  warn,
  patience = new Patience(),
}: SentBlockOptions): SentBlockStore {
  const waiting = new Map<string, { place: Place; block: SentBlock | null }>()
  let purgedAt = Number.NEGATIVE_INFINITY
  /** the keys of all turns that may have a block: most turns have none, and need not be looked for */
  const known = new Set<number>()
  /** in their order, read so far; null: all */
  let knownTo: number | null = Number.MIN_SAFE_INTEGER
  /** the newest that were put or found: a request is often sent again, and the disk may rest */
  const recent = new Map<string, SentBlock>()

  function knownKeys(): Set<number> {
    for (let most = FIRST_KEYS; knownTo !== null; most *= 2) {
      const rows = use((db) => db.query<unknown, [number, number]>(NEXT_KEYS).values(knownTo!, most)) as [number][]
      for (const [key] of rows) known.add(key)
      knownTo = rows.length < most || known.size > MOST_KNOWN ? null : rows.at(-1)![0]
    }
    return known
  }

  function mayHave(key: number): boolean {
    const keys = knownKeys()
    return keys.size > MOST_KNOWN || keys.has(key)
  }

  function queue(id: string, place: Place, block: SentBlock | null): void {
    keepRecent(waiting, id, { place, block }, MOST_WAITING)
    known.add(place.key)
    behind.plan()
  }

  function flush(most = MOST_WAITING): void {
    if (waiting.size === 0) return
    const batch = [...waiting].slice(0, most)
    const now = clock()
    const isPurging = now - purgedAt >= PURGE_EVERY_MS
    use((db) =>
      db
        .transaction(() => {
          for (const [, { place, block }] of batch) write(db, place, block, now)
          if (isPurging) db.query("DELETE FROM sent_blocks WHERE sent_at <= ?").run(now - KEPT_MS)
        })
        .immediate(),
    )
    for (const [id] of batch) waiting.delete(id)
    if (isPurging) purgedAt = now
  }

  const behind = createWriteBehind({
    afterMs: FLUSH_AFTER_MS,
    retryMs: RETRY_MS,
    patience,
    write() {
      flush(patience.isStrained ? FEW : MOST_WAITING)
      return waiting.size > 0
    },
    failed: (error) =>
      warn(`the blocks of memory that were sent cannot be written (${String(error)}); it is tried again`),
  })

  return {
    find(namespace, turns) {
      const damage = takeDamage()
      if (damage) throw damage
      const { userId, projectKey } = namespace
      knownKeys() // a disk that gives nothing says so at once
      const asked = turns.filter(({ key }) => mayHave(key))
      const found = new Map<number, SentBlock | null>()
      if (asked.length > 0) {
        const keys = asked.map(({ key }) => key)
        const [sql, key] = keys.length === 1 ? [FIND_ONE, keys[0]!] : [FIND_ALL, JSON.stringify(keys)]
        const values = [key, userId, projectKey ?? "", clock() - KEPT_MS]
        const rows = use((db) => db.query<Row, (string | number)[]>(sql).all(...values))
        if (rows.length > 1) rows.sort(byRank(asked))
        for (const { turn_key, text, tokens, memories } of rows)
          found.set(turn_key, { text, tokens, memories: JSON.parse(memories) as InjectedMemory[] })
      }
      for (const turn of asked) {
        const id = placeId({ namespace, ...turn })
        const late = waiting.get(id)
        if (late) found.set(turn.key, late.block)
        const block = found.get(turn.key)
        if (block) keepRecent(recent, id, block, MOST_RECENT)
        else recent.delete(id)
      }
      return turns.map(({ key }) => found.get(key) ?? null)
    },
    findRecent: (namespace, turns) => turns.map((turn) => recent.get(placeId({ namespace, ...turn })) ?? null),
    put(place, block) {
      const id = placeId(place)
      const known = recent.get(id)
      keepRecent(recent, id, block, MOST_RECENT)
      if (!known || !isSame(known, block)) queue(id, place, block) // else the same request again: nothing to write
    },
    remove(place) {
      const id = placeId(place)
      recent.delete(id)
      if (mayHave(place.key)) queue(id, place, null)
    },
    settle(memoryId) {
      for (const [id, { memories }] of recent)
        if (memoryId === undefined || memories.some((one) => one.id === memoryId)) recent.delete(id)
      flush()
    },
    flush: () => flush(),
    close() {
      behind.stop()
      try {
        flush()
      } catch (error) {
        warn(`${waiting.size} blocks of memory that were sent are not kept: ${String(error)}`)
      }
    },
  }
}

const isSame = (one: SentBlock, other: SentBlock) =>
  one.text === other.text && one.memories.every(({ id }, at) => id === other.memories[at]?.id)

const placeId = ({ namespace: { userId, projectKey }, sessionId, key }: Place) =>
  JSON.stringify([key, sessionId, userId, projectKey])

function write(db: Database, { namespace, sessionId, key }: Place, block: SentBlock | null, sentAt: number): void {
  const where = [key, sessionId ?? "", namespace.userId, namespace.projectKey ?? ""] as const
  db.query("DELETE FROM sent_blocks WHERE turn_key = ? AND session_id = ? AND user_id = ? AND project_key = ?").run(
    ...where,
  )
  if (!block) return
  const { lastInsertRowid } = db
    .query(
      `INSERT INTO sent_blocks (turn_key, session_id, user_id, project_key, sent_at, tokens, text, memories)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
    )
    .run(...where, sentAt, block.tokens, block.text, JSON.stringify(block.memories))
  const link = db.query("INSERT OR IGNORE INTO sent_block_memories VALUES (?, ?)")
  for (const { id } of block.memories) link.run(id, lastInsertRowid)
}
