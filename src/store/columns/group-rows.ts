/** Sums the rows of a filter by one or two groups: of rollups where it can, else of the rows' columns. */
import type { LedgerFilter } from "../filter.ts"
import type { Group } from "../groups.ts"
import { type Countable, countGroups, type KeyPair, type Parts, type Totals } from "./count-groups.ts"
import { createKeys, NO_KEY } from "./keys.ts"
import type { Span } from "./layout.ts"
import type { LedgerColumns } from "./ledger-columns.ts"
import { createMatcher, isInside, isSelective, isWithin } from "./match.ts"
import { QUALITY_MEASURE } from "./quality-measure.ts"
import { type RollupName, ROLLUPS } from "./rollups.ts"
import type { Measure, Tallies } from "./tallies.ts"
import { USAGE_MEASURE } from "./usage-measure.ts"

export interface GroupQuery extends LedgerFilter {
  /** one or two; none: totals only */
  groupBy: readonly (Group | "memory")[]
  tz?: string | undefined
  /** the most groups that are shown, those that rank highest; default all */
  limit?: number | undefined
}

type Key = string | null

export interface Grouped {
  /** how many groups there are */
  size: number
  tallies: Tallies
  /** the groups that are shown, as the tallies number them, and what they are called */
  shown: Uint32Array
  keys: (Key | [Key, Key])[]
  totals: Totals
}

type MeasureName = "usage" | "quality"
const MEASURES: Record<MeasureName, Measure> = { usage: USAGE_MEASURE, quality: QUALITY_MEASURE }

export function groupRows(columns: LedgerColumns, query: GroupQuery, name: MeasureName): Grouped {
  const { first, second, table, tallies, shown, named, totals } = countGroups({
    bases: columns.bases,
    key: JSON.stringify({ ...query, to: null, name }),
    partsBy: (base) => partsOf(columns, query, name, base ?? keysOf(query)),
    measure: MEASURES[name],
    most: query.groupBy.length === 0 ? 0 : (query.limit ?? Number.POSITIVE_INFINITY),
  })
  const [firsts, seconds] = [named.map((group) => table.firsts[group]!), named.map((group) => table.seconds[group]!)]
  const [one, other] = [first.texts(firsts, columns.words), second.texts(seconds, columns.words)]
  return {
    size: table.size,
    tallies,
    shown,
    keys: Array.from(firsts, (number, at) => (second === NO_KEY ? one(number) : [one(number), other(seconds[at]!)])),
    totals: totals ?? groupRows(columns, { ...query, groupBy: [] }, name).totals,
  }
}

function keysOf({ groupBy, tz = "UTC" }: GroupQuery): KeyPair {
  const [first = NO_KEY, second = NO_KEY] = groupBy.map((group) => createKeys(group, tz))
  return { first, second }
}

function partsOf(columns: LedgerColumns, query: GroupQuery, measure: MeasureName, { first, second }: KeyPair): Parts {
  const match = createMatcher(query, columns.words)
  const name: RollupName = `${measure} ${first.rollup}`
  const isRolledUp = second === NO_KEY && !isSelective(query) && ROLLUPS.includes(name)
  const skips = (span: Span) => !isWithin(span, query)
  const takes = (span: Span) => isInside(span, query)
  const each = columns.each(skips, takes, isRolledUp ? name : null)
  const lasting: Countable[] = []
  const passing: Countable[] = []
  for (const { span, same, rollup, columns } of each) {
    const lasts = same !== null && isInside(span, { to: query.to })
    ;(lasts ? lasting : passing).push({
      same,
      read(table) {
        if (rollup)
          return { packed: rollup.tallies, groups: first.ofRollup(rollup.keys).map((number) => table.of(number, 0)) }
        const rows = match(columns)
        return rows && { columns: rows, packed: null, groups: table.ofRows(first.of(rows), second.of(rows)) }
      },
    })
  }
  return { first, second, lasting, passing }
}
