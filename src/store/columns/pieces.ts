/** A piece: the columns of some four thousand rows, in `columns.db`. When pieces are made, and which rows of one still hold, `ledger-columns.ts` knows. */
import type { Database } from "bun:sqlite"
import type { Blobs } from "./blobs.ts"
import { COLUMN_IDS, createUnpacker, packColumns } from "./column-bytes.ts"
import type { Columns, Span } from "./layout.ts"

/** Rowids: piece `n` is of those from `n * PIECE_ROWS` on. */
export const PIECE_ROWS = 4_096

export interface Piece extends Span {
  number: number
  /** the ledger's newest change when it was made */
  change: number
  rows: number
}

export interface Pieces {
  list(): Piece[]
  /** Within the caller's transaction. */
  put(number: number, change: number, columns: Columns): Piece
  /** Within the caller's transaction. */
  drop(number: number): void
  /** Each column is read when it is asked for, and holds until the next piece is opened. */
  open(piece: Piece, valid: Uint8Array | null): Columns
}

export function openPieces(db: Database, blobs: Blobs): Pieces {
  const unpacker = createUnpacker()
  return {
    list: () =>
      db
        .query<Piece, []>(
          `SELECT number, change, row_count AS rows, min_at AS minAt, max_at AS maxAt FROM pieces ORDER BY number`,
        )
        .all(),
    put(number, change, columns) {
      const { rows, minAt, maxAt } = columns
      for (const [column, bytes] of packColumns(columns, number * PIECE_ROWS))
        blobs.put("piece_columns", number * COLUMN_IDS + column, bytes)
      db.query("INSERT OR REPLACE INTO pieces VALUES (?, ?, ?, ?, ?)").run(number, change, rows, minAt, maxAt)
      return { number, change, rows, minAt, maxAt }
    },
    drop(number) {
      db.query("DELETE FROM pieces WHERE number = ?").run(number)
      blobs.drop("piece_columns", number * COLUMN_IDS, (number + 1) * COLUMN_IDS)
    },
    open: (piece, valid) =>
      unpacker.open({ ...piece, firstRowid: piece.number * PIECE_ROWS }, valid, (column) =>
        blobs.get("piece_columns", piece.number * COLUMN_IDS + column),
      ),
  }
}
