/** `/api/clients`: what each client used, and what its newest requests say of it. How a client is told from others is no matter here. */
import type { LedgerColumns } from "./columns/ledger-columns.ts"
import { createMatcher, isWithin } from "./columns/match.ts"
import type { LedgerFilter } from "./filter.ts"
import type { Source } from "./source.ts"
import { reportUsage, type UsageSums } from "./usage.ts"

export interface ClientUse extends UsageSums {
  /** null: not recognised */
  client: string | null
  /** of its newest requests, the newest first */
  versions: string[]
  /** the newest request was told to be its by a guess */
  guess: boolean
  /** start of its newest request */
  last_at: string | null
}

/** Requests whose versions are looked at. */
const NEWEST = 100

export function listClients(columns: LedgerColumns, source: Source, filter: LedgerFilter): ClientUse[] {
  const { rows } = reportUsage(columns, { ...filter, groupBy: ["client"] })
  const names = rows.map(({ key }) => (Array.isArray(key) ? null : key))
  const newest = Map.groupBy(newestRows(columns, source, filter, names), ({ client }) => client)
  return rows.map((row, index) => {
    const { key: _, ...sums } = row
    const client = names[index]!
    const own = newest.get(client) ?? []
    return {
      client,
      versions: [...new Set(own.flatMap(({ client_version }) => client_version ?? []))],
      guess: own[0]?.client_guess === 1,
      last_at: own[0] ? new Date(own[0].started_at).toISOString() : null,
      ...sums,
    }
  })
}

interface Row {
  client: string | null
  client_version: string | null
  client_guess: number
  started_at: number
}

/** The newest hundred of each client, in one walk. */
function newestRows(
  columns: LedgerColumns,
  source: Source,
  filter: LedgerFilter,
  names: readonly (string | null)[],
): Row[] {
  const match = createMatcher(filter, columns.words)
  const found = new Map(names.map((name) => [columns.words.find(name), [] as Found[]]))
  const isDone = ({ maxAt }: { maxAt: number }) =>
    [...found.values()].every((own) => own.length >= NEWEST && own[NEWEST - 1]!.at > maxAt)
  for (const piece of columns.newestFirst((span) => !isWithin(span, filter) || isDone(span))) {
    const rows = match(piece)
    if (rows === null) continue
    const { names: clients, codes } = rows.dimension("client")
    const lists = Array.from(clients, (client) => found.get(client))
    const oldest = lists.map((own) => own?.[NEWEST - 1]?.at ?? Number.NEGATIVE_INFINITY)
    const at = rows.at()
    const rowids = rows.rowids()
    for (let index = 0; index < rows.rows; index++) {
      const code = codes[index]!
      if (at[index]! >= oldest[code]!) lists[code]?.push({ rowid: rowids[index]!, at: at[index]! })
    }
    for (const own of found.values()) own.sort((a, b) => b.at - a.at || b.rowid - a.rowid).splice(NEWEST)
  }
  const rowids = [...found.values()].flatMap((own) => own.map(({ rowid }) => rowid))
  return source.rows<Row>(
    `SELECT client, client_version, client_guess, started_at FROM requests
     WHERE rowid IN (SELECT value FROM json_each(?)) ORDER BY started_at DESC, id DESC`,
    [JSON.stringify(rowids)],
  )
}

interface Found {
  rowid: number
  at: number
}
