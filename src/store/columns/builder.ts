/**
 * Makes segments of rows that have none, one at a time: a few milliseconds every so often, on the thread that serves requests. Nothing waits for it; what has no
 * segment is read from its rows.
 */
import type { Database } from "bun:sqlite"
import type { SelectValues } from "../source.ts"
import { bytesOf, COLUMN_IDS, NUMBERS } from "./layout.ts"
import { PIECE_ROWS, qualityOf, rangesOf, readRows } from "./pieces.ts"

const MOST_WORDS = 50_000

/** Builds the oldest segment that is missing. @returns whether there was one to build */
export function buildSegment(db: Database, numbers: Map<string, number>): boolean {
  const select: SelectValues = (sql, values) => db.query(sql).values(...values)
  const ranges = rangesOf(select)
  const newest = ranges.at(-1)?.last
  const gap = ranges.find(
    ({ first, last, stored }) => stored === null && (last !== newest || last - first >= PIECE_ROWS - 1),
  )
  if (!gap) return restoreQuality(db, select)
  if (numbers.size > MOST_WORDS) numbers.clear()
  db.transaction(() => {
    const read = readRows(select, gap.first, gap.last, { numberOf: (word) => storedNumber(db, numbers, word) })
    const { columns } = read
    // Rows may have been deleted: a gap before the newest rows is filled whole, be it with fewer rows or none.
    const last = columns.rows < PIECE_ROWS ? gap.last : read.last
    const put = db.query("INSERT OR REPLACE INTO row_columns (id, bytes) VALUES (?, ?)")
    for (const [number, bytes] of bytesOf(columns)) put.run(gap.first * COLUMN_IDS + number, bytes)
    const at = columns.at()
    db.query("INSERT INTO segments (first, last, row_count, min_at, max_at) VALUES (?, ?, ?, ?, ?)").run(
      gap.first,
      last,
      columns.rows,
      at.reduce((one, other) => Math.min(one, other), Number.MAX_SAFE_INTEGER),
      at.reduce((one, other) => Math.max(one, other), 0),
    )
  }).immediate()
  return true
}

function storedNumber(db: Database, numbers: Map<string, number>, word: string | null): number {
  if (word === null) return 0
  let number = numbers.get(word)
  if (number === undefined) {
    db.query("INSERT INTO words (word) VALUES (?) ON CONFLICT DO NOTHING").run(word)
    number = db.query<{ number: number }, [string]>("SELECT number FROM words WHERE word = ?").get(word)!.number
    numbers.set(word, number)
  }
  return number
}

function restoreQuality(db: Database, select: SelectValues): boolean {
  const missing = select(
    `SELECT first, last FROM segments
     WHERE NOT EXISTS (SELECT 1 FROM row_columns WHERE id = first * ${COLUMN_IDS} + ${NUMBERS.quality}) LIMIT 1`,
    [],
  )[0] as [number, number] | undefined
  if (!missing) return false
  db.transaction(() => {
    const bytes = new Uint8Array(qualityOf(select, missing).buffer)
    const id = missing[0] * COLUMN_IDS + NUMBERS.quality
    db.query("INSERT OR REPLACE INTO row_columns (id, bytes) VALUES (?, ?)").run(id, bytes)
  }).immediate()
  return true
}
