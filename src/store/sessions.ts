/** `/api/sessions`: conversations, the one with the newest request first. Which rows belong to one is the pipeline's finding; here they are summed. */
import { GroupTable } from "./columns/group-table.ts"
import type { Columns } from "./columns/layout.ts"
import { NO_KEY } from "./columns/keys.ts"
import type { LedgerColumns } from "./columns/ledger-columns.ts"
import { createMatcher } from "./columns/match.ts"
import { selectRows } from "./columns/select-rows.ts"
import { Tallies } from "./columns/tallies.ts"
import { USAGE_MEASURE, USAGE_PLACES } from "./columns/usage-measure.ts"
import type { LedgerFilter } from "./filter.ts"
import { findRows } from "./find.ts"
import { type ListQuery, type Place, placeOf, writeCursor } from "./list.ts"
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

/** The filter says which requests a session must have; its sums are of all its requests. @throws Refusal 400 for a foreign cursor */
export function listSessions(columns: LedgerColumns, source: Source, query: ListQuery): SessionPage {
  const limit = query.limit ?? 25
  const begin = placeOf(query)
  /** by id, when the newest row that matches began */
  const found = new Map<string, number>()
  let next: Place | null = begin
  for (let scanned = 0; scanned < MOST_ROWS && found.size < limit; scanned += ROWS_AT_ONCE) {
    const rows = rowsBefore(columns, source, query, next)
    for (const { id, started_at, session_id } of rows) {
      next = [started_at, id]
      if (session_id !== null && !found.has(session_id)) found.set(session_id, started_at)
      if (found.size === limit) break
    }
    if (rows.length < ROWS_AT_ONCE && found.size < limit) next = null
    if (next === null) break
  }
  const sums = sumSessions(columns, source, query, [...found.keys()])
  // One whose newest row is another one was on an earlier page.
  const shown = [...found].filter(([id, at]) => begin === null || sums.get(id)!.matchedAt <= at)
  return {
    data: shown.map(([id]) => sums.get(id)!.session),
    next_cursor: next && writeCursor(...next),
  }
}

interface Row {
  id: string
  started_at: number
  session_id: string | null
}

/** The newest that match and come after a place, in the order of a list. */
function rowsBefore(columns: LedgerColumns, source: Source, query: ListQuery, after: Place | null): Row[] {
  const rowids = findRows(columns, query, after?.[0] ?? null, ROWS_AT_ONCE)
  return source.rows<Row>(
    `SELECT id, started_at, session_id FROM requests
     WHERE rowid IN (SELECT value FROM json_each(?)) AND (started_at, id) < (?, ?)
     ORDER BY started_at DESC, id DESC LIMIT ${ROWS_AT_ONCE}`,
    [JSON.stringify(rowids), ...(after ?? ([Number.MAX_SAFE_INTEGER, ""] as const))],
  )
}

/** A session while it is summed. Times are epoch milliseconds. */
interface Seen {
  firstAt: number
  lastAt: number
  /** rowid of the newest row */
  last: number
  /** start of the newest row that matches the filter */
  matchedAt: number
}

/** These sessions (of the filter's user, where it names one), in one walk through the ledger's columns. */
function sumSessions(columns: LedgerColumns, source: Source, filter: LedgerFilter, ids: readonly string[]) {
  const matches = createMatcher(filter, columns.words)
  const isOwn = createMatcher({ userId: filter.userId }, columns.words)
  const seen = new Map<number, Seen>()
  for (const id of ids)
    seen.set(columns.words.find(id), { firstAt: Infinity, lastAt: -Infinity, last: 0, matchedAt: -Infinity })
  const wantedOf = createFilter(seen.keys())
  const groups = new GroupTable()
  const tallies = new Tallies({ ...USAGE_MEASURE, samples: 0 })
  for (const piece of columns.newestFirst(() => false)) {
    const rows = wantedOf(piece)
    const own = rows && isOwn(rows)
    if (own === null) continue // as most pieces, it has none of them
    look(own, matches(own), seen)
    tallies.count(own, groups.ofRows(own.dimension("session_id"), NO_KEY.of(own)), groups.size)
  }
  const newest = newestRows(source, [...seen.values()])
  const groupOf = new Map(Array.from(groups.firsts.subarray(0, groups.size), (number, group) => [number, group]))
  return new Map(
    ids.map((id) => {
      const number = columns.words.find(id)
      const { firstAt, lastAt, last, matchedAt } = seen.get(number)!
      const group = groupOf.get(number)!
      const sum = (place: keyof typeof USAGE_PLACES) => tallies.sums[USAGE_PLACES[place]]![group]!
      const session: Session = {
        session_id: id,
        ...newest.get(last)!,
        started_at: new Date(firstAt).toISOString(),
        last_at: new Date(lastAt).toISOString(),
        requests: sum("requests"),
        errors: sum("errors"),
        input_tokens: sum("input"),
        cache_read_tokens: sum("cacheRead"),
        output_tokens: sum("output"),
        cost_usd: sum("priced") > 0 ? sum("cost") : null,
        memories_injected: sum("memories"),
        quality: sum("judged") > 0 ? sum("quality") / sum("judged") : null,
      }
      return [id, { session, matchedAt }]
    }),
  )
}

/** The rows of wanted sessions; null: there are none. Looked up by their last bits first: a Set alone takes ten times as long. */
function createFilter(wanted: Iterable<number>): (columns: Columns) => Columns | null {
  const all = new Set(wanted)
  const bits = new Uint8Array(0x10000)
  for (const number of all) bits[number & 0xffff] = 1
  return (columns) => {
    const { names, codes } = columns.dimension("session_id")
    const isWanted = Uint8Array.from(names, (number) => Number(bits[number & 0xffff] === 1 && all.has(number)))
    if (!isWanted.includes(1)) return null
    return selectRows(
      columns,
      new Uint8Array(codes.length).map((_, row) => isWanted[codes[row]!]!),
    )
  }
}

function look(rows: Columns, matched: Columns | null, seen: ReadonlyMap<number, Seen>): void {
  const at = rows.at()
  const rowids = rows.rowids()
  sessionsOf(rows).forEach((session, index) => {
    const one = seen.get(session)!
    one.firstAt = Math.min(one.firstAt, at[index]!)
    if (at[index]! <= one.lastAt) return
    one.lastAt = at[index]!
    one.last = rowids[index]!
  })
  if (matched === null) return
  const matchedAt = matched.at()
  sessionsOf(matched).forEach((session, index) => {
    const one = seen.get(session)!
    one.matchedAt = Math.max(one.matchedAt, matchedAt[index]!)
  })
}

function sessionsOf(rows: Columns): Uint32Array {
  const { names, codes } = rows.dimension("session_id")
  return codes.map((code) => names[code]!)
}

type Newest = Pick<Session, "client" | "user_id" | "project" | "model">

/** What the newest row of each says, by its rowid. */
function newestRows(source: Source, seen: readonly Seen[]): Map<number, Newest> {
  const rows = source.rows<Newest & { rowid: number }>(
    `SELECT rowid, client, user_id, project, model FROM requests WHERE rowid IN (SELECT value FROM json_each(?))`,
    [JSON.stringify(seen.map(({ last }) => last))],
  )
  return new Map(rows.map(({ rowid, ...row }) => [rowid, row]))
}
