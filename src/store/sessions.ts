/** `/api/sessions`: conversations, the one with the newest request first. Which rows belong to one is the pipeline's finding; here they are summed. */
import { createMatcher } from "./columns/match.ts"
import { piecesOf, rangesOf } from "./columns/pieces.ts"
import { openWords } from "./columns/words.ts"
import type { LedgerFilter } from "./filter.ts"
import { cursorOf, type ListQuery, listRows } from "./list.ts"
import type { Source } from "./source.ts"

export interface Session {
  session_id: string
  client: string | null
  user_id: string | null
  project: string | null
  model: string | null
  /** of the first and the newest request */
  started_at: string
  last_at: string
  requests: number
  errors: number
  input_tokens: number
  cache_read_tokens: number
  output_tokens: number
  /** of the rows with a known price; null when there are only rows without */
  cost_usd: number | null
  memories_injected: number
  quality: number | null
}

export interface SessionPage {
  data: Session[]
  next_cursor: string | null
}

const ROWS_AT_ONCE = 500
/** A page looks no further back than this many requests; its cursor goes on from there. */
const MOST_ROWS = 5_000
const PIECES_AT_ONCE = 16

/** The filter says which requests a session must have; its sums are of all its requests. @throws Refusal 400 for a foreign cursor */
export async function listSessions(source: Source, query: ListQuery): Promise<SessionPage> {
  const limit = query.limit ?? 25
  /** by id, the newest row that matches */
  const found = new Map<string, { id: string; at: number }>()
  let { cursor } = query
  let next: string | null = null
  for (let scanned = 0; scanned < MOST_ROWS && found.size < limit; scanned += ROWS_AT_ONCE) {
    const page = await listRows(source, { ...query, cursor, limit: ROWS_AT_ONCE })
    next = page.next_cursor
    for (const row of page.data) {
      if (row.session_id === null || found.has(row.session_id)) continue
      found.set(row.session_id, { id: row.id, at: Date.parse(row.started_at) })
      if (found.size === limit) {
        next = cursorOf(row)
        break
      }
    }
    if (next === null) break
    cursor = next
  }
  const rows = await findSessions(source, query, [...found.keys()])
  // One whose newest row is another one was on an earlier page.
  const isFirst = ([id, { at }]: [string, { at: number }]) => query.cursor === undefined || rows.get(id)!.newest <= at
  const shown = [...found].filter(isFirst).map(([id]) => id)
  return { data: sumSessions(source, shown, rows), next_cursor: next }
}

interface SessionRows {
  rowids: number[]
  /** start of its first row, epoch milliseconds */
  first: number
  /** start of the newest row that matches the filter */
  newest: number
}

/** The rows of these sessions (of the filter's user, where it names one), in one walk through the ledger's columns. */
async function findSessions(
  { values }: Source,
  filter: LedgerFilter,
  ids: readonly string[],
): Promise<ReadonlyMap<string, SessionRows>> {
  const words = openWords(values)
  const matches = createMatcher(filter, words)
  const isOwn = createMatcher({ userId: filter.userId }, words)
  const byNumber = new Map<number, SessionRows>()
  for (const id of ids) byNumber.set(words.numberOf(id), { rowids: [], first: Infinity, newest: -Infinity })
  let pieces = 0
  for (const range of rangesOf(values))
    for (const columns of piecesOf(values, range, words)) {
      const sessions = columns.dimension("session_id")
      // Most pieces hold none of them: what else is needed of one is read when there is.
      const read = () => ({
        own: isOwn(columns),
        matched: matches(columns),
        at: columns.at(),
        rowids: columns.rowids(),
      })
      let piece: ReturnType<typeof read> | null = null
      for (let index = 0; index < columns.rows; index++) {
        const session = byNumber.get(sessions[index]!)
        if (!session) continue
        const { own, matched, at, rowids } = (piece ??= read())
        if (own?.[index] === 0) continue
        session.rowids.push(rowids[index]!)
        session.first = Math.min(session.first, at[index]!)
        if (matched?.[index] !== 0) session.newest = Math.max(session.newest, at[index]!)
      }
      if (++pieces % PIECES_AT_ONCE === 0) await new Promise((resume) => setImmediate(resume))
    }
  return new Map(ids.map((id) => [id, byNumber.get(words.numberOf(id))!]))
}

function sumSessions(source: Source, ids: readonly string[], rows: ReadonlyMap<string, SessionRows>): Session[] {
  const sums = source.rows<Omit<Session, "started_at" | "last_at"> & { last: number }>(
    // SQLite takes the bare columns from the row that has the one MAX. https://sqlite.org/lang_select.html#bareagg
    `SELECT session_id, client, user_id, project, model, MAX(started_at) AS last,
       COUNT(*) AS requests, SUM(outcome IN ('rejected', 'upstream-failed')) AS errors,
       TOTAL(input_tokens) AS input_tokens, TOTAL(cache_read_tokens) AS cache_read_tokens,
       TOTAL(output_tokens) AS output_tokens, SUM(cost_usd) AS cost_usd,
       TOTAL(memories_injected) AS memories_injected, AVG(quality) AS quality
     FROM requests WHERE rowid IN (SELECT value FROM json_each(?)) GROUP BY session_id`,
    [JSON.stringify(ids.flatMap((id) => rows.get(id)!.rowids))],
  )
  const byId = new Map(sums.map((session) => [session.session_id, session]))
  return ids.flatMap((id) => {
    const session = byId.get(id)
    if (!session) return []
    const { last, ...more } = session
    const began = new Date(rows.get(id)!.first).toISOString()
    return [{ ...more, started_at: began, last_at: new Date(last).toISOString() }]
  })
}
