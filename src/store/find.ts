/** Finds the newest rows of a filter in the ledger's columns: a few milliseconds for a million rows, whatever the filter and however rare its rows. */
import type { LedgerColumns } from "./columns/ledger-columns.ts"
import { createMatcher, isWithin } from "./columns/match.ts"
import type { LedgerFilter } from "./filter.ts"

interface Found {
  rowid: number
  at: number
}

/**
 * The rowids of the `count` newest rows that began before `before` (null: of all), of those that began at the same moment as the last of them, and of all that began at
 * `before` itself: which of these come after a cursor, their ids say.
 */
export function findRows(columns: LedgerColumns, filter: LedgerFilter, before: number | null, count: number): number[] {
  const match = createMatcher(filter, columns.words)
  const end = before ?? Number.POSITIVE_INFINITY
  const until = { ...filter, to: Math.min(filter.to ?? Number.POSITIVE_INFINITY, end + 1) }
  const atCursor: number[] = []
  let found: Found[] = []
  const isOlder = ({ maxAt }: { maxAt: number }) => maxAt < (found[count - 1]?.at ?? Number.NEGATIVE_INFINITY)
  for (const piece of columns.newestFirst((span) => !isWithin(span, until) || isOlder(span))) {
    const rows = match(piece)
    if (rows === null) continue
    const rowids = rows.rowids()
    const at = rows.at()
    for (let index = 0; index < rows.rows; index++) {
      if (at[index] === before) atCursor.push(rowids[index]!)
      else if (at[index]! < end) found.push({ rowid: rowids[index]!, at: at[index]! })
    }
    found = newest(found, count)
  }
  return [...atCursor, ...found.map(({ rowid }) => rowid)]
}

function newest(found: Found[], count: number): Found[] {
  found.sort((a, b) => b.at - a.at)
  const oldest = found[count - 1]
  if (!oldest) return found
  let end = count
  while (end < found.length && found[end]!.at === oldest.at) end++
  return found.slice(0, end)
}
