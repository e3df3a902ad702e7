/** Finds the newest rows of a filter in the ledger's columns: a few milliseconds for a million rows, whatever the filter and however rare its rows. */
import { createMatcher, isWithin } from "./columns/match.ts"
import { piecesOf, type Range, rangesOf } from "./columns/pieces.ts"
import { openWords } from "./columns/words.ts"
import type { LedgerFilter } from "./filter.ts"
import type { SelectValues } from "./source.ts"

const PIECES_AT_ONCE = 16

interface Found {
  rowid: number
  at: number
}

/**
 * The rowids of the `count` newest rows that began before `before` (null: of all), of those that began at the same moment as the last of them, and of all that began at
 * `before` itself: which of these come after a cursor, their ids say.
 */
export async function findRows(
  select: SelectValues,
  filter: LedgerFilter,
  before: number | null,
  count: number,
): Promise<number[]> {
  const words = openWords(select)
  const match = createMatcher(filter, words)
  const until = {
    ...filter,
    to: Math.min(filter.to ?? Number.POSITIVE_INFINITY, (before ?? Number.POSITIVE_INFINITY) + 1),
  }
  const ranges = rangesOf(select)
    .filter((range) => isWithin(range, until))
    .sort((a, b) => newestOf(b) - newestOf(a))
  const atCursor: number[] = []
  let found: Found[] = []
  let pieces = 0
  for (const range of ranges) {
    const oldestKept = found[count - 1]?.at ?? Number.NEGATIVE_INFINITY
    if (newestOf(range) < oldestKept) break
    for (const columns of piecesOf(select, range, words)) {
      const mask = match(columns)
      const next = mask?.indexOf(1) ?? 0
      if (next >= 0) {
        const rowids = columns.rowids()
        const at = columns.at()
        for (let index = next; index < columns.rows; index++) {
          if (mask !== null && mask[index] === 0) continue
          if (at[index] === before) atCursor.push(rowids[index]!)
          else if (at[index]! < (before ?? Number.POSITIVE_INFINITY))
            found.push({ rowid: rowids[index]!, at: at[index]! })
        }
        found = newest(found, count)
      }
      if (++pieces % PIECES_AT_ONCE === 0) await new Promise((resume) => setImmediate(resume))
    }
  }
  return [...atCursor, ...found.map(({ rowid }) => rowid)]
}

/** Rows without a segment are mostly the newest. */
const newestOf = ({ stored }: Range) => stored?.maxAt ?? Number.POSITIVE_INFINITY

function newest(found: Found[], count: number): Found[] {
  found.sort((a, b) => b.at - a.at)
  const oldest = found[count - 1]
  if (!oldest) return found
  let end = count
  while (end < found.length && found[end]!.at === oldest.at) end++
  return found.slice(0, end)
}
