/**
 * All rows of the ledger in pieces of some two thousand, each as columns: from the stored segments, and from the rows themselves where there is no segment
 * (the newest rows, and such as changed). A segment is a copy: triggers drop it when one of its rows changes, `builder.ts` makes it again.
 */
import type { SelectValues, Values } from "../source.ts"
import {
  COLUMN_IDS,
  type Columns,
  measuresOf,
  NUMBERS,
  numberOfDimension,
  readColumns,
  type Selected,
  SELECTED,
} from "./layout.ts"
import { readSignals, unpackSignals } from "./signals.ts"
import type { Words } from "./words.ts"

export const PIECE_ROWS = 2_048

/** Rowids from `first` to `last`, both included; null times: not known before the rows are read. */
export interface Range {
  first: number
  last: number
  /** of a segment; null: there is none */
  stored: { rows: number; minAt: number; maxAt: number } | null
}

/** Segments and the gaps between them, in the order of the rowids, up to the newest row there is now. */
export function rangesOf(select: SelectValues): Range[] {
  const newest = Number(select("SELECT coalesce(max(rowid), 0) FROM requests", [])[0]?.[0])
  const segments = select("SELECT first, last, row_count, min_at, max_at FROM segments ORDER BY first", [])
  const ranges: Range[] = []
  let next = 1
  for (const [first, last, rows, minAt, maxAt] of segments as [number, number, number, number, number][]) {
    if (first > next) ranges.push({ first: next, last: first - 1, stored: null })
    ranges.push({ first, last, stored: { rows, minAt, maxAt } })
    next = last + 1
  }
  if (newest >= next) ranges.push({ first: next, last: newest, stored: null })
  return ranges
}

/** The pieces of a range; a caller may pause between two of them. */
export function* piecesOf(select: SelectValues, range: Range, words: Pick<Words, "numberOf">): Generator<Columns> {
  const stored = range.stored && openSegment(select, range.first, range.last)
  if (stored) return yield stored
  for (let { first } = range; first <= range.last;) {
    const { columns, last } = readRows(select, first, range.last, words)
    if (columns.rows > 0) yield columns
    if (columns.rows < PIECE_ROWS) return
    first = last + 1
  }
}

/** The first `PIECE_ROWS` rows of a range, and the last one's rowid. */
export function readRows(select: SelectValues, first: number, last: number, words: Pick<Words, "numberOf">) {
  const sql = `SELECT ${SELECTED} FROM requests WHERE rowid BETWEEN ? AND ? ORDER BY rowid LIMIT ${PIECE_ROWS}`
  const rows = select(sql, [first, last]) as unknown as Selected[]
  const end = Number(rows.at(-1)?.[0] ?? last)
  return { columns: readColumns(rows, words.numberOf, () => readSignals(select, [first, end])), last: end }
}

/** null when the segment is gone since the ranges were listed. */
function openSegment(select: SelectValues, first: number, last: number): Columns | null {
  const rows = select("SELECT row_count FROM segments WHERE first = ? AND last = ?", [first, last])[0]?.[0]
  if (typeof rows !== "number") return null
  const read = (number: number): ArrayBuffer | null => {
    const found = select("SELECT bytes FROM row_columns WHERE id = ?", [first * COLUMN_IDS + number])[0]?.[0]
    if (!(found instanceof Uint8Array)) return null
    // A view into a larger buffer may begin where no Float64Array can.
    return (found.byteOffset === 0 ? found.buffer : found.slice().buffer) as ArrayBuffer
  }
  const must = (number: number) => {
    const bytes = read(number)
    if (bytes === null) throw new Error(`the ledger's segment ${first} lacks its column ${number}`)
    return bytes
  }
  return {
    rows,
    rowids: () => new Float64Array(must(NUMBERS.rowids)),
    at: () => new Float64Array(must(NUMBERS.at)),
    flags: () => new Uint8Array(must(NUMBERS.flags)),
    measures: () => measuresOf(must(NUMBERS.measures), rows),
    quality: () => new Float64Array(read(NUMBERS.quality) ?? qualityOf(select, [first, last]).buffer),
    dimension: (name) => new Uint32Array(must(numberOfDimension(name))),
    signals: () => {
      const stored = read(NUMBERS.signals)
      return stored ? unpackSignals(stored, rows) : readSignals(select, [first, last])
    },
  }
}

/** Quality comes later than its row, often for many rows in a row: it is dropped from a segment alone. */
export function qualityOf(select: SelectValues, range: Values): Float64Array<ArrayBuffer> {
  const rows = select("SELECT quality FROM requests WHERE rowid BETWEEN ? AND ? ORDER BY rowid", range)
  return Float64Array.from(rows, ([quality]) => (quality as number | null) ?? Number.NaN)
}
