/** The real proxy as a child process: from source, or the binary in MEMPROXY_BINARY. It ends only the process it started. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join, resolve } from "node:path"
import type { LedgerRow } from "../../src/exchange.ts"
import type { Loose } from "./json.ts"

export const REPOSITORY = resolve(import.meta.dir, "../..")
export const MASTER = "sk-test-master-2f6b1c0d9e8a7"
const BINARY = process.env["MEMPROXY_BINARY"]

export interface Memproxy {
  url: string
  port: number
  pid: number
  dir: string
  dataDir: string
  configFile: string
  stdout(): string
  stderr(): string
  /** every row of the ledger, newest first */
  rows(query?: Record<string, string>): Promise<LedgerRow[]>
  /** the row of one exchange; waits until it is written */
  row(id: string | null): Promise<LedgerRow>
  /** resident memory in MiB, from /proc */
  rssMiB(): number
  /** SIGTERM; the exit code */
  stop(): Promise<number>
  kill9(): Promise<void>
  exited: Promise<number>
}

export interface Start {
  /** YAML text, or a value written as JSON (which is YAML) */
  config: string | Loose
  /** kept after `stop` where given */
  dir?: string
  env?: Record<string, string>
  args?: string[]
}

export const command = (): string[] =>
  BINARY ? [resolve(BINARY)] : [process.execPath, join(REPOSITORY, "src/main.ts")]

/** Starts and waits for the listening line. Throws with what it printed where it exits first. */
export async function startMemproxy({ config, dir: given, env = {}, args = [] }: Start): Promise<Memproxy> {
  const dir = given ?? mkdtempSync(join(tmpdir(), "memproxy-test-"))
  const configFile = join(dir, "config.yaml")
  const dataDir = join(dir, "data")
  writeFileSync(configFile, typeof config === "string" ? config : JSON.stringify(config, null, 1))
  const child = Bun.spawn(
    [...command(), "serve", "--config", configFile, "--port", "0", "--data-dir", dataDir, ...args],
    {
      cwd: dir,
      env: { PATH: process.env["PATH"] ?? "", HOME: dir, TMPDIR: tmpdir(), ...env },
      stdin: "ignore",
      stdout: "pipe",
      stderr: "pipe",
    },
  )
  const out = collect(child.stdout)
  const err = collect(child.stderr)
  const clean = () => given === undefined && rmSync(dir, { recursive: true, force: true })
  const exited = child.exited
  const line = /memproxy listening on (http:\/\/\S+:(\d+))/
  const found = await Promise.race([out.until(line), exited.then(() => null), Bun.sleep(15_000).then(() => null)])
  if (!found) {
    child.kill("SIGKILL")
    const code = await exited
    const said = `${out.text()}\n${err.text()}`
    clean()
    throw new Error(`memproxy did not start (exit ${code}): ${said}`)
  }
  const url = found[1]!
  const rows = (query: Record<string, string> = {}) => fetchRows(url, query)
  return {
    url,
    port: Number(found[2]),
    pid: child.pid,
    dir,
    dataDir,
    configFile,
    stdout: out.text,
    stderr: err.text,
    rows,
    row: (id) => waitForRow(url, id),
    rssMiB: () => rssMiB(child.pid),
    async stop() {
      child.kill("SIGTERM")
      const code = await Promise.race([exited, Bun.sleep(35_000).then(() => -1)])
      if (code === -1) child.kill("SIGKILL")
      clean()
      return code
    },
    async kill9() {
      child.kill("SIGKILL")
      await exited
    },
    exited,
  }
}

/** Runs the command to its end: for starts that must fail, and for `check`. */
export async function runMemproxy(args: string[], options: { cwd?: string; env?: Record<string, string> } = {}) {
  const child = Bun.spawn([...command(), ...args], {
    cwd: options.cwd ?? tmpdir(),
    env: { PATH: process.env["PATH"] ?? "", HOME: options.cwd ?? tmpdir(), ...options.env },
    stdin: "ignore",
    stdout: "pipe",
    stderr: "pipe",
  })
  const timer = setTimeout(() => child.kill("SIGKILL"), 15_000)
  const [stdout, stderr, code] = await Promise.all([
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
    child.exited,
  ])
  clearTimeout(timer)
  return { code, stdout, stderr }
}

/** Follows the cursors of GET /api/requests to the end. */
export async function fetchRows(url: string, query: Record<string, string> = {}): Promise<LedgerRow[]> {
  const rows: LedgerRow[] = []
  for (let cursor: string | null = null; ;) {
    const search = new URLSearchParams({ limit: "1000", ...query, ...(cursor !== null && { cursor }) })
    const answer = await fetch(`${url}/api/requests?${search}`, { headers: { authorization: `Bearer ${MASTER}` } })
    if (!answer.ok) throw new Error(`GET /api/requests: ${answer.status} ${await answer.text()}`)
    const page: Loose = await answer.json()
    rows.push(...page.data)
    cursor = page.next_cursor
    if (cursor === null) return rows
  }
}

async function waitForRow(url: string, id: string | null): Promise<LedgerRow> {
  if (!id) throw new Error("the answer had no x-memproxy-request-id")
  for (let tries = 0; tries < 100; tries++) {
    const row = (await fetchRows(url)).find((one) => one.id === id)
    if (row) return row
    await Bun.sleep(50)
  }
  throw new Error(`no row ${id} after 5 s`)
}

export function rssMiB(pid: number): number {
  const status = readFileSync(`/proc/${pid}/status`, "utf8")
  return Number(/VmRSS:\s+(\d+)/.exec(status)?.[1]) / 1024
}

function collect(stream: ReadableStream<Uint8Array>) {
  let text = ""
  const waiters = new Set<() => void>()
  const decoder = new TextDecoder()
  void (async () => {
    for await (const chunk of stream) {
      text += decoder.decode(chunk, { stream: true })
      for (const waiter of waiters) waiter()
    }
  })()
  return {
    text: () => text,
    until: (pattern: RegExp) =>
      new Promise<RegExpExecArray>((done) => {
        const check = () => {
          const match = pattern.exec(text)
          if (match) {
            waiters.delete(check)
            done(match)
          }
        }
        waiters.add(check)
        check()
      }),
  }
}
