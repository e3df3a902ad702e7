/**
 * Claude Code and Codex with memory on, through the real proxy: told a fact in one project, asked in a new conversation there and in another project.
 * Like `run.ts` not part of `bun test`: `bun test/clients/memory.ts [claude] [codex]`. Exit 1 if one fails.
 */
import { existsSync, mkdirSync, mkdtempSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join, resolve } from "node:path"
import { answerIn } from "../support/answers.ts"
import type { Loose } from "../support/json.ts"
import { type FakeProvider, type Received, type Script, startFakeProvider } from "../support/fake-provider.ts"
import { type FakeSupermemory, startFakeSupermemory, SUPERMEMORY_KEY } from "../support/fake-supermemory.ts"
import { testConfig } from "../support/lanes.ts"
import { MASTER, type Memproxy, startMemproxy } from "../support/memproxy.ts"
import { toolLoop } from "../support/tool-loop.ts"

const CLIENTS = [
  { run: "claude", model: "claude" },
  { run: "codex", model: "responses" },
] as const

const script = resolve(import.meta.dir, "../../../shared/clients/client")
const wanted = process.argv.slice(2).filter((one) => !one.startsWith("--"))
if (!existsSync(script)) {
  console.error(`${script} is not there: the real clients cannot be run`)
  process.exit(1)
}
if (!process.argv.includes("--inside")) {
  const child = Bun.spawn([script, "loopback", process.execPath, import.meta.path, "--inside", ...wanted], {
    stdio: ["inherit", "inherit", "inherit"],
  })
  process.exit(await child.exited)
}

function makeProject(name: string): string {
  const dir = join(mkdtempSync(join(tmpdir(), "memproxy-client-")), name)
  mkdirSync(dir)
  const git = (...args: string[]) => Bun.spawnSync(["git", ...args], { cwd: dir })
  git("init", "-q", "-b", "main")
  git("remote", "add", "origin", `git@github.com:acme/${name}.git`)
  writeFileSync(join(dir, "README.md"), "demo\n")
  git("add", ".")
  git("-c", "user.name=t", "-c", "user.email=t@example.com", "commit", "-q", "-m", "first")
  return dir
}

const FACT = "Please note that the staging database is called heron."
const QUESTION = "What is the staging database called?"
const DELEGATED = "Delegate to a sub-agent: count the words."

interface Run {
  provider: FakeProvider
  proxy: Memproxy
  supermemory: FakeSupermemory
}

/** As a person would: the server in the project's own settings, its tools allowed. */
function useMcp(project: string, proxy: Memproxy): void {
  const server = { type: "http", url: `${proxy.url}/mcp`, headers: { Authorization: `Bearer ${MASTER}` } }
  writeFileSync(join(project, ".mcp.json"), JSON.stringify({ mcpServers: { memproxy: server } }))
  mkdirSync(join(project, ".claude"))
  const settings = { enableAllProjectMcpServers: true, permissions: { allow: ["mcp__memproxy"] } }
  writeFileSync(join(project, ".claude/settings.local.json"), JSON.stringify(settings))
}

/** Tools of MCP servers are deferred: the model looks for them first, then calls them, then speaks. */
const searchByMcp: Script = (request) => {
  const called = request.text.split('"tool_use"').length - 1
  const found = { name: "ToolSearch", args: { query: "select:mcp__memproxy__search_memories" } }
  const search = { name: "mcp__memproxy__search_memories", args: { query: "staging database", project: "acme/alpha" } }
  const next = [found, search][called]
  return answerIn(request, next ? { tools: [{ ...next, id: `toolu_${called}` }] } : { text: "Noted." })
}

/** One headless run; what the provider was sent meanwhile. */
async function say(
  { provider, proxy }: Run,
  client: string,
  model: string,
  project: string,
  prompt: string,
): Promise<Received[]> {
  const before = provider.received.length
  const child = Bun.spawn([script, "run", client, proxy.url, prompt], {
    cwd: project,
    env: { ...process.env, KEY: MASTER, MODEL: model },
    stdin: "ignore",
    stdout: "pipe",
    stderr: "pipe",
  })
  const [out, err, code] = await Promise.all([
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
    child.exited,
  ])
  if (code !== 0) throw new Error(`${client} exit ${code}: ${(err || out).slice(-400)}`)
  return provider.received.slice(before)
}

