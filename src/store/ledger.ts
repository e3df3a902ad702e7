/** The ledger: one row for every exchange. What others may ask of it, and SQLite behind it. It decides nothing about a request. */
import type { Database } from "bun:sqlite"
import type { Patience } from "../event-loop/patience.ts"
import { type LedgerDetail, type LedgerRow, type Project, Refusal } from "../exchange.ts"
import type { ClientUse } from "./clients.ts"
import { isSelective } from "./columns/match.ts"
import type { LedgerFilter } from "./filter.ts"
import type { ReportThread } from "./report-thread.ts"
import type { Query, Report, ReportName } from "./reports.ts"
import type { Source, Values } from "./source.ts"
import { addCounts, type Counts } from "./counters.ts"
import { codeOf, isDamage, isOfTheDisk } from "./database.ts"
import { type Feedback, feedbackOn, rate } from "./feedback.ts"
import { createInserter, type Inserter } from "./inserter.ts"
import { addToRow, createLateCounts, type ScoreOf } from "./late-counts.ts"
import { type ListQuery, listRows, type Page, placeOf } from "./list.ts"
import { ENTRY_COLUMNS, type LedgerEntry, readEntry, type StoredEntry } from "./rows.ts"
import type { QualityQuery } from "./quality.ts"
import type { SessionPage } from "./sessions.ts"
import type { UsageQuery, UsageReport } from "./usage.ts"
import { createWriter, type Queued, type WriterHealth } from "./writer.ts"

/**
 * Reads are promises, and write what is queued first, so that they see every row appended before them.
 * @throws Refusal 503 from a read when the disk gives nothing
 */
export interface Ledger {
  /** Takes a row in less than a microsecond. It is on disk at most 50 ms later; an id that is there already is not written twice. */
  append(row: LedgerRow, detail: LedgerDetail): void
  /** Rows that were written without a project get it after all. What fails is warned of: a row without a project is no harm. */
  nameProject(ids: readonly string[], project: Project): Promise<void>
  flush(): Promise<void>
  /** @throws Refusal 400 for a foreign cursor */
  list(query: ListQuery): Promise<Page>
  get(id: string): Promise<(LedgerEntry & { feedback: ReturnType<typeof feedbackOn> }) | null>
  usage(query: UsageQuery): Promise<UsageReport>
  /** The same as JSON: with thousands of groups it is too much to be read and written again by the thread that serves requests. */
  usageJson(query: UsageQuery): Promise<Uint8Array<ArrayBuffer>>
  clients(filter: LedgerFilter): Promise<ClientUse[]>
  /** @throws Refusal 400 for a foreign cursor */
  sessions(query: ListQuery): Promise<SessionPage>
  /** Adds to what a row counts, and scores it anew: at once while it is queued, else within 50 ms. */
  count(id: string, more: Counts): void
  /** Calls `act` before rows are written: what it counts of them goes to disk with them. `act` must be quick. */
  beforeWrite(act: () => void): void
  /** Keeps what a person says of an answer, and counts it. @returns the request's id. @throws Refusal 404 where there is no such answer */
  rate(feedback: Feedback): Promise<string>
  /** What `/api/quality` says, but for what only this thread knows, as JSON. */
  qualityJson(query: QualityQuery): Promise<Uint8Array<ArrayBuffer>>
  /**
   * Deletes rows that began before `at` (epoch milliseconds), the oldest `most` of them; 0 when none is left, and then no name that only they had.
   * @returns how many went
   */
  deleteBefore(at: number, most: number): Promise<number>
  /** Calls `listener` with each row once it is on disk, until the function returned is called. `listener` must be quick. */
  subscribe(listener: (row: LedgerRow, detail: LedgerDetail) => void): () => void
  health(): WriterHealth
  close(): Promise<void>
}

export interface LedgerOptions {
  /** opens the database, waiting so long for a lock on it; called again after `setAside` and when it failed before */
  open: (waitMs: number) => Database
  /** where reports are made */
  reports: ReportThread
  /** takes a damaged database out of the way */
  setAside: (cause: unknown) => void
  warn: (message: string) => void
  scoreOf: ScoreOf
  patience?: Patience
}

