/**
 * Makes segments of rows that have none, one at a time: a few milliseconds every so often, on the thread that serves requests. Nothing waits for it; what has no
 * segment is read from its rows.
 */
import type { Database } from "bun:sqlite"
import type { SelectValues, Values } from "../source.ts"
import { bytesOf, COLUMN_IDS, NUMBERS } from "./layout.ts"
import { PIECE_ROWS, qualityOf, rangesOf, readRows } from "./pieces.ts"
import { packSignals, readSignals } from "./signals.ts"

const MOST_WORDS = 50_000

/** Builds the oldest segment that is missing. @returns whether there was one to build */
export function buildSegment(db: Database, numbers: Map<string, number>): boolean {
  const select: SelectValues = (sql, values) => db.query(sql).values(...values)
  const ranges = rangesOf(select)
  const newest = ranges.at(-1)?.last
  const gap = ranges.find(
    ({ first, last, stored }) => stored === null && (last !== newest || last - first >= PIECE_ROWS - 1),
  )
  if (!gap) return restore(db, select)
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

/** Columns that are dropped alone, and how they are made again. */
const RESTORED: readonly [number: number, read: (select: SelectValues, range: Values) => Uint8Array][] = [
  [NUMBERS.quality, (select, range) => new Uint8Array(qualityOf(select, range).buffer)],
  [NUMBERS.signals, (select, range) => packSignals(readSignals(select, range))],
]

function restore(db: Database, select: SelectValues): boolean {
  for (const [number, read] of RESTORED) {
    const missing = select(
      `SELECT first, last FROM segments
       WHERE NOT EXISTS (SELECT 1 FROM row_columns WHERE id = first * ${COLUMN_IDS} + ${number}) LIMIT 1`,
      [],
    )[0] as [number, number] | undefined
    if (!missing) continue
    const put = "INSERT OR REPLACE INTO row_columns (id, bytes) VALUES (?, ?)"
    db.transaction(() => db.query(put).run(missing[0] * COLUMN_IDS + number, read(select, missing))).immediate()
    return true
  }
  return false
}
