/** Sums the rows of a filter by one or two groups: of rollups where it can, else of the rows' columns. */
import type { LedgerFilter } from "../filter.ts"
import type { Group } from "../groups.ts"
import type { Base } from "./bases.ts"
import { GroupTable, NO_GROUP } from "./group-table.ts"
import { createKeys, NO_KEY } from "./keys.ts"
import type { Span } from "./layout.ts"
import type { LedgerColumns, Part } from "./ledger-columns.ts"
import { createMatcher, isInside, isSelective, isWithin } from "./match.ts"
import { QUALITY_MEASURE } from "./quality-measure.ts"
import { type RollupName, ROLLUPS } from "./rollups.ts"
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
  const measure = MEASURES[name]
  const most = query.groupBy.length === 0 ? 0 : (query.limit ?? Number.POSITIVE_INFINITY)
  const { first, second, table, tallies, shown, named, totals } =
    countAll(columns, query, name, most) ?? countLargest(partsOf(columns, query, name, keysOf(query)), measure, most)
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

/** What is grouped by. */
type KeyPair = Pick<Base, "first" | "second">

function keysOf({ groupBy, tz = "UTC" }: GroupQuery): KeyPair {
  const [first = NO_KEY, second = NO_KEY] = groupBy.map((group) => createKeys(group, tz))
  return { first, second }
}

/** Rows that are counted together. */
interface Countable {
  /** 0: not meant; null: all are */
  mask(): Uint8Array | null
  /** what is grouped by, of each row or of each group of the rollup */
  keys(): [firsts: Uint32Array, seconds: Uint32Array]
  of: Part
}

interface Parts extends KeyPair {
  parts: Countable[]
}

function partsOf(columns: LedgerColumns, query: GroupQuery, measure: MeasureName, by: KeyPair): Parts {
  const { first, second } = by
  const match = createMatcher(query, columns.words)
  const name: RollupName = `${measure} ${first.rollup}`
  const isRolledUp = second === NO_KEY && !isSelective(query) && ROLLUPS.includes(name)
  const skips = (span: Span) => !isWithin(span, query)
  const each = columns.each(skips, (span) => isInside(span, query), isRolledUp ? name : null)
  const parts = Array.from(each, (of): Countable => {
    const { rollup } = of
    return rollup
      ? { of, mask: () => null, keys: () => [first.ofRollup(rollup.keys), new Uint32Array(rollup.keys.length)] }
      : { of, mask: () => match(of.columns), keys: () => [first.of(of.columns), second.of(of.columns)] }
  })
  return { ...by, parts }
}

function count(
  tallies: Tallies,
  { rollup, columns }: Part,
  mask: Uint8Array | null,
  groups: Uint32Array,
  size: number,
) {
  if (rollup) tallies.addPacked(rollup.tallies, groups, size)
  else tallies.count(columns, mask, groups, size)
}

interface Counted extends Pick<Grouped, "tallies" | "shown">, KeyPair {
  table: GroupTable
  /** the groups that are shown, as the table numbers them */
  named: Uint32Array
  /** null: not known */
  totals: Totals | null
}

/** With more groups than this it pays to find out first which are shown. */
const MANY = 20_000

/** null: there are too many groups for that. */
function countAll(columns: LedgerColumns, query: GroupQuery, name: MeasureName, most: number): Counted | null {
  const isTooMany = ({ size }: GroupTable) => size > MANY && size > most
  const base = baseFor(columns, query, name, isTooMany)
  if (base === null) return null
  const { first, second, parts, counted } = base
  const table = base.table.fork()
  const tallies = new Tallies(MEASURES[name], base.tallies)
  const rest = parts.filter(({ of }) => of.same === null || !counted.has(of.same))
  if (!addAll(table, tallies, rest, isTooMany)) return null
  const shown = tallies.largest(table.size, most)
  tallies.finish(table.size, shown)
  const totals = { sums: tallies.total(table.size), samples: tallies.samples }
  return { first, second, table, tallies, shown, named: shown, totals }
}

/** So many parts are counted each time before they become part of the base. */
const MOST_BESIDE = 16

/** The base of an earlier report that asked the same, whatever the end of its time and its limit, or a new one. */
function baseFor(
  columns: LedgerColumns,
  query: GroupQuery,
  name: MeasureName,
  isTooMany: (table: GroupTable) => boolean,
): (Base & Parts) | null {
  const key = JSON.stringify({ ...query, to: null, limit: null, name })
  const stays = ({ of: { same, span } }: Countable) => same !== null && isInside(span, { to: query.to })
  const known = columns.bases.get(key)
  if (known) {
    const { parts } = partsOf(columns, query, name, known)
    const lasting = new Set(parts.filter(stays).map(({ of }) => of.same!))
    const { counted } = known
    if (counted.isSubsetOf(lasting) && lasting.size - counted.size <= MOST_BESIDE) return { ...known, parts }
  }
  const { first, second, parts } = partsOf(columns, query, name, keysOf(query))
  const lasting = parts.filter(stays)
  const counted = new Set(lasting.map(({ of }) => of.same!))
  const base = { first, second, table: new GroupTable(), tallies: new Tallies(MEASURES[name]), counted }
  if (!addAll(base.table, base.tallies, lasting, isTooMany)) return null
  base.tallies.finish(base.table.size)
  columns.bases.put(key, base)
  return { ...base, parts }
}

/** @returns false where there are too many groups */
function addAll(
  table: GroupTable,
  tallies: Tallies,
  parts: readonly Countable[],
  isTooMany: (table: GroupTable) => boolean,
): boolean {
  for (const part of parts) {
    const mask = part.mask()
    const groups = table.of(...part.keys(), mask)
    if (isTooMany(table)) return false
    count(tallies, part.of, mask, groups, table.size)
  }
  return true
}

/** First what groups rank by, of all rows, then everything, of the rows of the largest groups. */
function countLargest({ parts, ...keys }: Parts, measure: Measure, most: number): Counted {
  const table = new GroupTable()
  const ranks = new Tallies(rankingOf(measure))
  const numbered = parts.map((part) => {
    const mask = part.mask()
    const groups = table.of(...part.keys(), mask)
    const packed = part.of.rollup?.tallies
    if (packed) {
      const sumsAt = (place: number) => packed.sumsAt(measure.ranked[place]!)
      ranks.addPacked({ ...packed, sumsAt }, groups, table.size)
    } else count(ranks, part.of, mask, groups, table.size)
    return groups
  })
  const named = ranks.largest(table.size, most)
  const places = new Uint32Array(table.size).fill(NO_GROUP)
  named.forEach((group, place) => (places[group] = place))
  const tallies = new Tallies(measure)
  parts.forEach((part, at) => {
    const groups = numbered[at]!.map((group) => places[group]!)
    const mask = part.of.rollup ? null : maskOf(groups, part.mask())
    if (mask?.includes(1) !== false) count(tallies, part.of, mask, groups, named.length)
  })
  tallies.finish(named.length)
  return { ...keys, table, tallies, shown: named.map((_, place) => place), named, totals: null }
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
