/** Pages of rows, newest first. A cursor is the place of a page's last row, so that rows arriving meanwhile shift nothing. */
import { type LedgerRow, Refusal } from "../exchange.ts"
import { isSelective } from "./columns/match.ts"
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

/** Newest first. @throws Refusal 400 for a cursor that is none of ours */
export async function listRows(source: Source, query: ListQuery): Promise<Page> {
  const limit = Math.min(Math.max(Math.trunc(query.limit ?? 50), 1), 1000)
  const after = query.cursor === undefined ? null : readCursor(query.cursor)
  const { where, values } = await conditions(source, query, after, limit)
  const rows = source.rows<StoredRow>(
    `SELECT ${ROW_COLUMNS} FROM requests WHERE ${where} ${after ? "AND (started_at, id) < (?, ?)" : ""}
     ORDER BY started_at DESC, id DESC LIMIT ?`,
    [...values, ...(after ?? []), limit + 1],
  )
  const last = rows.length > limit ? rows[limit - 1] : undefined
  return { data: rows.slice(0, limit).map(readRow), next_cursor: last ? writeCursor(last.started_at, last.id) : null }
}

/** A span of time has an index; what else is filtered by is looked up in the columns first. */
async function conditions(source: Source, query: ListQuery, after: Place | null, limit: number) {
  if (!isSelective(query)) return spanSql(query)
  const found = await findRows(source.values, query, after?.[0] ?? null, limit + 1)
  // One text for all lists: the driver keeps every statement it has seen.
  return { where: "rowid IN (SELECT value FROM json_each(?))", values: [JSON.stringify(found)] }
}

type Place = [startedAt: number, id: string]

/** The place after a row, for the page that begins there. */
export const cursorOf = (row: Pick<LedgerRow, "started_at" | "id">) => writeCursor(Date.parse(row.started_at), row.id)

const writeCursor = (startedAt: number, id: string) =>
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
    {
      param: "cursor",
      code: "invalid_parameter",
    },
  )
}
