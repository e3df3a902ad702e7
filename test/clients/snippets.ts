/**
 * The dashboard's set-up snippets as they are printed, each followed by the real client against the real proxy's demo model.
 * Not part of `bun test`, as `run.ts` is not, and for the same reasons: `bun test/clients/snippets.ts [NAME...]` (Linux, root). The Python SDKs are
 * taken from PYTHON (default python3). What is added to a snippet is only what makes its client answer one prompt and end. Exit 1 if one fails.
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { homedir, tmpdir } from "node:os"
import { dirname, join } from "node:path"
import { SNIPPETS } from "../../src/dashboard/page/snippets.ts"
import { MASTER, REPOSITORY, startMemproxy } from "../support/memproxy.ts"
import { insideNamespace, wanted } from "./client.ts"

const python = process.env["PYTHON"] ?? "python3"
const clients = process.env["CLIENTS"] ?? join(homedir(), ".cache/ai-clients")
const ANSWER = "Hello from memproxy."

await insideNamespace(import.meta.path)

/** The file a snippet belongs into, from the home directory, and the shell's command for one prompt; `text` is the snippet. */
interface Run {
  file?: string
  command: (text: string) => string
}
const RUNS: Readonly<Record<string, Run>> = {
  "claude-code": { command: (text) => `${text} -p "say hi"` },
  codex: { file: ".codex/config.toml", command: () => 'codex exec --skip-git-repo-check "say hi"' },
  "gemini-cli": { command: (text) => `export GEMINI_CLI_TRUST_WORKSPACE=true\n${text} -p "say hi"` },
  opencode: { file: ".config/opencode/opencode.json", command: () => 'opencode run "say hi"' },
  continue: { file: ".continue/config.yaml", command: () => 'cn -p "say hi"' },
  cline: { command: (text) => `${text}\ncline "say hi"` },
  "copilot-cli": { command: (text) => `${text} -p "say hi" --allow-all-tools` },
  "qwen-code": { command: (text) => `${text} -p "say hi"` },
  pi: { file: ".pi/agent/models.json", command: () => 'pi --provider memproxy -p "say hi"' },
  "openai-python": { file: "work/program.py", command: () => `${python} program.py` },
  "anthropic-python": { file: "work/program.py", command: () => `${python} program.py` },
  "google-genai": { file: "work/program.py", command: () => `${python} program.py` },
  "openai-js": { file: "work/program.mjs", command: () => `${process.execPath} program.mjs` },
  "anthropic-js": { file: "work/program.mjs", command: () => `${process.execPath} program.mjs` },
  curl: { command: (text) => text },
}

const proxy = await startMemproxy({
  config: {
    general_settings: { master_key: MASTER },
    model_list: [{ model_name: "demo", litellm_params: { model: "openai/demo", mock_response: ANSWER } }],
  },
})
const names = ["claude", "codex", "gemini", "opencode", "qwen", "cn", "cline", "copilot", "pi"]
const path = ["node", ...names].map((name) => join(clients, name, "node_modules/.bin")).join(":")
let failed = 0
for (const { client, label, text } of SNIPPETS) {
  const run = RUNS[client ?? ""]
  if (!run || (wanted.length > 0 && !wanted.includes(client!))) continue
  const home = mkdtempSync(join(tmpdir(), "memproxy-snippet-"))
  const work = join(home, "work")
  mkdirSync(work)
  const printed = text(proxy.url, "demo")
  if (run.file) {
    mkdirSync(dirname(join(home, run.file)), { recursive: true })
    writeFileSync(join(home, run.file), printed)
  }
  const before = (await proxy.rows()).length
  const child = Bun.spawn(["timeout", "-k", "5", "90", "bash", "-c", run.command(printed)], {
    cwd: work,
    env: {
      HOME: home,
      PATH: `${path}:${process.env["PATH"]}`,
      NODE_PATH: join(REPOSITORY, "node_modules"),
      TERM: "dumb",
      LANG: "C.UTF-8",
      MEMPROXY_KEY: MASTER,
      DO_NOT_TRACK: "1",
    },
    stdin: "ignore",
    stdout: "pipe",
    stderr: "pipe",
  })
  const [out, err] = await Promise.all([new Response(child.stdout).text(), new Response(child.stderr).text()])
  const rows = (await proxy.rows()).slice(0, -before || undefined)
  const isGood = out.includes(ANSWER) && rows.some((row) => row.client === client && row.status === 200)
  if (!isGood) failed++
  console.log(`${isGood ? "ok  " : "FAIL"} ${label}: ${rows.map((row) => `${row.client} ${row.status}`).join(", ")}`)
  if (!isGood) console.log(`${out.slice(-500)}\n${err.slice(-1500)}`)
  rmSync(home, { recursive: true, force: true })
}
await proxy.stop()
process.exit(failed > 0 ? 1 : 0)
