/** Sums the rows of a filter by one or two groups: of rollups where it can, else of the rows' columns. */
import type { LedgerFilter } from "../filter.ts"
import type { Group } from "../groups.ts"
import { GroupTable, NO_GROUP } from "./group-table.ts"
import { createKeys, type Keys, NO_KEY } from "./keys.ts"
import type { Columns, Span } from "./layout.ts"
import type { LedgerColumns } from "./ledger-columns.ts"
import { createMatcher, isInside, isSelective, isWithin } from "./match.ts"
import { QUALITY_MEASURE } from "./quality-measure.ts"
import { type Rollup, type RollupName, ROLLUPS } from "./rollups.ts"
import type { Samples } from "./samples.ts"
import { type Measure, Tallies } from "./tallies.ts"
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

/** Of all groups. */
interface Totals {
  sums: Float64Array
  samples: readonly Samples[]
}

type MeasureName = "usage" | "quality"
const MEASURES: Record<MeasureName, Measure> = { usage: USAGE_MEASURE, quality: QUALITY_MEASURE }

export function groupRows(columns: LedgerColumns, query: GroupQuery, name: MeasureName): Grouped {
  const [first = NO_KEY, second = NO_KEY] = query.groupBy.map((group) => createKeys(group, query.tz ?? "UTC"))
  const parts = () => partsOf(columns, query, name, first, second)
  const most = query.groupBy.length === 0 ? 0 : (query.limit ?? Number.POSITIVE_INFINITY)
  const measure = MEASURES[name]
  const counted = countAll(parts(), measure, most) ?? countLargest(parts, measure, most)
  const { table, tallies, shown, named, totals } = counted
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

/** Rows that are counted together. */
interface Part {
  /** 0: not meant; null: all are */
  mask: Uint8Array | null
  /** what is grouped by, of each row or of each group of the rollup */
  keys(): [firsts: Uint32Array, seconds: Uint32Array]
  of: { rollup: Rollup; columns: null } | { rollup: null; columns: Columns }
}

function* partsOf(
  columns: LedgerColumns,
  query: GroupQuery,
  measure: MeasureName,
  first: Keys,
  second: Keys,
): Generator<Part> {
  const match = createMatcher(query, columns.words)
  const name: RollupName = `${measure} ${first.rollup}`
  const isRolledUp = second === NO_KEY && !isSelective(query) && ROLLUPS.includes(name)
  const skips = (span: Span) => !isWithin(span, query)
  for (const of of columns.each(skips, (span) => isInside(span, query), isRolledUp ? name : null)) {
    const { rollup } = of
    if (rollup) yield { of, mask: null, keys: () => [first.ofRollup(rollup.keys), new Uint32Array(rollup.keys.length)] }
    else yield { of, mask: match(of.columns), keys: () => [first.of(of.columns), second.of(of.columns)] }
  }
}

function count(tallies: Tallies, { of, mask }: Part, groups: Uint32Array, size: number): void {
  if (of.rollup) tallies.addPacked(of.rollup.tallies, groups, size)
  else tallies.count(of.columns, mask, groups, size)
}

interface Counted extends Pick<Grouped, "tallies" | "shown"> {
  table: GroupTable
  /** the groups that are shown, as the table numbers them */
  named: Uint32Array
  /** null: not known */
  totals: Totals | null
}

/** With more groups than this it pays to find out first which are shown. */
const MANY = 20_000

/** null: there are too many for that. */
function countAll(parts: Iterable<Part>, measure: Measure, most: number): Counted | null {
  const table = new GroupTable()
  const tallies = new Tallies(measure)
  for (const part of parts) {
    const groups = table.of(...part.keys(), part.mask)
    if (table.size > MANY && table.size > most) return null
    count(tallies, part, groups, table.size)
  }
  const shown = tallies.largest(table.size, most)
  tallies.finish(table.size, shown)
  return { table, tallies, shown, named: shown, totals: { sums: tallies.total(table.size), samples: tallies.samples } }
}

/** First what groups rank by, of all rows, then everything, of the rows of the largest groups. */
function countLargest(parts: () => Iterable<Part>, measure: Measure, most: number): Counted {
  const table = new GroupTable()
  const ranks = new Tallies(rankingOf(measure))
  const numbered: Uint32Array[] = []
  for (const part of parts()) {
    const groups = table.of(...part.keys(), part.mask)
    numbered.push(groups)
    const packed = part.of.rollup?.tallies
    if (packed) {
      const sumsAt = (place: number) => packed.sumsAt(measure.ranked[place]!)
      ranks.addPacked({ ...packed, sumsAt }, groups, table.size)
    } else count(ranks, part, groups, table.size)
  }
  const named = ranks.largest(table.size, most)
  const places = new Uint32Array(table.size).fill(NO_GROUP)
  named.forEach((group, place) => (places[group] = place))
  const tallies = new Tallies(measure)
  for (const part of parts()) {
    const groups = numbered.shift()!.map((group) => places[group]!)
    const mask = part.of.rollup ? null : maskOf(groups, part.mask)
    if (mask?.includes(1) !== false) count(tallies, { ...part, mask }, groups, named.length)
  }
  tallies.finish(named.length)
  return { table, tallies, shown: named.map((_, place) => place), named, totals: null }
}

/** Those of `mask` that are in a group. */
function maskOf(groups: Uint32Array, mask: Uint8Array | null): Uint8Array {
  const counted = new Uint8Array(groups.length)
  for (let row = 0; row < groups.length; row++)
    if (groups[row] !== NO_GROUP && (mask === null || mask[row] === 1)) counted[row] = 1
  return counted
}

const rankingOf = ({ ranked, rank }: Measure): Measure => ({
  sums: ranked.length,
  samples: 0,
  ranked: ranked.map((_, place) => place),
  rank,
  add: (...rows) => {
    rank(...rows)
    return []
  },
})
