/**
 * The real command-line clients, each in a tool-call loop through the real proxy against an upstream of every dialect, or of its own alone (`--own`).
 * Not part of `bun test`: they are large and not ours. `bun test/clients/run.ts [--own] [NAME...]` needs them installed by `../shared/clients/client install`;
 * everything runs in a network namespace that reaches this machine only (Linux, root). Exit 1 if one fails.
 */
import { existsSync, readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { dialectOf } from "../support/answers.ts"
import { startFakeProvider } from "../support/fake-provider.ts"
import { type Lane, lanes, testConfig } from "../support/lanes.ts"
import { MASTER, startMemproxy } from "../support/memproxy.ts"
import { hasToolResult, toolLoop } from "../support/tool-loop.ts"
import { wrongIn } from "../support/valid-request.ts"
import { insideNamespace, makeProject, runClient, wanted } from "./client.ts"

interface Row {
  run: string
  model: string
  /** the client's fixed name in the ledger */
  client: string
}

const CLIENTS: readonly Row[] = [
  { run: "claude", model: "claude", client: "claude-code" },
  { run: "codex", model: "responses", client: "codex" },
  { run: "gemini", model: "gem", client: "gemini-cli" },
  { run: "opencode", model: "chat", client: "opencode" },
  { run: "qwen", model: "chat", client: "qwen-code" },
  { run: "cn", model: "chat", client: "continue" },
  { run: "cline", model: "chat", client: "cline" },
  { run: "copilot", model: "chat", client: "copilot-cli" },
  { run: "pi", model: "chat", client: "pi" },
]

const isOwnOnly = process.argv.includes("--own")
await insideNamespace(import.meta.path)

/** Cline leaves a daemon of its own behind: what was started in our project ends with it. */
function endLeftovers(project: string): void {
  for (const pid of readdirSync("/proc").filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)) {
    const command = existsSync(`/proc/${pid}/cmdline`) ? readFileSync(`/proc/${pid}/cmdline`, "utf8") : ""
    if (command.includes(project)) process.kill(Number(pid), "SIGKILL")
  }
}

async function tryClient({ run, client, model: own }: Row, { model, dialect }: Lane): Promise<string[]> {
  const provider = await startFakeProvider(toolLoop())
  const proxy = await startMemproxy({ config: testConfig(provider.url) })
  const project = makeProject("demo-project")
  const prompt = "Run the shell command: echo tool-ran"
  const { out, err, code } = await runClient(run, { url: proxy.url, model, project, prompt })
  const rows = await proxy.rows()
  const problems: string[] = []
  const check = (holds: boolean, what: string) => void (holds || problems.push(what))
  check(code === 0, `exit ${code}: ${(err || out).slice(-300)}`)
  check(provider.received.some(hasToolResult), "the tool's result never came back")
  // what the client itself says to its own provider is not ours to judge
  for (const request of provider.received.filter((one) => model !== own && dialectOf(one.path) !== null))
    for (const wrong of wrongIn(dialect, request.json)) check(false, `sent to the provider: ${wrong}`)
  check(out.includes("The tool has answered.") || err.includes("The tool has answered."), "the answer was not shown")
  check(
    rows.length > 0 && rows.length >= provider.received.length,
    `${rows.length} rows for ${provider.received.length} requests`,
  )
  for (const row of rows) {
    const where = `row ${row.started_at}`
    check(row.client === client, `${where}: client ${row.client}`)
    check(
      row.client_version !== null || ["copilot-cli", "pi", "continue", "cline"].includes(client),
      `${where}: no version`,
    )
    check(row.project === "acme/demo-project", `${where}: project ${row.project}`)
    check(row.session_id !== null, `${where}: no session`)
    check(row.dialect_out === dialect, `${where}: went out as ${row.dialect_out}`)
    check(row.outcome === "done" && row.status === 200, `${where}: ${row.outcome} ${row.status} ${row.error_type}`)
    check(
      (row.input_tokens ?? 0) > 0 && (row.output_tokens ?? 0) > 0,
      `${where}: tokens ${row.input_tokens}/${row.output_tokens}`,
    )
  }
  const sessions = new Set(rows.map((row) => row.session_id))
  const versions = new Set(rows.map((row) => row.client_version))
  console.log(
    `${problems.length === 0 ? "ok  " : "FAIL"} ${run} on ${dialect}: ${rows.length} rows, sessions ${sessions.size}, versions ${[...versions].join(" ")}`,
  )
  for (const problem of new Set(problems)) console.log(`     ${problem}`)
  if (problems.length > 0 && proxy.stderr()) console.log(proxy.stderr().slice(0, 1500))
  endLeftovers(project)
  await proxy.stop()
  await provider.stop()
  return problems
}

/** The official Python SDKs, where Python has them. */
async function tryPython(): Promise<boolean> {
  const provider = await startFakeProvider(toolLoop())
  const proxy = await startMemproxy({ config: testConfig(provider.url) })
  const child = Bun.spawn(["python3", join(import.meta.dir, "sdks.py"), proxy.url, MASTER], {
    stdio: ["ignore", "inherit", "inherit"],
  })
  const isOk = (await child.exited) === 0
  const rows = (await proxy.rows()).filter(
    (row) => !/python|google-genai/.test(row.client ?? "") || row.outcome !== "done" || !row.client_version,
  )
  for (const row of rows)
    console.log(
      `     row of ${row.model}: client ${row.client} ${row.client_version}, ${row.outcome} ${row.error_type}`,
    )
  await proxy.stop()
  await provider.stop()
  return isOk && rows.length === 0
}

let failed = 0
if ((wanted.length === 0 || wanted.includes("python")) && !(await tryPython())) failed++
for (const row of CLIENTS) {
  if (wanted.length > 0 && !wanted.includes(row.run)) continue
  for (const lane of lanes)
    if ((!isOwnOnly || lane.model === row.model) && (await tryClient(row, lane)).length > 0) failed++
}
console.log(failed === 0 ? "all passed" : `${failed} failed`)
process.exit(failed === 0 ? 0 : 1)
