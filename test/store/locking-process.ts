/** A process that holds something until its input ends or it is killed: `lock DIR` the directory's lock, `exclusive DIR` the ledger's file. */
import { Database } from "bun:sqlite"
import { join } from "node:path"
import { acquireLock } from "../../src/store/lock.ts"

const [what, dir] = process.argv.slice(2)
let held: unknown
if (what === "lock") held = acquireLock(dir!)
else {
  const db = new Database(join(dir!, "ledger.db"), { readwrite: true })
  db.run("BEGIN EXCLUSIVE")
  held = db
}
console.log("held")
for await (const _ of Bun.stdin.stream()) continue
process.exit(held === undefined ? 1 : 0)
