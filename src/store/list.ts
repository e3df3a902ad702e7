/** Which rows are meant: filters as SQL, and cursors for paging by key, so that rows arriving meanwhile shift nothing. */
import type { Database } from "bun:sqlite"
import { type LedgerRow, type Outcome, Refusal } from "../exchange.ts"
import { ROW_COLUMNS, readRow, type StoredRow } from "./rows.ts"

/** `from` (inclusive) and `to` (exclusive) are epoch milliseconds of `started_at`. Absent: not filtered by. */
export interface LedgerFilter {
  from?: number | undefined
  to?: number | undefined
  client?: string | undefined
  userId?: string | undefined
  /** display name or key */
  project?: string | undefined
  sessionId?: string | undefined
  model?: string | undefined
  key?: string | undefined
  outcome?: Outcome | undefined
}

export interface ListQuery extends LedgerFilter {
  cursor?: string | undefined
  /** 1 to 1000, default 50 */
  limit?: number | undefined
}

export interface Page {
  data: LedgerRow[]
  next_cursor: string | null
}

export type Values = (string | number)[]

/** Conditions joined by AND, with a `?` for each value: no value is ever part of the SQL text. */
export function filterSql(filter: LedgerFilter): { where: string; values: Values } {
  const where = ["1"]
  const values: Values = []
  const add = (condition: string, ...given: (string | number | undefined)[]) => {
    if (given[0] === undefined) return
    where.push(condition)
    for (const value of given) if (value !== undefined) values.push(value)
  }
  add("started_at >= ?", filter.from)
  add("started_at < ?", filter.to)
  add("client = ?", filter.client)
  add("user_id = ?", filter.userId)
  add("(project = ? OR project_key = ?)", filter.project, filter.project)
  add("session_id = ?", filter.sessionId)
  add("model = ?", filter.model)
  add("key_alias = ?", filter.key)
  add("outcome = ?", filter.outcome)
  return { where: where.join(" AND "), values }
}

/** Newest first. @throws Refusal 400 for a cursor that is none of ours */
export function listRows(db: Database, query: ListQuery): Page {
  const { where, values } = filterSql(query)
  const limit = Math.min(Math.max(Math.trunc(query.limit ?? 50), 1), 1000)
  const after = query.cursor === undefined ? null : readCursor(query.cursor)
  const rows = db
    .query<StoredRow, Values>(
      `SELECT ${ROW_COLUMNS} FROM requests WHERE ${where} ${after ? "AND (started_at, id) < (?, ?)" : ""}
       ORDER BY started_at DESC, id DESC LIMIT ?`,
    )
    .all(...values, ...(after ?? []), limit + 1)
  const last = rows.length > limit ? rows[limit - 1] : undefined
  return { data: rows.slice(0, limit).map(readRow), next_cursor: last ? writeCursor(last.started_at, last.id) : null }
}

const writeCursor = (startedAt: number, id: string) =>
  Buffer.from(JSON.stringify([startedAt, id])).toString("base64url")

function readCursor(text: string): [number, string] {
  try {
    const parts: unknown = JSON.parse(Buffer.from(text, "base64url").toString())
    if (Array.isArray(parts) && typeof parts[0] === "number" && typeof parts[1] === "string")
      return [parts[0], parts[1]]
  } catch {
    // not JSON: refused below like any other foreign text
  }
  throw new Refusal(
    400,
    "invalid_request",
    "cursor must be a next_cursor of an earlier answer; leave it out to begin at the newest.",
    {
      param: "cursor",
      code: "invalid_parameter",
    },
  )
}
