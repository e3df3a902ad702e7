/**
 * Counts rows by groups. What lasts is counted once and kept as a base for whoever asks the same again; what does not is counted each time. Of very many groups
 * the base has all sums only of those that may be shown, of the others what they rank by.
 */
import type { Base, Bases } from "./bases.ts"
import { GroupTable, NO_GROUP } from "./group-table.ts"
import type { Part } from "./ledger-columns.ts"
import type { Samples } from "./samples.ts"
import { type Measure, Tallies } from "./tallies.ts"

/** What is grouped by. */
export type KeyPair = Pick<Base, "first" | "second">

/** Rows that are counted together. */
export interface Countable {
  /** 0: not meant; null: all are */
  mask(): Uint8Array | null
  /** what is grouped by, of each row or of each group of the rollup */
  keys(): [firsts: Uint32Array, seconds: Uint32Array]
  of: Part
}

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
  sums: Float64Array
  samples: readonly Samples[]
}

/** With more groups than this it pays to find out first which are shown. */
const MANY = 20_000
/** So many parts are counted each time before they become part of the base. */
const MOST_BESIDE = 16
/** The base has all sums of more groups than are shown: those next to them may be shown soon. */
const MARGIN = 2

export function countGroups(question: Question): Counted {
  const { base, parts } = baseFor(question)
  const rest = [...parts.lasting.filter(({ of }) => !base.counted.has(of.same!)), ...parts.passing]
  return base.largest === null
    ? goOn(base, rest, question)
    : goOnWithLargest(base, base.largest, parts.lasting, rest, question)
}

function baseFor(question: Question): { base: Base; parts: Parts } {
  const known = question.bases.get(question.key)
  if (known) {
    const parts = question.partsBy(known)
    const lasting = new Set(parts.lasting.map(({ of }) => of.same!))
    const { counted } = known
    if (counted.isSubsetOf(lasting) && lasting.size - counted.size <= MOST_BESIDE) return { base: known, parts }
  }
  const parts = question.partsBy(null)
  const base = countAll(parts, question) ?? countLargest(parts, question)
  base.tallies.finish(base.tallies.size)
  question.bases.put(question.key, base)
  return { base, parts }
}

const begin = ({ first, second, lasting }: Parts, measure: Measure) => ({
  first,
  second,
  table: new GroupTable(),
  tallies: new Tallies(measure),
  counted: new Set(lasting.map(({ of }) => of.same!)),
})

/** null: there are too many groups for that. */
function countAll(parts: Parts, { measure, most }: Question): Base | null {
  const base = { ...begin(parts, measure), largest: null }
  for (const part of parts.lasting) {
    count(base.tallies, part, base.table)
    if (base.table.size > MANY && base.table.size > most) return null
  }
  return base
}

/** First what groups rank by, of all rows, then everything, of the rows of the largest groups. */
function countLargest(parts: Parts, { measure, most }: Question): Base {
  const base = begin(parts, measure)
  const ranks = new Tallies(rankingOf(measure))
  const numbered = parts.lasting.map((part) => rank(ranks, part, base.table, measure))
  const places = new Uint32Array(base.table.size).fill(NO_GROUP)
  ranks.largest(base.table.size, most * MARGIN).forEach((group, place) => (places[group] = place))
  parts.lasting.forEach((part, at) => countPlaced(base.tallies, part, numbered[at]!, places))
  return { ...base, largest: { ranks, places } }
}

function goOn(base: Base, rest: readonly Countable[], { measure, most }: Question): Counted {
  const table = base.table.fork()
  const tallies = new Tallies(measure, base.tallies)
  for (const part of rest) count(tallies, part, table)
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
  const numbered = rest.map((part) => rank(ranks, part, table, measure))
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
  rest.forEach((part, at) => countPlaced(tallies, part, numbered[at]!, places))
  if (missing.some((place) => place !== NO_GROUP))
    for (const part of lasting)
      if (base.counted.has(part.of.same!)) countPlaced(tallies, part, table.of(...part.keys(), part.mask()), missing)
  const shown = named.map((group) => places[group]!)
  tallies.finish(size, shown)
  return { ...base, table, tallies, shown, named, totals: null }
}

function count(tallies: Tallies, part: Countable, table: GroupTable): void {
  const mask = part.mask()
  add(tallies, part.of, mask, table.of(...part.keys(), mask), table.size)
}

/** Only what groups rank by. @returns the group of each row */
function rank(ranks: Tallies, part: Countable, table: GroupTable, { ranked }: Measure): Uint32Array {
  const { of } = part
  const mask = part.mask()
  const groups = table.of(...part.keys(), mask)
  if (of.rollup === null) ranks.count(of.columns, mask, groups, table.size)
  else {
    const { tallies } = of.rollup
    ranks.addPacked({ ...tallies, sumsAt: (place) => tallies.sumsAt(ranked[place]!) }, groups, table.size)
  }
  return groups
}

/** The rows of groups that have a place, there. */
function countPlaced(tallies: Tallies, { of, mask }: Countable, groups: Uint32Array, places: Uint32Array): void {
  const meant = of.rollup ? null : mask()
  const placed = new Uint32Array(groups.length)
  const counted = new Uint8Array(groups.length)
  let size = tallies.size
  let isAny = false
  for (let row = 0; row < groups.length; row++) {
    const place = meant === null || meant[row] === 1 ? places[groups[row]!]! : NO_GROUP
    placed[row] = place
    if (place === NO_GROUP) continue
    counted[row] = 1
    isAny = true
    if (place >= size) size = place + 1
  }
  if (isAny) add(tallies, of, counted, placed, size)
}

function add(
  tallies: Tallies,
  { rollup, columns }: Part,
  mask: Uint8Array | null,
  groups: Uint32Array,
  size: number,
): void {
  if (rollup) tallies.addPacked(rollup.tallies, groups, size)
  else tallies.count(columns, mask, groups, size)
}

const rankingOf = ({ ranked, rank: add }: Measure): Measure => ({
  sums: ranked.length,
  samples: 0,
  ranked: ranked.map((_, place) => place),
  rank: add,
  add: (...rows) => {
    add(...rows)
    return []
  },
})
