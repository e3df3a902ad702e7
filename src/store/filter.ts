/** Which rows are meant. The span of time as SQL, which has an index; all of it on rows as columns is `columns/match.ts`. */
import type { Outcome } from "../exchange.ts"
import type { Values } from "./source.ts"

/** `from` (inclusive) and `to` (exclusive) are epoch milliseconds of `started_at`. Absent: not filtered by; null: rows where it is not known. */
export interface LedgerFilter {
  from?: number | undefined
  to?: number | undefined
  client?: string | null | undefined
  userId?: string | null | undefined
  /** display name or key */
  project?: string | null | undefined
  sessionId?: string | null | undefined
  model?: string | null | undefined
  key?: string | null | undefined
  outcome?: Outcome | undefined
  errorType?: string | null | undefined
}

/** Conditions joined by AND, with a `?` for each value: no value is ever part of the SQL text. */
export function spanSql({ from, to }: LedgerFilter): { where: string; values: Values } {
  const where = [
    "1",
    ...(from === undefined ? [] : ["started_at >= ?"]),
    ...(to === undefined ? [] : ["started_at < ?"]),
  ]
  return { where: where.join(" AND "), values: [from, to].filter((one) => one !== undefined) }
}
