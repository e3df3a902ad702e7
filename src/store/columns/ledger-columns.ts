/**
 * All rows of the ledger as columns, of this moment: whole pieces from `columns.db`, and beside them in memory the newest rows and such as changed since their piece
 * was made. It is where reports read; the ledger's own writer knows nothing of it but the numbers of changes.
 */
import type { Database } from "bun:sqlite"
import { type Columns, DIMENSIONS, numberNames, readColumns, SELECTED, type Selected, type Span } from "./layout.ts"
import { type Bases, createBases } from "./bases.ts"
import { openBlobs } from "./blobs.ts"
import { openPieces, type Piece, PIECE_ROWS } from "./pieces.ts"
import {
  type Block,
  LEVELS,
  levelsOf,
  type Rollup,
  ROLLUPS,
  readRollup,
  type RollupName,
  rollUp,
  rollupId,
} from "./rollups.ts"
import { openDictionary, type Dictionary } from "./dictionary.ts"

/** Rows that lie together. `same`: the next time this object comes, so do these rows; null: they may be others then. */
export type Part = { span: Span; same: object | null } & (
  { rollup: Rollup; columns: null } | { rollup: null; columns: Columns }
)

export interface LedgerColumns {
  readonly words: Dictionary
  readonly bases: Bases
  /** Everything but what `skips`, as the rollup `name` where there is one of rows that are all wanted (`takes`). */
  each(skips: (span: Span) => boolean, takes: (span: Span) => boolean, name: RollupName | null): Generator<Part>
  /** Everything but what `skips`, what has the newest rows first. */
  newestFirst(skips: (span: Span) => boolean): Generator<Columns>
}

export interface KeptColumns extends LedgerColumns {
  /** Reads what is new in the ledger; what follows in the same transaction of the ledger sees all of it. */
  catchUp(): void
  /** Does a piece of the work that makes reports fast. What changed a moment ago may change again, and waits, but for changes up to `settled`. @returns whether there was any */
  work(settled?: number): boolean
  newestChange(): number
  /** Some seconds went by. */
  age(): void
  /** @returns the number of a change: it and all before it are in the file now */
  keepApplied(): number
  /** Takes out words that no row has any more: names of people and conversations are not to outlive their rows. */
  forgetWords(): void
}

/** What is other in a piece than when it was made. */
interface Stale {
  /** number of the first change it lacks */
  since: number
  /** how often it was seen so */
  age: number
  rowids: Float64Array
  valid: Uint8Array
}

const NOTHING = () => false

/** Turns of `age`: a conversation's answers are counted late again and again. */
const SETTLED = 3

