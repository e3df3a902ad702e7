/** The real command-line clients, as `../shared/clients/client` installs them: run in a network namespace that reaches this machine only (Linux, root). */
import { existsSync, mkdirSync, mkdtempSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join, resolve } from "node:path"
import { MASTER } from "../support/memproxy.ts"

const script = resolve(import.meta.dir, "../../../shared/clients/client")

/** The clients named on the command line; none: all of them. */
export const wanted = process.argv.slice(2).filter((one) => !one.startsWith("--"))

/** Runs the program at `path` again inside the namespace and ends with it; returns where that is done already. */
export async function insideNamespace(path: string): Promise<void> {
  if (!existsSync(script)) {
    console.error(`${script} is not there: the real clients cannot be run`)
    process.exit(1)
  }
  if (process.argv.includes("--inside")) return
  const command = [script, "loopback", process.execPath, path, "--inside", ...process.argv.slice(2)]
  process.exit(await Bun.spawn(command, { stdio: ["inherit", "inherit", "inherit"] }).exited)
}

/** A repository with a remote, so that there is a project to recognise. */
export function makeProject(name: string): string {
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

/** One headless run of a client in a project. */
export async function runClient(
  client: string,
  asked: { url: string; model: string; project: string; prompt: string },
) {
  const child = Bun.spawn([script, "run", client, asked.url, asked.prompt], {
    cwd: asked.project,
    env: { ...process.env, KEY: MASTER, MODEL: asked.model },
    stdin: "ignore",
    stdout: "pipe",
    stderr: "pipe",
  })
  const [out, err, code] = await Promise.all([
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
    child.exited,
  ])
  return { out, err, code }
}
