/** Pages of rows, newest first. A cursor is the place of a page's last row, so that rows arriving meanwhile shift nothing. */
import { type LedgerRow, Refusal } from "../exchange.ts"
import type { LedgerColumns } from "./columns/ledger-columns.ts"
import { type LedgerFilter, spanSql } from "./filter.ts"
import { findRows } from "./find.ts"
import { ROW_COLUMNS, readRow, type StoredRow } from "./rows.ts"
import type { Source } from "./source.ts"

export interface ListQuery extends LedgerFilter {
  cursor?: string | undefined
  /** 1 to 1000, default 50 */
  limit?: number | undefined
}

export interface Page {
  data: LedgerRow[]
  next_cursor: string | null
}

/** Newest first, of a filter that names no more than a span of time: that has an index. @throws Refusal 400 for a cursor that is none of ours */
export function listRows(source: Source, query: ListQuery): Page {
  return pageOf(source, query, spanSql(query))
}

/** Newest first. @throws Refusal 400 for a cursor that is none of ours */
export function searchRows(columns: LedgerColumns, source: Source, query: ListQuery): Page {
  const found = findRows(columns, query, placeOf(query)?.[0] ?? null, limitOf(query) + 1)
  // One text for all lists: the driver keeps every statement it has seen.
  return pageOf(source, query, { where: "rowid IN (SELECT value FROM json_each(?))", values: [JSON.stringify(found)] })
}

function pageOf(source: Source, query: ListQuery, { where, values }: ReturnType<typeof spanSql>): Page {
  const limit = limitOf(query)
  const after = placeOf(query)
  const rows = source.rows<StoredRow>(
    `SELECT ${ROW_COLUMNS} FROM requests WHERE ${where} ${after ? "AND (started_at, id) < (?, ?)" : ""}
     ORDER BY started_at DESC, id DESC LIMIT ?`,
    [...values, ...(after ?? []), limit + 1],
  )
  const last = rows.length > limit ? rows[limit - 1] : undefined
  return { data: rows.slice(0, limit).map(readRow), next_cursor: last ? writeCursor(last.started_at, last.id) : null }
}

const limitOf = ({ limit = 50 }: ListQuery) => Math.min(Math.max(Math.trunc(limit), 1), 1000)

export type Place = [startedAt: number, id: string]

/** Where a page begins; null: at the newest. @throws Refusal 400 for a cursor that is none of ours */
export const placeOf = ({ cursor }: ListQuery): Place | null => (cursor === undefined ? null : readCursor(cursor))

export const writeCursor = (startedAt: number, id: string) =>
  Buffer.from(JSON.stringify([startedAt, id])).toString("base64url")

function readCursor(text: string): Place {
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
    { param: "cursor", code: "invalid_parameter" },
  )
}
