/** Which rows are meant, as SQL. The same of rows as columns is `columns/match.ts`. */
import type { Outcome } from "../exchange.ts"
import type { Values } from "./source.ts"

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