/** Only the start waits for a lock: a writer that finds the database locked while serving queues its rows instead. */
const OPEN_WAIT_MS = 2_000

/** @throws Error when the database is one of a newer memproxy, or may not be opened at all */
export function createLedger(options: LedgerOptions): Ledger {
  const { reports } = options
  let connection: Connection | null = openFirst(options)
  let isClosed = false
  /** no word is left of rows that were deleted */
  let hasForgotten = true
  const listeners = new Set<(row: LedgerRow, detail: LedgerDetail) => void>()
  let beforeWrite = () => {}
  const writer = createWriter({
    before: () => beforeWrite(),
    write: (rows) => withDatabase(({ insert }) => insert(rows)),
    written: announce,
    checkpoint: () => withDatabase(({ db }) => db.run("PRAGMA wal_checkpoint(PASSIVE)")),
    warn: options.warn,
    patience: options.patience,
  })

  const late = createLateCounts((waiting) => {
    withDatabase(({ db }) =>
      db.transaction(() => waiting.forEach((more, id) => addToRow(db, id, more, options.scoreOf))).immediate(),
    )
    reports.changed(waiting.size)
  }, options.warn)

  /** What is read has everything in it that was said before. */
  async function flush(): Promise<void> {
    await writer.flush()
    late.flush()
  }

  /** A file found damaged is set aside and `act` done on a fresh one: an unreadable past must not stop the present. */
  function withDatabase<T>(act: (connection: Connection) => T): T {
    if (isClosed) throw new Error("the ledger is closed")
    try {
      connection ??= connect(options.open(0))
      return act(connection)
    } catch (error) {
      if (!isDamage(error)) throw error
      return act(replace(error))
    }
  }

  function replace(cause: unknown): Connection {
    connection?.close()
    connection = null
    reports.restart()
    options.setAside(cause)
    return (connection = connect(options.open(0)))
  }

  function reading<T>(act: (connection: Connection) => T): T {
    try {
      return withDatabase(act)
    } catch (cause) {
      if (!isOfTheDisk(cause)) throw cause
      const why = "The ledger cannot be read at the moment: its disk is full, locked or failing. Try again."
      throw new Refusal(503, "unavailable", why, { cause })
    }
  }

  const source: Source = {
    values: (sql, values) => reading(({ db }) => db.query(sql).values(...values)),
    rows: <T>(sql: string, values: Values) => reading(({ db }) => db.query<T, Values>(sql).all(...values)),
  }
  if (connection) reports.opened(newestRowid(connection.db))
  reports.onApplied(forgetChanges)

  /** A few at a time, so that no request waits. */
  function forgetChanges(applied: number): void {
    if (isClosed) return
    try {
      const { changes } = withDatabase(({ db }) => db.query(FORGET_CHANGES).run(applied))
      if (changes === CHANGES_AT_ONCE) setTimeout(forgetChanges, PAUSE_MS, applied).unref()
    } catch (error) {
      options.warn(`numbers of changes in the ledger are kept for longer than need be: ${String(error)}`)
    }
  }

  async function json(name: ReportName, query: Query<ReportName>): Promise<Uint8Array<ArrayBuffer>> {
    await flush()
    try {
      return await reports.report(name, query).catch((error: unknown) => {
        if (!isDamage(error)) throw error
        replace(error)
        return reports.report(name, query)
      })
    } catch (cause) {
      const why = "The report cannot be made at the moment: the ledger's disk is full, locked or failing. Try again."
      throw new Refusal(503, "unavailable", why, { cause })
    }
  }

  const report = async <N extends ReportName>(name: N, query: Query<N>) =>
    JSON.parse(new TextDecoder().decode(await json(name, query))) as Report<N>

  function announce(rows: readonly Queued[]): void {
    reports.changed(rows.length)
    if (listeners.size === 0) return
    for (const [row, detail] of rows) {
      for (const listener of listeners) {
        try {
          listener(row, detail)
        } catch (error) {
          listeners.delete(listener)
          options.warn(`a listener of the ledger failed and is no longer called: ${String(error)}`)
        }
      }
    }
  }

  return {
    append: writer.push,
    nameProject: async (ids, { name, key }) => {
      await writer.flush()
      try {
        withDatabase(({ db }) => {
          const update = db.query("UPDATE requests SET project = ?, project_key = ? WHERE id = ? AND project IS NULL")
          for (const id of ids) update.run(name, key, id)
        })
      } catch (error) {
        options.warn(`${ids.length} ledger rows stay without their project: ${String(error)}`)
      }
    },
    flush,
    health: writer.health,
    count: (id, more) => {
      const queued = writer.waiting(id)
      if (!queued) return late.add(id, more)
      const [row, detail] = queued
      detail.signals = addCounts(detail.signals, more)
      row.quality = options.scoreOf(detail.signals)
    },
    beforeWrite: (act) => void (beforeWrite = act),
    rate: async (feedback) => {
      await flush()
      return reading(({ db }) => rate(db, feedback, options.scoreOf))
    },
    qualityJson: (query) => json("quality", query),
    list: async (query) => {
      placeOf(query) // a foreign cursor is refused here
      if (isSelective(query)) return report("search", query)
      await flush()
      return listRows(source, query)
    },
    get: async (id) => {
      await flush()
      return reading(({ db }) => {
        const stored = db.query<StoredEntry, [string]>(SELECT_ENTRY).get(id)
        return stored && { ...readEntry(stored), feedback: feedbackOn(db, id) }
      })
    },
    usage: (query) => report("usage", query),
    usageJson: (query) => json("usage", query),
    clients: (filter) => report("clients", filter),
    sessions: async (query) => {
      placeOf(query)
      return report("sessions", query)
    },
    deleteBefore: async (at, most) => {
      const gone = withDatabase(({ db }) => db.transaction(() => deleteRows(db, at, most)).immediate())
      reports.changed(gone)
      hasForgotten &&= gone === 0
      if (gone === 0 && !hasForgotten) {
        await reports.forgetWords()
        hasForgotten = true
      }
      return gone
    },
    subscribe: (listener) => {
      listeners.add(listener)
      return () => void listeners.delete(listener)
    },
    close: async () => {
      await writer.close()
      late.close()
      listeners.clear()
      isClosed = true
      await reports.close() // before the ledger: who closes it last moves its log into it, and a reader cannot
      connection?.close()
      connection = null
    },
  }
}

