/**
 * Recall and speed of the local memory on conversations from a folder: `bun run bench:memory DIR...`. Each file of a folder is one conversation,
 * `{name, turns: [{ref, session, at, speaker, role, text}], questions: [{question, evidence: [ref], category}]}`. Recall is the share of the evidence among the best k. No server.
 */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { basename, join } from "node:path"
import { createLocalEngine } from "../../src/memory/local.ts"
import { namespaceOf } from "../../src/memory/namespace.ts"
import { createMemoryStore } from "../../src/store/memories.ts"
import { openMemoryDatabase } from "../../src/store/memory-database.ts"
import { estimateTokens } from "../../src/usage/estimate.ts"

interface Conversation {
  name: string
  turns: { ref: string; session: string; at: string; speaker: string; role: string; text: string }[]
  questions: { question: string; evidence: string[]; category: string }[]
}

const DEPTHS = [5, 10, 20]
const dirs = process.argv.slice(2)
if (dirs.length === 0) {
  console.error("usage: bun run bench:memory DIR...")
  process.exit(2)
}
const home = mkdtempSync(join(tmpdir(), "memproxy-bench-"))
const database = openMemoryDatabase(home, console.error)
const store = createMemoryStore(database.use)
const clock = Date.now
const engine = createLocalEngine({
  store,
  estimate: estimateTokens,
  newId: Bun.randomUUIDv7,
  clock,
  now: () => performance.now(),
  warn: console.error,
})

for (const dir of dirs) {
  const files = readdirSync(dir).filter((file) => file.endsWith(".json"))
  const recalls = new Map<string, number[][]>()
  const times: number[] = []
  let turns = 0
  let importMs = 0
  let indexMs = 0
  for (const file of files) {
    const { turns: said, questions } = JSON.parse(readFileSync(join(dir, file), "utf8")) as Conversation
    const namespace = namespaceOf("user", join(dir, file), null)
    const started = performance.now()
    const entries = said.map(({ ref, session, at, speaker, role, text }) => {
      const metadata = { ref }
      const when = { sessionId: session, createdAt: Date.parse(at) }
      return engine.entry({ namespace, content: text, role, speaker, ...when, metadata, source: "import" })
    })
    turns += engine.keep(entries)
    importMs += performance.now() - started
    const visible = store.namespaces(namespace.userId, [null])
    const indexed = performance.now()
    await engine.search(visible, "", 1)
    indexMs += performance.now() - indexed
    for (const { question, evidence, category } of questions) {
      const asked = performance.now()
      const found = await engine.search(visible, question, Math.max(...DEPTHS))
      times.push(performance.now() - asked)
      const refs = found.map(({ stored }) => (JSON.parse(stored.metadata!) as { ref: string }).ref)
      const recall = DEPTHS.map(
        (k) => evidence.filter((ref) => refs.slice(0, k).includes(ref)).length / evidence.length,
      )
      for (const key of [category, "all"]) recalls.set(key, [...(recalls.get(key) ?? []), recall])
    }
  }
  times.sort((a, b) => a - b)
  const at = (share: number) => times[Math.floor(times.length * share)]?.toFixed(1)
  const rate = Math.round((turns / importMs) * 1000)
  const findable = Math.round((turns / (importMs + indexMs)) * 1000)
  console.log(
    `${basename(dir)}: ${turns} turns, ${rate} a second kept, ${findable} kept and indexed; search p50 ${at(0.5)} ms, p95 ${at(0.95)} ms`,
  )
  for (const [category, rows] of recalls) {
    const means = DEPTHS.map((_, k) => ((100 * rows.reduce((sum, row) => sum + row[k]!, 0)) / rows.length).toFixed(1))
    console.log(`  ${category.padEnd(26)} n=${rows.length}  R@${DEPTHS.join("/")} ${means.join(" / ")}`)
  }
}
await engine.close()
database.close()
rmSync(home, { recursive: true })
