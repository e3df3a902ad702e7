/** What waits to be sent elsewhere, kept until it was: a killed process sends it when it starts again. What it says is not known here. */
import type { Database } from "bun:sqlite"

export interface Outbox {
  /** The number it is kept under; null: the disk would not, and it is in memory only. */
  keep(text: string): number | null
  drop(number: number): void
  /** What earlier processes left, oldest first. */
  all(): { number: number; text: string }[]
}

export function createOutboxTable(db: Database): void {
  db.run(`
    CREATE TABLE outbox (
      number INTEGER PRIMARY KEY,
      text TEXT NOT NULL
    );
  `)
}

export function createOutbox(options: {
  use: <T>(act: (db: Database) => T) => T
  warn: (message: string) => void
}): Outbox {
  const attempt = <T>(what: string, fallback: T, act: (db: Database) => T): T => {
    try {
      return options.use(act)
    } catch (error) {
      options.warn(`what waits to be sent cannot be ${what}: ${String(error)}`)
      return fallback
    }
  }
  return {
    keep: (text) =>
      attempt("kept, it would be lost with the process", null, (db) =>
        Number(db.query("INSERT INTO outbox (text) VALUES (?)").run(text).lastInsertRowid),
      ),
    drop: (number) =>
      attempt("crossed out, it may be sent twice", undefined, (db) => {
        db.query("DELETE FROM outbox WHERE number = ?").run(number)
      }),
    all: () =>
      attempt("read", [], (db) =>
        db.query<{ number: number; text: string }, []>("SELECT number, text FROM outbox ORDER BY number").all(),
      ),
  }
}