function deleteRows(db: Database, at: number, most: number): number {
  const ids = db
    .query<{ id: string }, [number, number]>("SELECT id FROM requests WHERE started_at < ? ORDER BY started_at LIMIT ?")
    .all(at, most)
  for (const { id } of ids) {
    db.query("DELETE FROM feedback WHERE request_id = ?").run(id)
    db.query("DELETE FROM requests WHERE id = ?").run(id)
  }
  return ids.length
}

const CHANGES_AT_ONCE = 500
const PAUSE_MS = 5
/** The newest number stays: the next one is one more. */
const FORGET_CHANGES = `DELETE FROM changes WHERE number IN (SELECT number FROM changes
  WHERE number <= ? AND number < (SELECT max(number) FROM changes) LIMIT ${CHANGES_AT_ONCE})`

const newestRowid = (db: Database) =>
  db.query<{ newest: number }, []>("SELECT coalesce(max(rowid), 0) AS newest FROM requests").get()!.newest

const SELECT_ENTRY = `SELECT ${ENTRY_COLUMNS} FROM requests WHERE id = ?`

/** A disk that is full or locked at the start is like one that becomes so later: rows wait. */
function openFirst(options: LedgerOptions): Connection | null {
  try {
    return connect(options.open(OPEN_WAIT_MS))
  } catch (error) {
    // SQLITE_ERROR: a database, but not ours. Somebody has to look at that.
    if (!isOfTheDisk(error) || codeOf(error) === "SQLITE_ERROR") throw error
    options.warn(`the ledger cannot be opened yet (${String(error)}): requests go on, their rows wait in memory`)
    return null
  }
}

interface Connection extends Inserter {
  db: Database
}

function connect(db: Database): Connection {
  const { insert, close } = createInserter(db)
  return {
    db,
    insert,
    close() {
      close()
      db.close()
    },
  }
}
