/** Writes a batch of rows into a ledger. When, and what to do where it cannot, others know. */
import type { Database, Statement } from "bun:sqlite"
import { isOfTheDisk } from "./database.ts"
import { createDetails } from "./details.ts"
import { type Bindings, bindRow, insertSql } from "./rows.ts"
import type { Queued } from "./writer.ts"

export interface Inserter {
  /** In one transaction; returns how many rows were not fit to be written. Throws, with nothing written, when the disk refuses. */
  insert(rows: readonly Queued[]): number
  /** An open statement would keep the file open. */
  close(): void
}

/** Rows of one statement: beginning and ending one takes as long as five columns. */
const AT_ONCE = 16

export function createInserter(db: Database): Inserter {
  const begin = db.prepare("BEGIN IMMEDIATE")
  const single = db.prepare(insertSql(1))
  const commit = db.prepare("COMMIT")
  const details = createDetails(db)
  let several: Statement | null = null
  const bindings: Bindings = []

  function run(statement: Statement, rows: readonly Queued[]): void {
    bindings.length = 0
    for (const [row, detail] of rows) bindRow(row, detail, details, bindings)
    statement.run(bindings as unknown as string) // as the driver takes it: spreading them costs more than binding
  }

  /** @returns how many were unfit: one bad row must not hold up the others for ever */
  function put(rows: readonly Queued[]): number {
    try {
      run(rows.length === 1 ? single : (several ??= db.prepare(insertSql(AT_ONCE))), rows)
      return 0
    } catch (error) {
      if (isOfTheDisk(error)) throw error
      return rows.length === 1 ? 1 : rows.reduce((unfit, row) => unfit + put([row]), 0)
    }
  }

  return {
    insert(rows) {
      let unfit = 0
      begin.run()
      try {
        for (let at = 0; at < rows.length;) {
          const some = rows.slice(at, at + (rows.length - at < AT_ONCE ? 1 : AT_ONCE))
          unfit += put(some)
          at += some.length
        }
        commit.run()
      } catch (error) {
        if (db.inTransaction) db.run("ROLLBACK")
        details.forget()
        throw error
      }
      return unfit
    },
    close() {
      for (const statement of [begin, single, several, commit]) statement?.finalize()
    },
  }
}
