/** A piece: the columns of some four thousand rows, in `columns.db`. When pieces are made, and which rows of one still hold, `ledger-columns.ts` knows. */
import type { Database } from "bun:sqlite"
import { bytesOf, COLUMN_IDS, type Columns, measuresOf, NUMBERS, numberOfDimension, type Span } from "./layout.ts"
import { unpackSignals } from "./signals.ts"

/** Rowids: piece `n` is of those from `n * PIECE_ROWS` on. */
export const PIECE_ROWS = 4_096

export interface Piece extends Span {
  number: number
  /** the ledger's newest change when it was made */
  change: number
  rows: number
}

export const listPieces = (db: Database): Piece[] =>
  db
    .query<Piece, []>(
      `SELECT number, change, row_count AS rows, min_at AS minAt, max_at AS maxAt FROM pieces ORDER BY number`,
    )
    .all()

/** Within the caller's transaction. */
export function putPiece(db: Database, number: number, change: number, columns: Columns): Piece {
  const { rows, minAt, maxAt } = columns
  const put = db.query("INSERT OR REPLACE INTO piece_columns (id, bytes) VALUES (?, ?)")
  for (const [column, bytes] of bytesOf(columns)) put.run(number * COLUMN_IDS + column, bytes)
  db.query("INSERT OR REPLACE INTO pieces VALUES (?, ?, ?, ?, ?)").run(number, change, rows, minAt, maxAt)
  return { number, change, rows, minAt, maxAt }
}

/** Within the caller's transaction. */
export function dropPiece(db: Database, number: number): void {
  db.query("DELETE FROM pieces WHERE number = ?").run(number)
  const ids = [number * COLUMN_IDS, (number + 1) * COLUMN_IDS - 1] as const
  db.query("DELETE FROM piece_columns WHERE id BETWEEN ? AND ?").run(...ids)
}

/** Each column is read when it is asked for. */
export function openPiece(db: Database, { number, rows, minAt, maxAt }: Piece, valid: Uint8Array | null): Columns {
  const select = db.query<{ bytes: Uint8Array }, [number]>("SELECT bytes FROM piece_columns WHERE id = ?")
  const read = (column: number): ArrayBuffer => {
    const bytes = select.get(number * COLUMN_IDS + column)?.bytes
    if (!bytes) throw new Error(`the ledger's columns lack ${column} of piece ${number}`)
    // A view into a larger buffer may begin where no Float64Array can.
    return (bytes.byteOffset === 0 ? bytes.buffer : bytes.slice().buffer) as ArrayBuffer
  }
  return {
    rows,
    minAt,
    maxAt,
    valid,
    rowids: () => new Float64Array(read(NUMBERS.rowids)),
    at: () => new Float64Array(read(NUMBERS.at)),
    flags: () => new Uint8Array(read(NUMBERS.flags)),
    measures: () => measuresOf(read(NUMBERS.measures), rows),
    quality: () => new Float64Array(read(NUMBERS.quality)),
    dimension: (name) => new Uint32Array(read(numberOfDimension(name))),
    signals: () => unpackSignals(read(NUMBERS.signals), rows),
  }
}
