/**
 * Which parts of memories say most of some words, and what lies around them. A search costs about the same in a namespace of a thousand memories and in one of a million:
 * of long lists the newest ends are read. How well a part fits is decided elsewhere.
 */
import type { Database } from "bun:sqlite"
import { PARTS_A_NAMESPACE, type Hit, type Place, TURNS_A_SESSION } from "./memory-tables.ts"
import type { Tally } from "./tally.ts"
import type { RecentPostings } from "./recent-postings.ts"
import { inPieces } from "./in-pieces.ts"
import { encode, readPostings, type Postings } from "./inverted-index.ts"

/** Of the namespaces together. */
export interface Counted {
  /** in how many parts each term is */
  frequency: Map<string, number>
  size: Size
}

export interface Found extends Counted {
  hits: Hit[]
  places: Place[]
}

export interface Size {
  memories: number
  parts: number
  terms: number
}

/** Parts of lists that one search looks at, about; and of one word at least. */
const MOST_LISTED = 2 ** 17
const LEAST_LISTED = 4000
/** While much is imported, more than these wait to be listed: the newest are looked at. */
const MOST_UNLISTED = 1024

/** What one search after another uses again. */
export interface Workspace {
  tally: Tally
  recent: RecentPostings
}

const SPACES =
  "SELECT id, next_part, listed_to FROM namespaces WHERE id IN (SELECT value FROM json_each(?)) AND next_part > 0"

interface Space {
  id: number
  next_part: number
  listed_to: number
}

/** Calls what reads, in a transaction around all of it; throws where its time is over. */
type Use = <T>(act: (db: Database) => T) => T

/** The parts with the rarest words, by the sum of their idf; none where their counts alone are not `isWorthIt`. */
export function findParts(
  use: Use,
  namespaces: readonly number[],
  terms: readonly string[],
  limit: number,
  isWorthIt: (counted: Counted) => boolean,
  { tally, recent }: Workspace,
): Found {
  const size = use((db) => sizeOf(db, namespaces))
  const frequency = new Map<string, number>()
  const spaces = use((db) => db.query<Space, [string]>(SPACES).all(JSON.stringify(namespaces)))
  if (spaces.length === 0 || terms.length === 0) return { hits: [], places: [], frequency, size }
  const bases: number[] = []
  let numbers = 0
  for (const { next_part } of spaces) {
    bases.push(numbers)
    numbers += next_part
  }
  const lists = spaces.map((space) => listsOf(use, space, terms, recent))
  for (const term of terms)
    frequency.set(
      term,
      lists.reduce((sum, list) => sum + list.get(term)!.count, 0),
    )
  if (!isWorthIt({ frequency, size })) return { hits: [], places: [], frequency, size }
  tally.reset(numbers)
  for (const [term, count] of frequency) {
    const weight = Math.log(1 + size.parts / Math.max(1, count))
    lists.forEach((list, at) => {
      for (const { start, bytes } of list.get(term)!.blocks) tally.add(bytes, bases[at]! + start, weight)
    })
  }
  const ids = tally.largest(limit).map((number) => {
    const at = bases.findLastIndex((base) => base <= number)
    return spaces[at]!.id * PARTS_A_NAMESPACE + number - bases[at]!
  })
  const { hits, places } = readAround(use, ids)
  return { hits, places, frequency, size }
}

export function sizeOf(db: Database, namespaces: readonly number[]): Size {
  return db
    .query<Size, [string]>(
      `SELECT coalesce(sum(memories), 0) AS memories, coalesce(sum(parts), 0) AS parts, coalesce(sum(terms), 0) AS terms
         FROM namespaces WHERE id IN (SELECT value FROM json_each(?))`,
    )
    .get(JSON.stringify(namespaces))!
}

