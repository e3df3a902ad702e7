/**
 * A first run of the built binary as a stranger has it: copied alone into an empty folder, an empty home, no key, no config.
 * It says its version, serves the demo model, explains who is calling, and leaves with 0 on SIGTERM. Then the shipped config.yaml.
 */
import { copyFileSync, mkdtempSync, readdirSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import pkg from "../package.json"

const repository = join(import.meta.dir, "..")
const folder = mkdtempSync(join(tmpdir(), "memproxy-smoke-"))
const binary = join(folder, "memproxy")
const environment = { PATH: "/usr/bin:/bin", HOME: join(folder, "home"), XDG_DATA_HOME: join(folder, "home", "share") }

function must(holds: boolean, what: string, seen?: unknown) {
  console.log(`${holds ? "ok" : "NOT"}: ${what}${holds || seen === undefined ? "" : `: ${JSON.stringify(seen)}`}`)
  if (!holds) process.exitCode = 1
}

const run = (...args: string[]) => {
  const done = Bun.spawnSync([binary, ...args], { cwd: folder, env: environment, timeout: 10_000 })
  return { code: done.exitCode, out: done.stdout.toString().trim(), error: done.stderr.toString().trim() }
}

async function serve(...args: string[]) {
  const child = Bun.spawn([binary, "serve", "--port", "0", ...args], {
    cwd: folder,
    env: environment,
    stdio: ["ignore", "pipe", "inherit"],
  })
  const deadline = setTimeout(() => child.kill("SIGKILL"), 30_000)
  try {
    const base = await listening(child.stdout)
    must(base !== null, `${args.join(" ") || "no config"}: says where it listens`)
    if (base === null) return
    const chat = await fetch(`${base}/v1/chat/completions`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ model: "demo", messages: [{ role: "user", content: "Hello!" }] }),
    })
    const answer = (await chat.json()) as { choices?: { message?: { content?: string } }[] }
    must(chat.status === 200 && !!answer.choices?.[0]?.message?.content, "the demo model answers", answer)
    const info = await fetch(`${base}/memory-routing/info`, { headers: { "user-agent": "curl/8.0" } })
    const routing = ((await info.json()) as { routing?: { user_id?: string; client?: string } }).routing
    must(
      info.status === 200 && !!routing?.user_id && routing.client === "curl",
      "/memory-routing/info explains",
      routing,
    )
    child.kill("SIGTERM")
    must((await child.exited) === 0, "SIGTERM ends it with 0", child.exitCode ?? child.signalCode)
  } finally {
    clearTimeout(deadline)
    child.kill("SIGKILL")
  }
}

/** The address in the listening line; null where the program ended without one. */
async function listening(stdout: ReadableStream<Uint8Array>): Promise<string | null> {
  const decoder = new TextDecoder()
  let text = ""
  for await (const bytes of stdout) {
    text += decoder.decode(bytes, { stream: true })
    const found = /memproxy listening on (http:\/\/\S+)/.exec(text)
    if (found) return found[1]!
  }
  console.log(text)
  return null
}

try {
  copyFileSync(join(repository, "dist", "memproxy"), binary)
  const version = run("--version")
  must(version.code === 0 && version.out.includes(pkg.version), "--version", version)
  must(run("--no-such-flag").code === 2, "a wrong flag is exit 2")
  await serve()
  must(readdirSync(folder).sort().join() === "home,memproxy", "nothing is left beside the binary", readdirSync(folder))
  const config = join(repository, "config.yaml")
  must(
    run("check", "--config", config).code === 0,
    "the shipped config.yaml has no error",
    run("check", "--config", config),
  )
  await serve("--config", config, "--data-dir", join(folder, "data"))
} finally {
  rmSync(folder, { recursive: true, force: true })
}
