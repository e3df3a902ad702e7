/**
 * `bun run bench`: what the built program costs, as ratios to nginx's `proxy_pass` measured in the same minutes, taking turns.
 * Options: `--quick`, `--only json,streams,prompts,translation,crowd,stalled,start,leavers`, `--binary FILE`, `--gate` (exit 1 where a goal is missed).
 * Loopback only, a few minutes at most, Linux only. How to read it: ratios and megabytes hold on a busy machine; milliseconds do not.
 */
import { existsSync, statSync } from "node:fs"
import { loadavg } from "node:os"
import { join, resolve } from "node:path"
import { parseArgs } from "node:util"
import { json, prompts, streams, translation } from "./cost.ts"
import { crowd, leavers, stalled, start } from "./endurance.ts"
import type { Bench } from "./measure.ts"
import { figure, missedGoals, note, title } from "./report.ts"
import { cleanUp, KEY, pinned, startLoad, startMemproxy, startMock, startNginx } from "./servers.ts"

const CASES: Record<string, (bench: Bench) => Promise<void>> = {
  json,
  streams,
  prompts,
  translation,
  crowd,
  stalled,
  start,
  leavers,
}
const root = join(import.meta.dir, "..", "..")

const { values: options } = parseArgs({
  options: {
    quick: { type: "boolean", default: false },
    gate: { type: "boolean", default: false },
    only: { type: "string", default: Object.keys(CASES).join() },
    binary: { type: "string" },
  },
})

function builtBinary(): string {
  const binary = join(root, "dist", "memproxy")
  const sources = [...new Bun.Glob("src/**/*").scanSync(root), "package.json", "bun.lock"]
  const newest = Math.max(...sources.map((file) => statSync(join(root, file)).mtimeMs))
  if (existsSync(binary) && statSync(binary).mtimeMs > newest) return binary
  note("building dist/memproxy")
  const built = Bun.spawnSync([process.execPath, "run", "build"], { cwd: root, stdio: ["ignore", "ignore", "inherit"] })
  if (built.exitCode !== 0) throw new Error("the build failed")
  return binary
}

/** Every request that was answered has its row, and no other. */
async function ledgerHolds(bench: Bench, rows: number) {
  const answer = await fetch(`http://127.0.0.1:${bench.memproxy.port}/api/usage?group_by=model`, {
    headers: { authorization: `Bearer ${KEY}` },
  })
  if (!answer.ok) return note(`the ledger was not compared: /api/usage answered ${answer.status}`)
  const { totals } = (await answer.json()) as { totals?: { requests: number } }
  title("The ledger")
  figure({
    what: "rows, of the requests sent by json, streams, prompts",
    unit: "",
    value: totals?.requests ?? Number.NaN,
    exactly: rows,
  })
}

async function main() {
  if (process.platform !== "linux") return note("bun run bench reads Linux's /proc and runs there only")
  const cases = options.only.split(",").map((name) => {
    const run = CASES[name]
    if (!run) throw new Error(`--only ${name}: there are ${Object.keys(CASES).join(", ")}`)
    return run
  })
  const binary = options.binary ? resolve(options.binary) : builtBinary()
  const mock = await startMock()
  const load = await startLoad()
  const nginx = await startNginx(mock.port)
  const memproxy = await startMemproxy(binary, mock.port)
  const sent = { rows: 0 }
  const bench: Bench = { binary, quick: options.quick, load, mock, nginx, memproxy, sent }
  note(
    `${binary}; ${nginx ? "nginx beside it" : "nginx is not installed: no ratios"}; ${pinned ? "servers on core 0, load on core 1" : "not pinned to cores"}`,
  )
  const busy = (loadavg()[0] ?? 0) > 1
  if (busy)
    note(
      `the machine is busy (load ${loadavg()[0]?.toFixed(1)}): trust ratios of CPU, megabytes and counts, nothing else`,
    )
  for (const run of cases) await run(bench)
  if (sent.rows) await ledgerHolds(bench, sent.rows)
  note(`\n${missedGoals() ? `${missedGoals()} goals MISSED` : "all goals kept"}`)
  if (options.gate && missedGoals()) process.exitCode = 1
}

for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => process.exit(130))
process.on("exit", cleanUp)
await main()
process.exit()