async function tryClient(client: string, model: string): Promise<string[]> {
  const supermemory = startFakeSupermemory()
  const provider = await startFakeProvider((request) => answerIn(request, { text: "Noted." }))
  const memproxy = {
    memory: { engine: "supermemory", scope: "project" },
    supermemory: { api_key: SUPERMEMORY_KEY, base_url: supermemory.url },
  }
  const proxy = await startMemproxy({ config: testConfig(provider.url, { memproxy }) })
  const run = { provider, proxy, supermemory }
  const [a, b] = [makeProject("alpha"), makeProject("beta")]
  const problems: string[] = []
  const check = (holds: boolean, what: string) => void (holds || problems.push(what))
  const knows = (requests: Received[]) => requests.some(({ text }) => text.includes("heron"))

  check(!knows(await say(run, client, model, a, QUESTION)), "known before it was told")
  await say(run, client, model, a, FACT)
  check(knows(await say(run, client, model, a, QUESTION)), "not known in the project it was told in")
  check(!knows(await say(run, client, model, b, QUESTION)), "known in another project")

  const stored = supermemory.calls
    .filter(({ path }) => path === "/v4/conversations")
    .flatMap(({ body }) => body.messages)
  const others = stored.filter(({ content }) => ![FACT, QUESTION, "Noted."].includes(content))
  check(others.length === 0, `more was remembered than was said: ${JSON.stringify(others).slice(0, 600)}`)
  check(
    stored.some(({ content }) => content === FACT),
    "the fact was not remembered",
  )

  if (client === "claude") {
    const before = supermemory.calls.length
    provider.script(toolLoop({ tool: /^(Task|Agent)$/, text: "Noted." }))
    const requests = await say(run, client, model, a, DELEGATED)
    const delegated = requests.filter(({ headers }) => headers["x-claude-code-agent-id"])
    const rows = (await proxy.rows()).filter(({ memory_status }) => memory_status === "skip")
    check(delegated.length > 0 || rows.length > 0, "no sub-agent was called: nothing was tried")
    const said = supermemory.calls
      .slice(before)
      .flatMap(({ path, body }) => (path === "/v4/conversations" ? body.messages : []))
    const left = said.filter(({ content }) => ![DELEGATED, "Noted."].includes(content))
    check(left.length === 0, `a sub-agent left ${JSON.stringify(left).slice(0, 600)}`)
    console.log(`     sub-agent calls ${delegated.length}, skipped rows ${rows.length}`)
  }
  if (client === "claude") {
    useMcp(a, proxy)
    provider.script(searchByMcp)
    const requests = await say(run, client, model, a, "Search your memories.")
    const answers = requests.flatMap(({ json }) => json.messages.flatMap(({ content }: Loose) => [content].flat()))
    const results = answers.filter((part: Loose) => part?.type === "tool_result")
    check(
      results.some((part) => JSON.stringify(part).includes("results")),
      `no result of the MCP tool: ${JSON.stringify(results).slice(0, 300)}`,
    )
    console.log(`     MCP: ${JSON.stringify(results.at(-1) ?? null).slice(0, 200)}`)
  }
  const rows = await proxy.rows()
  const statuses = rows.map(({ memory_status, project }) => `${project} ${memory_status}`).reverse()
  console.log(`${problems.length === 0 ? "ok  " : "FAIL"} ${client}: ${statuses.join(", ")}`)
  for (const problem of problems) console.log(`     ${problem}`)
  await proxy.stop()
  await provider.stop()
  await supermemory.stop()
  return problems
}

let failed = 0
for (const { run, model } of CLIENTS) {
  if (wanted.length > 0 && !wanted.includes(run)) continue
  if ((await tryClient(run, model)).length > 0) failed++
}
console.log(failed === 0 ? "all passed" : `${failed} failed`)
process.exit(failed === 0 ? 0 : 1)
