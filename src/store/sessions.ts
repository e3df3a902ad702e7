/** `/api/sessions`: conversations, the one with the newest request first. Which rows belong to one is the pipeline's finding; here they are summed. */
import { findRows } from "./find.ts"
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
/** Of a longer conversation the newest requests are summed. */
const MOST_REQUESTS = 10_000

/** The filter says which requests a session must have; its sums are of all its requests. @throws Refusal 400 for a foreign cursor */
export async function listSessions(source: Source, query: ListQuery): Promise<SessionPage> {
  const limit = query.limit ?? 25
  const before = query.cursor
  const sessions = new Map<string, Session | null>()
  let found = 0
  let scanned = 0
  let cursor = query.cursor
  for (;;) {
    const page = await listRows(source, { ...query, cursor, limit: ROWS_AT_ONCE })
    for (const row of page.data) {
      if (row.session_id === null || sessions.has(row.session_id)) continue
      // Where its newest request is not this one, it was on an earlier page.
      const session = await sumSession(source, row.session_id, query.userId)
      const isListed =
        before !== undefined && session !== null && (await hasNewer(source, query, row.session_id, row.id))
      sessions.set(row.session_id, isListed ? null : session)
      if (!isListed && session && ++found === limit) return { data: list(sessions), next_cursor: cursorOf(row) }
    }
    cursor = page.next_cursor ?? undefined
    scanned += page.data.length
    if (cursor === undefined || scanned >= MOST_ROWS) return { data: list(sessions), next_cursor: cursor ?? null }
  }
}

const list = (sessions: ReadonlyMap<string, Session | null>) => [...sessions.values()].filter((one) => one !== null)

async function hasNewer(source: Source, query: ListQuery, sessionId: string, id: string): Promise<boolean> {
  const { data } = await listRows(source, { ...query, sessionId, cursor: undefined, limit: 1 })
  return data[0] !== undefined && data[0].id !== id
}

async function sumSession(source: Source, sessionId: string, userId: string | undefined): Promise<Session | null> {
  const rowids = await findRows(source.values, { sessionId, userId }, null, MOST_REQUESTS)
  if (rowids.length === 0) return null
  const [sums] = source.rows<Omit<Session, "started_at" | "last_at"> & { first: number; last: number }>(
    // SQLite takes the bare columns from the row that has the one MAX. https://sqlite.org/lang_select.html#bareagg
    `WITH mine AS (SELECT session_id, client, user_id, project, model, started_at, outcome, input_tokens, cache_read_tokens,
       output_tokens, cost_usd, memories_injected, quality FROM requests WHERE rowid IN (SELECT value FROM json_each(?)))
     SELECT session_id, client, user_id, project, model, (SELECT MIN(started_at) FROM mine) AS first,
       MAX(started_at) AS last, COUNT(*) AS requests, SUM(outcome IN ('rejected', 'upstream-failed')) AS errors, TOTAL(input_tokens) AS input_tokens,
       TOTAL(cache_read_tokens) AS cache_read_tokens, TOTAL(output_tokens) AS output_tokens, SUM(cost_usd) AS cost_usd,
       TOTAL(memories_injected) AS memories_injected, AVG(quality) AS quality
     FROM mine`,
    [JSON.stringify(rowids)],
  )
  if (!sums) return null
  const { first, last, ...session } = sums
  return { ...session, started_at: new Date(first).toISOString(), last_at: new Date(last).toISOString() }
}
