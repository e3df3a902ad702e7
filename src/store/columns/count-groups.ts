/**
 * Counts rows by groups. What lasts is counted once and kept as a base for whoever asks the same again; what does not is counted each time. Of very many groups
 * the base has all sums only of those that may be shown, of the others what they rank by.
 */
import type { Base, Bases } from "./bases.ts"
import { GroupTable, NO_GROUP } from "./group-table.ts"
import type { Columns } from "./layout.ts"
import type { Part } from "./ledger-columns.ts"
import type { Samples } from "./samples.ts"
import { selectRows } from "./select-rows.ts"
import { type Measure, type PackedTallies, Tallies } from "./tallies.ts"

/** What is grouped by. */
export type KeyPair = Pick<Base, "first" | "second">

/** Rows that are counted together. */
export interface Countable extends Pick<Part, "same"> {
  /** null: none of its rows are meant */
  read(table: GroupTable): Numbered | null
}

/** Rows, or a rollup, with the group of each row or of each group of the rollup. */
export type Numbered = { groups: Uint32Array } & ({ columns: Columns; packed: null } | { packed: PackedTallies })

/** `lasting`: the next time they are the same. */
export interface Parts extends KeyPair {
  lasting: Countable[]
  passing: Countable[]
}

export interface Question {
  bases: Bases
  /** the same for those who may share a base */
  key: string
  /** By a base's keys, and those it counted as it did; null: by keys of their own. */
  partsBy(base: Base | null): Parts
  measure: Measure
  /** the most groups that are shown */
  most: number
}

export interface Counted extends KeyPair {
  table: GroupTable
  tallies: Tallies
  /** the groups that are shown, as the tallies and as the table number them */
  shown: Uint32Array
  named: Uint32Array
  /** null: not known */
  totals: Totals | null
}

/** Of all groups. */
export interface Totals {
  sums: readonly Float64Array[]
  samples: readonly Samples[]
}

/** When all groups would have more sums than this it pays to find out first which are shown: four megabytes. */
const MOST_SUMS = 2 ** 19
/** So many parts are counted each time before they become part of the base. */
const MOST_BESIDE = 16
/** The base has all sums of more groups than are shown: those next to them may be shown soon. */
const MARGIN = 1.25

export function countGroups(question: Question): Counted {
  const { base, parts } = baseFor(question)
  const rest = [...parts.lasting.filter(({ same }) => !base.counted.has(same!)), ...parts.passing]
  return base.largest === null
    ? goOn(base, rest, question)
    : goOnWithLargest(base, base.largest, parts.lasting, rest, question)
}

function baseFor(question: Question): { base: Base; parts: Parts } {
  const known = question.bases.get(question.key)
  if (known) {
    const parts = question.partsBy(known)
    const lasting = new Set(parts.lasting.map(({ same }) => same!))
    const { counted } = known
    if (counted.isSubsetOf(lasting) && lasting.size - counted.size <= MOST_BESIDE) return { base: known, parts }
  }
  const parts = question.partsBy(null)
  const base = countBase(parts, question)
  base.tallies.finish(base.tallies.size)
  question.bases.put(question.key, base)
  return { base, parts }
}

/** Groups are numbered first: how many there are says how they are counted. */
function countBase({ first, second, lasting }: Parts, { measure, most }: Question): Base {
  const table = new GroupTable()
  const tallies = new Tallies(measure)
  const counted = new Set(lasting.map(({ same }) => same!))
  const numbered = lasting.flatMap((part) => part.read(table) ?? [])
  const base = { first, second, table, tallies, counted, largest: null }
  if (table.size <= most || table.size * measure.sums <= MOST_SUMS) {
    for (const one of numbered) add(tallies, one, table.size)
    return base
  }
  // What groups rank by, of all rows, then everything, of the rows of the largest groups.
  const ranks = new Tallies(rankingOf(measure))
  for (const one of numbered) rank(ranks, one, table.size, measure)
  const places = new Uint32Array(table.size).fill(NO_GROUP)
  ranks.largest(table.size, Math.ceil(most * MARGIN)).forEach((group, place) => (places[group] = place))
  for (const one of numbered) countPlaced(tallies, one, places)
  return { ...base, largest: { ranks, places } }
}

function goOn(base: Base, rest: readonly Countable[], { measure, most }: Question): Counted {
  const table = base.table.fork()
  const tallies = new Tallies(measure, base.tallies)
  for (const one of rest.flatMap((part) => part.read(table) ?? [])) add(tallies, one, table.size)
  const shown = tallies.largest(table.size, most)
  tallies.finish(table.size, shown)
  const totals = { sums: tallies.total(table.size), samples: tallies.samples }
  return { ...base, table, tallies, shown, named: shown, totals }
}

function goOnWithLargest(
  base: Base,
  { ranks: baseRanks, places: basePlaces }: NonNullable<Base["largest"]>,
  lasting: readonly Countable[],
  rest: readonly Countable[],
  { measure, most }: Question,
): Counted {
  const table = base.table.fork()
  const ranks = new Tallies(rankingOf(measure), baseRanks)
  const numbered = rest.flatMap((part) => part.read(table) ?? [])
  for (const one of numbered) rank(ranks, one, table.size, measure)
  const named = ranks.largest(table.size, most)
  const places = new Uint32Array(table.size).fill(NO_GROUP)
  places.set(basePlaces)
  const missing = new Uint32Array(table.size).fill(NO_GROUP)
  let size = base.tallies.size
  for (const group of named) {
    if (places[group] !== NO_GROUP) continue
    if (group < base.table.size) missing[group] = size
    places[group] = size++
  }
  const tallies = new Tallies(measure, base.tallies)
  for (const one of numbered) countPlaced(tallies, one, places)
  if (missing.some((place) => place !== NO_GROUP))
    for (const part of lasting) {
      const one = base.counted.has(part.same!) ? part.read(table) : null
      if (one) countPlaced(tallies, one, missing)
    }
  const shown = named.map((group) => places[group]!)
  tallies.finish(size, shown)
  return { ...base, table, tallies, shown, named, totals: null }
}

/** Only what groups rank by. */
function rank(ranks: Tallies, numbered: Numbered, size: number, { ranked }: Measure): void {
  if (!numbered.packed) return add(ranks, numbered, size)
  const { packed, groups } = numbered
  ranks.addPacked({ ...packed, sumsAt: (place) => packed.sumsAt(ranked[place]!) }, groups, size)
}

/** The rows of groups that have a place, there. */
function countPlaced(tallies: Tallies, numbered: Numbered, places: Uint32Array): void {
  const groups = numbered.groups.map((group) => places[group]!)
  const size = groups.reduce((most, place) => (place === NO_GROUP ? most : Math.max(most, place + 1)), tallies.size)
  if (numbered.packed) return add(tallies, { ...numbered, groups }, size)
  const columns = selectRows(
    numbered.columns,
    Uint8Array.from(groups, (place) => Number(place !== NO_GROUP)),
  )
  if (columns) add(tallies, { columns, packed: null, groups: groups.filter((place) => place !== NO_GROUP) }, size)
}

function add(tallies: Tallies, numbered: Numbered, size: number): void {
  if (numbered.packed) tallies.addPacked(numbered.packed, numbered.groups, size)
  else tallies.count(numbered.columns, numbered.groups, size)
}

const rankingOf = ({ ranked, rank }: Measure): Measure => ({
  sums: ranked.length,
  samples: 0,
  ranked: ranked.map((_, place) => place),
  rank,
  add: rank,
  values: () => new Float64Array(0),
})
