/** Writes a batch of rows into a ledger. When, and what to do where it cannot, others know. */
import type { Database, Statement } from "bun:sqlite"
import { isOfTheDisk } from "./database.ts"
import { createDetails } from "./details.ts"
import { bindCommon, type Bindings, bindOwn, insertSql } from "./rows.ts"
import type { Queued } from "./writer.ts"

export interface Inserter {
  /** In one transaction; returns how many rows were not fit to be written. Throws, with nothing written, when the disk refuses. */
  insert(rows: readonly Queued[]): number
  /** An open statement would keep the file open. */
  close(): void
}

/** Rows of one statement: beginning and ending one takes as long as five columns, and what its rows have in common is bound once. */
const AT_ONCE = 16
/** A row is looked for a place in no more of them. */
const MOST_GROUPS = 16

/** Rows to be written together, with what they have in common. */
interface Group {
  common: Bindings
  rows: Queued[]
}

export function createInserter(db: Database): Inserter {
  const begin = db.prepare("BEGIN IMMEDIATE")
  const single = db.prepare(insertSql(1))
  const commit = db.prepare("COMMIT")
  const details = createDetails(db)
  let several: Statement | null = null
  const common: Bindings = []
  const bindings: Bindings = []

  function run({ rows, common }: Group): void {
    bindings.length = 0
    for (const [row, detail] of rows) bindOwn(row, detail, bindings)
    for (const value of common) bindings.push(value)
    const statement = rows.length === 1 ? single : (several ??= db.prepare(insertSql(AT_ONCE)))
    statement.run(bindings as unknown as string) // as the driver takes it: spreading them costs more than binding
  }

  /** @returns how many were unfit */
  function put(group: Group): number {
    const { rows, common } = group
    if (rows.length === 1 || rows.length === AT_ONCE) {
      if (isFit(() => run(group))) return 0
      if (rows.length === 1) return 1
    }
    return rows.reduce((unfit, row) => unfit + put({ rows: [row], common }), 0)
  }

  /** Those alike together; among these they keep their order. */
  function putAll(rows: readonly Queued[]): number {
    const open: Group[] = []
    let unfit = 0
    for (const queued of rows) {
      common.length = 0
      if (!isFit(() => bindCommon(...queued, details, common))) {
        unfit++
        continue
      }
      const at = open.findIndex((group) => isSame(group.common, common))
      if (at < 0) {
        if (open.push({ common: common.slice(), rows: [queued] }) > MOST_GROUPS) unfit += put(open.shift()!)
      } else if (open[at]!.rows.push(queued) === AT_ONCE) unfit += put(open.splice(at, 1)[0]!)
    }
    return open.reduce((sum, group) => sum + put(group), unfit)
  }

  return {
    insert(rows) {
      begin.run()
      try {
        const unfit = putAll(rows)
        commit.run()
        return unfit
      } catch (error) {
        if (db.inTransaction) db.run("ROLLBACK")
        details.forget()
        throw error
      }
    },
    close() {
      for (const statement of [begin, single, several, commit]) statement?.finalize()
    },
  }
}

/** One bad row must not hold up the others for ever; on a disk that refuses none is bad. */
function isFit(act: () => void): boolean {
  try {
    act()
    return true
  } catch (error) {
    if (isOfTheDisk(error)) throw error
    return false
  }
}

function isSame(one: Bindings, other: Bindings): boolean {
  for (let at = 0; at < one.length; at++) if (one[at] !== other[at]) return false
  return true
}