/** The newest parts are in no list yet. */
function listsOf(
  use: Use,
  { id, next_part, listed_to }: Space,
  terms: readonly string[],
  recent: RecentPostings,
): Map<string, Postings> {
  const enough = Math.max(LEAST_LISTED, Math.floor(MOST_LISTED / terms.length))
  const newest = recent.read(use, id, Math.max(listed_to, next_part - MOST_UNLISTED), next_part)
  const lists = new Map<string, Postings>()
  for (const term of terms) {
    const list = listed_to > 0 ? use((db) => readPostings(db, id, term, listed_to, enough)) : { count: 0, blocks: [] }
    const numbers = newest.get(term) ?? []
    list.count += numbers.length
    list.blocks.push(...encode(numbers))
    lists.set(term, list)
  }
  return lists
}

type PartRow = [place: number, part: number, terms: string]
type PlaceRow = [
  place: number,
  memory: number,
  speaker: string | null,
  createdAt: number,
  asking: number,
  bytes: number,
  signs: number,
  firstPart: number,
  addressing: number,
]

const PARTS = "SELECT place, part, terms FROM memory_parts WHERE id IN (SELECT value FROM json_each(?))"
const AROUND = `SELECT p.place, p.memory, p.speaker, p.created_at, p.asking, p.bytes, p.says_when + 2 * p.is_standing + 4 * (p.role = 'user'), p.first_part, p.addressing
  FROM json_each(?) r CROSS JOIN memory_places p ON p.place BETWEEN r.key + 0 AND r.key + r.value`

/** Two turns before and after a hit may answer what the hit asks. */
const NEAR = 2

function readAround(use: Use, ids: readonly number[]): { hits: Hit[]; places: Place[] } {
  const read = <R>(sql: string, values: string) => use((db) => db.query<unknown, [string]>(sql).values(values)) as R[]
  const rows = inPieces(ids, (some) => read<PartRow>(PARTS, JSON.stringify(some)))
  rows.sort((one, other) => one[0] - other[0])
  const ranges = rangesAround(rows.map(([place]) => place))
  const found = inPieces(ranges, (some) => read<PlaceRow>(AROUND, `{${some.join()}}`))
  let at = 0
  const hits = rows.map(([place, part, terms]) => {
    while (found[at]![0] < place) at++ // both ascend
    return { memory: found[at]![1], part, terms }
  })
  return { hits, places: found.map(placeOf) }
}

function placeOf(row: PlaceRow): Place {
  const [place, signs] = [row[0], row[6]]
  return {
    memory: row[1],
    session: place < 0 ? null : Math.floor(place / TURNS_A_SESSION),
    pos: place < 0 ? 0 : place % TURNS_A_SESSION,
    role: (signs & 4) !== 0 ? "user" : "assistant", // whoever is not the one counts as the other
    speaker: row[2],
    createdAt: row[3],
    saysWhen: (signs & 1) !== 0,
    asking: row[4],
    addressing: row[8],
    isStanding: (signs & 2) !== 0,
    bytes: row[5],
    firstPart: row[7],
  }
}

/** By the ids of parts. */
export function wordsOf(db: Database, parts: readonly number[]): [id: number, terms: string][] {
  return db
    .query<unknown, [string]>("SELECT id, terms FROM memory_parts WHERE id IN (SELECT value FROM json_each(?))")
    .values(JSON.stringify(parts)) as [id: number, terms: string][]
}

/** As members of a JSON object: each range's beginning and its length. Ranges that meet are one, so that no place is read twice. `places` ascending. */
function rangesAround(places: readonly number[]): string[] {
  const ranges: string[] = []
  const add = (from: number, to: number) => ranges.push(`"${from}":${to - from}`)
  let [from, to] = [Number.NaN, Number.NaN]
  for (const place of places) {
    const near = place < 0 ? 0 : NEAR
    if (place - near > to + 1) add(from, to)
    if (!(place - near <= to + 1)) from = place - near
    to = place + near
  }
  if (places.length > 0) add(from, to)
  return ranges
}