/** `file`: columns.db, or null where there is none; `writes`: this is who keeps it. */
export function openLedgerColumns(ledger: Database, file: Database | null, writes: boolean): KeptColumns {
  const words = openDictionary(file, writes)
  const blobs = file && openBlobs(file)
  const kept = file && openPieces(file, blobs!)
  const pieces = new Map<number, Piece>()
  /** pieces that cannot be written */
  const unkept = new Map<number, Columns>()
  const stale = new Map<number, Stale>()
  /** by rowid: the newest, and those that changed */
  const fresh = new Map<number, Selected>()
  let freshColumns: Columns | null = null
  let seenRow = 0
  let seenChange = 0
  /** each with an object that is another one when it is made anew */
  const rolledUp = new Map<number, object>()
  const bases = createBases()
  if (file) {
    for (const piece of kept!.list()) pieces.set(piece.number, piece)
    for (const [id] of file.query("SELECT id FROM rollups").values()) rolledUp.set(id as number, {})
    seenChange = Number(file.query("SELECT applied FROM state").values()[0]?.[0])
  }

  const blockOf = (piece: number, level: number): Block => ({ level, number: Math.floor(piece / LEVELS[level]!) })
  const pieceOf = (rowid: number) => Math.floor(rowid / PIECE_ROWS)

  function selectRows(where: string, ...values: number[]): Selected[] {
    const rows = ledger.query(`SELECT ${SELECTED} FROM requests WHERE ${where} ORDER BY rowid`).values(...values)
    for (const row of rows as Selected[]) numberNames(row, words.numberOf)
    return rows as Selected[]
  }

  function catchUp(): void {
    for (let missing = firstMissing(); missing !== null; missing = firstMissing()) make(missing)
    const end = wholePieces()
    inTransaction(() => {
      for (const number of numbers()) if (number >= end) unmake(number)
      for (const [change, row] of newChanges()) applyChange(change, row)
      readNewRows(end * PIECE_ROWS)
    })
  }

  const newestRow = () => Number(ledger.query("SELECT coalesce(max(rowid), 0) FROM requests").values()[0]?.[0])
  /** How many pieces there are that get no more rows. */
  const wholePieces = () => pieceOf(newestRow() + 1)

  function firstMissing(): number | null {
    for (let number = 0, end = wholePieces(); number < end; number++)
      if (!pieces.has(number) && !unkept.has(number)) return number
    return null
  }

  const newestChange = () => Number(ledger.query("SELECT coalesce(max(number), 0) FROM changes").values()[0]?.[0])

  function newChanges(): [change: number, row: number][] {
    const changes = ledger.query("SELECT number, row FROM changes WHERE number > ? ORDER BY number").values(seenChange)
    seenChange = Number(changes.at(-1)?.[0] ?? seenChange)
    return changes as [number, number][]
  }

  function make(number: number): void {
    const first = number * PIECE_ROWS
    inTransaction(() => {
      const columns = readColumns(selectRows("rowid BETWEEN ? AND ?", first, first + PIECE_ROWS - 1))
      if (file === null || !writes) return void unkept.set(number, columns)
      const piece = kept!.put(number, newestChange(), columns)
      dropRollups(number)
      stale.delete(number)
      pieces.set(number, piece)
    })
    for (let row = first; row < first + PIECE_ROWS; row++) fresh.delete(row)
    freshColumns = null
  }

  /** The newest rows were deleted, and their numbers will be given out again. */
  function unmake(number: number): void {
    if (file !== null && writes) {
      kept!.drop(number)
      dropRollups(number)
    }
    pieces.delete(number)
    unkept.delete(number)
    stale.delete(number)
    seenRow = 0
    for (const row of fresh.keys()) if (pieceOf(row) >= number) fresh.delete(row)
  }

  function dropRollups(piece: number): void {
    for (const name of ROLLUPS)
      for (let level = 0; level < levelsOf(name); level++) {
        const id = rollupId(blockOf(piece, level), name)
        if (rolledUp.delete(id)) blobs!.drop("rollups", id, id + 1)
      }
  }

  function applyChange(change: number, row: number): void {
    const number = pieceOf(row)
    const piece = pieces.get(number)
    if (piece) {
      if (piece.change >= change) return
      const old = stale.get(number) ?? openStale(piece, change)
      const index = old.rowids.indexOf(row)
      if (index >= 0) old.valid[index] = 0
    } else if (unkept.has(number) || row > seenRow) return
    const [read] = selectRows("rowid = ?", row)
    if (read) fresh.set(row, read)
    else fresh.delete(row)
    freshColumns = null
  }

  function openStale(piece: Piece, since: number): Stale {
    const rowids = kept!.open(piece, null).rowids().slice()
    const opened = { since, age: 0, rowids, valid: new Uint8Array(piece.rows).fill(1) }
    stale.set(piece.number, opened)
    return opened
  }

  function readNewRows(first: number): void {
    for (const read of selectRows("rowid > ?", Math.max(seenRow, first - 1))) {
      fresh.set(read[0] as number, read)
      freshColumns = null
    }
    seenRow = newestRow()
  }

  /** All of it, or nothing: what was remembered of words is forgotten with it. */
  function inTransaction(act: () => void): void {
    if (file === null || !writes) return act()
    try {
      file.transaction(act).immediate()
    } catch (error) {
      words.forget()
      throw error
    }
  }

  function keepApplied(): number {
    let least = seenChange
    for (const { since } of stale.values()) least = Math.min(least, since - 1)
    file!.query("UPDATE state SET applied = ?1 WHERE applied <> ?1").run(least)
    return least
  }

  function* made(numbers: Iterable<number>, skips: (span: Span) => boolean): Generator<Columns> {
    for (const number of numbers) {
      const span = spanOf(number)
      if (span.rows === 0 || skips(span)) continue
      const piece = pieces.get(number)
      yield piece ? kept!.open(piece, stale.get(number)?.valid ?? null) : unkept.get(number)!
    }
  }

  const spanOf = (number: number) => pieces.get(number) ?? unkept.get(number)!

  function* unmade(skips: (span: Span) => boolean): Generator<Columns> {
    freshColumns ??= readColumns([...fresh.values()])
    if (freshColumns.rows > 0 && !skips(freshColumns)) yield freshColumns
  }

  const numbers = () => [...pieces.keys(), ...unkept.keys()].sort((a, b) => a - b)

  /** These pieces, block by block. */
  const blocks = (pieces: readonly number[], level: number): [Block, number[]][] =>
    [...Map.groupBy(pieces, (piece) => blockOf(piece, level).number)].map(([number, own]) => [{ level, number }, own])

  /** Of a block that is there as a whole, and as its pieces say; else null. */
  function spanOfWhole({ level }: Block, own: readonly number[]): Span | null {
    const found = own.flatMap((number) => (stale.has(number) ? [] : (pieces.get(number) ?? [])))
    if (found.length < LEVELS[level]!) return null
    return {
      minAt: Math.min(...found.map(({ minAt }) => minAt)),
      maxAt: Math.max(...found.map(({ maxAt }) => maxAt)),
    }
  }

  /** Smaller blocks first: larger ones are made of them. */
  function rollOneUp(): boolean {
    for (const level of LEVELS.keys())
      for (const [block, own] of blocks(numbers(), level)) {
        const missing = ROLLUPS.find((name) => level < levelsOf(name) && !rolledUp.has(rollupId(block, name)))
        if (missing === undefined || spanOfWhole(block, own) === null) continue
        const id = rollupId(block, missing)
        const parts = level === 0 ? made(own, NOTHING) : rollupsOf(blocks(own, level - 1), missing)
        blobs!.put("rollups", id, rollUp(missing, parts))
        rolledUp.set(id, {})
        return true
      }
    return false
  }

  function* rollupsOf(smaller: [Block, number[]][], name: RollupName): Generator<Rollup> {
    for (const [block] of smaller) yield readRollup(blobs!, block, name)
  }

  /** The largest blocks that are taken, then smaller ones, then pieces. */
  function* parts(
    own: readonly number[],
    level: number,
    name: RollupName,
    skips: (span: Span) => boolean,
    takes: (span: Span) => boolean,
  ): Generator<Part> {
    if (level < 0) return yield* singly(own, skips)
    for (const [block, within] of blocks(own, level)) {
      const span = spanOfWhole(block, within)
      if (span && skips(span)) continue
      const same = rolledUp.get(rollupId(block, name))
      if (span && same && takes(span)) yield { span, same, rollup: readRollup(blobs!, block, name), columns: null }
      else yield* parts(within, level - 1, name, skips, takes)
    }
  }

  function* singly(own: readonly number[], skips: (span: Span) => boolean): Generator<Part> {
    for (const number of own)
      for (const columns of made([number], skips))
        yield { span: columns, same: stale.has(number) ? null : spanOf(number), rollup: null, columns }
  }

  return {
    words,
    bases,
    catchUp,
    keepApplied,
    *each(skips, takes, name) {
      if (name === null) yield* singly(numbers(), skips)
      else yield* parts(numbers(), levelsOf(name) - 1, name, skips, takes)
      for (const columns of unmade(skips)) yield { span: columns, same: null, rollup: null, columns }
    },
    *newestFirst(skips) {
      yield* unmade(skips)
      yield* made(
        numbers().sort((a, b) => spanOf(b).maxAt - spanOf(a).maxAt),
        skips,
      )
    },
    age() {
      stale.forEach((one) => one.age++)
      blobs?.age()
      bases.age()
    },
    newestChange,
    work(settled = 0) {
      const missing = firstMissing()
      if (missing !== null) make(missing)
      else catchUp()
      if (missing !== null) return true
      for (const [number, { age, since }] of stale) {
        if (age < SETTLED && since > settled) continue
        make(number)
        return true
      }
      return rollOneUp()
    },
    forgetWords() {
      catchUp()
      for (const number of stale.keys()) make(number)
      const used = new Set<number>()
      const all = function* () {
        yield* made(numbers(), NOTHING)
        yield* unmade(NOTHING)
      }
      for (const columns of all())
        for (const name of DIMENSIONS) for (const number of columns.dimension(name).names) used.add(number)
      inTransaction(() => {
        for (const [number] of file!.query("SELECT number FROM words").values() as [number][])
          if (!used.has(number)) file!.query("DELETE FROM words WHERE number = ?").run(number)
      })
      words.forget()
    },
  }
}
