/**
 * Real clients with memory on, through the real proxy: told a fact in one project, asked in a new conversation there and in another project.
 * Like `run.ts` not part of `bun test`: `bun test/clients/memory.ts [NAME...]`. With each engine; exit 1 if one fails.
 */
import { mkdirSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { answerIn } from "../support/answers.ts"
import type { Loose } from "../support/json.ts"
import { type FakeProvider, type Received, type Script, startFakeProvider } from "../support/fake-provider.ts"
import { type FakeSupermemory, startFakeSupermemory, SUPERMEMORY_KEY } from "../support/fake-supermemory.ts"
import { testConfig } from "../support/lanes.ts"
import { MASTER, type Memproxy, startMemproxy } from "../support/memproxy.ts"
import { toolLoop } from "../support/tool-loop.ts"
import { insideNamespace, makeProject, runClient, wanted } from "./client.ts"

const CLIENTS = [
  { run: "claude", model: "claude" },
  { run: "codex", model: "responses" },
  { run: "gemini", model: "gem" },
  { run: "opencode", model: "chat" },
  { run: "qwen", model: "chat" },
] as const

await insideNamespace(import.meta.path)

const FACT = "Please note that the staging database is called heron."
const QUESTION = "What is the staging database called?"
const DELEGATED = "Delegate to a sub-agent: count the words."

interface Run {
  provider: FakeProvider
  proxy: Memproxy
}

/** The text of everything that was remembered, by either engine, without the quotes that opencode puts around its argument. */
async function kept({ proxy }: Run, supermemory: FakeSupermemory): Promise<string[]> {
  const sent = supermemory.calls.flatMap(({ path, body }) => (path === "/v4/conversations" ? body.messages : []))
  const headers = { authorization: `Bearer ${MASTER}` }
  const { data }: Loose = await (await fetch(`${proxy.url}/api/memories?user_id=default-dev`, { headers })).json()
  return [...sent, ...data].map(({ content }: Loose) => content.replace(/^"(.*)"$/, "$1"))
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
  const { out, err, code } = await runClient(client, { url: proxy.url, model, project, prompt })
  if (code !== 0) throw new Error(`${client} exit ${code}: ${(err || out).slice(-400)}`)
  return provider.received.slice(before)
}

async function tryClient(client: string, model: string, engine: "local" | "supermemory"): Promise<string[]> {
  const supermemory = startFakeSupermemory()
  const provider = await startFakeProvider((request) => answerIn(request, { text: "Noted." }))
  const memproxy = {
    memory: { engine, scope: "project", timeout: 5 },
    supermemory: { api_key: SUPERMEMORY_KEY, base_url: supermemory.url },
  }
  const proxy = await startMemproxy({ config: testConfig(provider.url, { memproxy }) })
  const run = { provider, proxy }
  const [a, b] = [makeProject("alpha"), makeProject("beta")]
  const problems: string[] = []
  const check = (holds: boolean, what: string) => void (holds || problems.push(what))
  const knows = (requests: Received[]) => requests.some(({ text }) => text.includes("heron"))
  const checkKept = async (...said: string[]) => {
    await Bun.sleep(300)
    const others = (await kept(run, supermemory)).filter((text) => !said.includes(text))
    check(others.length === 0, `more was remembered than was said: ${JSON.stringify(others).slice(0, 600)}`)
  }

  check(!knows(await say(run, client, model, a, QUESTION)), "known before it was told")
  await say(run, client, model, a, FACT)
  check(knows(await say(run, client, model, a, QUESTION)), "not known in the project it was told in")
  check(!knows(await say(run, client, model, b, QUESTION)), "known in another project")
  check((await kept(run, supermemory)).includes(FACT), "the fact was not remembered")
  await checkKept(FACT, QUESTION, "Noted.")

  if (client === "claude") {
    provider.script(toolLoop({ tool: /^(Task|Agent)$/, text: "Noted." }))
    const requests = await say(run, client, model, a, DELEGATED)
    const delegated = requests.filter(({ headers }) => headers["x-claude-code-agent-id"])
    check(delegated.length > 0, "no sub-agent was called: nothing was tried")
    check(!knows(delegated), "a sub-agent was told")
    await checkKept(FACT, QUESTION, DELEGATED, "Noted.")

    useMcp(a, proxy)
    provider.script(searchByMcp)
    const searching = await say(run, client, model, a, "Search your memories.")
    const parts = searching.flatMap(({ json }) => json.messages.flatMap(({ content }: Loose) => [content].flat()))
    const result = JSON.stringify(parts.filter((part: Loose) => part?.type === "tool_result").at(-1) ?? null)
    check(result.includes("heron"), `the MCP tool did not find it: ${result.slice(0, 300)}`)
  }
  const rows = await proxy.rows()
  const statuses = rows.map(({ memory_status, project }) => `${project} ${memory_status}`).reverse()
  console.log(`${problems.length === 0 ? "ok  " : "FAIL"} ${client}, ${engine}: ${statuses.join(", ")}`)
  for (const problem of problems) console.log(`     ${problem}`)
  await proxy.stop()
  await provider.stop()
  await supermemory.stop()
  return problems
}

let failed = 0
for (const { run, model } of CLIENTS) {
  if (wanted.length > 0 && !wanted.includes(run)) continue
  for (const engine of ["local", "supermemory"] as const) if ((await tryClient(run, model, engine)).length > 0) failed++
}
console.log(failed === 0 ? "all passed" : `${failed} failed`)
process.exit(failed === 0 ? 0 : 1)
