/** A process to be killed: writes 2,000 rows a second to the ledger in the directory given, and says each id on stdout as it is appended. */
import { writeSync } from "node:fs"
import { openStore } from "../../src/store/open.ts"
import { detailOf, rowAt } from "./sample.ts"

const { ledger } = openStore(process.argv[2]!, { warn: (message) => console.error(message) })
setInterval(() => {
  const rows = Array.from({ length: 10 }, () => rowAt(Date.now()))
  for (const row of rows) ledger.append(row, detailOf())
  writeSync(1, rows.map((row) => `${row.id}\n`).join(""))
}, 5)
