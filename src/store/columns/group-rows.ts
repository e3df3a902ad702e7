/** Sums the rows of a filter by one or two groups: of rollups where it can, else of the rows' columns. */
import type { LedgerFilter } from "../filter.ts"
import type { Group } from "../groups.ts"
import { GroupTable } from "./group-table.ts"
import { createKeys, NO_KEY } from "./keys.ts"
import type { LedgerColumns } from "./ledger-columns.ts"
import { createMatcher, isInside, isSelective, isWithin } from "./match.ts"
import { QUALITY_MEASURE } from "./quality-measure.ts"
import { type RollupName, ROLLUPS } from "./rollups.ts"
import { Tallies } from "./tallies.ts"
import { USAGE_MEASURE } from "./usage-measure.ts"

export interface GroupQuery extends LedgerFilter {
  /** one or two; none: one group of all */
  groupBy: readonly (Group | "memory")[]
  tz?: string | undefined
}

type Key = string | null

export interface Grouped {
  /** how many groups there are: their numbers are below it */
  size: number
  /** to be finished */
  tallies: Tallies
  /** What these groups are called, in their order. */
  keysOf(groups: Uint32Array): (Key | [Key, Key])[]
}

export function groupRows(columns: LedgerColumns, query: GroupQuery, measure: "usage" | "quality"): Grouped {
  const { words } = columns
  const match = createMatcher(query, words)
  const [first = NO_KEY, second = NO_KEY] = query.groupBy.map((group) => createKeys(group, query.tz ?? "UTC"))
  const groups = new GroupTable()
  const tallies = new Tallies(measure === "usage" ? USAGE_MEASURE : QUALITY_MEASURE)
  const name: RollupName = `${measure} ${first.rollup}`
  const isRolledUp = second === NO_KEY && !isSelective(query) && ROLLUPS.includes(name)
  const parts = columns.each(
    (span) => !isWithin(span, query),
    (span) => isInside(span, query),
    isRolledUp ? name : null,
  )
  for (const { rollup, columns } of parts) {
    if (rollup) {
      const numbers = first.ofRollup(rollup.keys)
      tallies.addPacked(rollup.tallies, groups.of(numbers, new Uint32Array(numbers.length), null), groups.size)
    } else {
      const mask = match(columns)
      tallies.count(columns, mask, groups.of(first.of(columns), second.of(columns), mask), groups.size)
    }
  }
  return {
    size: groups.size,
    tallies,
    keysOf(numbers) {
      const firsts = numbers.map((group) => groups.firsts[group]!)
      const seconds = numbers.map((group) => groups.seconds[group]!)
      const [one, other] = [first.texts(firsts, words), second.texts(seconds, words)]
      return Array.from(firsts, (number, at) => (second === NO_KEY ? one(number) : [one(number), other(seconds[at]!)]))
    },
  }
}
