/**
 * Starts and ends what the bench needs: the program under test and nginx on the first core, the load generator and the fake provider on
 * the second, all on 127.0.0.1 and in one temporary folder. It ends only what it started.
 */
import type { Subprocess } from "bun"
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import type { FromLoad, FromMock, Load, LoadResult, MockStats, ToLoad, ToMock } from "./messages.ts"
import { family } from "./procfs.ts"

export const KEY = "sk-bench-0123456789abcdef0123456789abcdef"
export const folder = mkdtempSync(join(tmpdir(), "memproxy-bench-"))
const running = new Set<Subprocess>()

const cores = navigator.hardwareConcurrency
export const pinned = cores > 1 && Bun.which("taskset") !== null
const PROXY_CORE = 0
const HARNESS_CORE = 1
const onCore = (core: number) => (pinned ? ["taskset", "-c", String(core)] : [])

export interface Server {
  name: "memproxy" | "nginx"
  port: number
  /** the process and its children */
  pids: number[]
  stop(): Promise<void>
}

/** A child of ours that talks by messages; `ask` sends one and waits for the next answer. */
async function startHelper<To, From>(file: string): Promise<{ ask(message: To): Promise<From>; first: From }> {
  let receive: (message: From) => void = () => {}
  const nextMessage = () => new Promise<From>((resolve) => (receive = resolve))
  const first = nextMessage()
  const child = Bun.spawn([...onCore(HARNESS_CORE), process.execPath, join(import.meta.dir, file)], {
    ipc: (message) => receive(message as From),
    stdio: ["ignore", "inherit", "inherit"],
  })
  running.add(child)
  const ask = (message: To) => {
    const answer = nextMessage()
    child.send(message)
    return answer
  }
  return { ask, first: await first }
}

export async function startMock() {
  const { ask, first } = await startHelper<ToMock, FromMock>("mock.ts")
  if (first.is !== "listening") throw new Error("the fake provider did not start")
  const stats = async (message: ToMock): Promise<MockStats> => {
    const answer = await ask(message)
    if (answer.is !== "stats") throw new Error("the fake provider did not answer")
    return answer.stats
  }
  return { port: first.port, stats: () => stats({ do: "stats" }), reset: () => stats({ do: "reset" }) }
}
export type Mock = Awaited<ReturnType<typeof startMock>>

export async function startLoad() {
  const { ask } = await startHelper<ToLoad, FromLoad>("load.ts")
  return {
    open: (load: Load) => ask({ do: "open", load }),
    async go(): Promise<LoadResult> {
      const answer = await ask({ do: "go" })
      if (answer.is !== "done") throw new Error("the load generator did not answer")
      return answer.result
    },
    close: () => ask({ do: "close" }),
  }
}
export type Loader = Awaited<ReturnType<typeof startLoad>>

/** Waits for the first line that matches; the child lives on. */
async function untilLine(child: ReturnType<typeof spawnOnProxyCore>, pattern: RegExp): Promise<RegExpExecArray> {
  let text = ""
  const decoder = new TextDecoder()
  const reader = child.stdout.getReader()
  for (;;) {
    const { done, value } = await reader.read()
    if (done) throw new Error(`it ended before it was ready: ${text}${await child.complaint()}`)
    text += decoder.decode(value, { stream: true })
    const found = pattern.exec(text)
    if (!found) continue
    void drain(reader)
    return found
  }
}

async function drain(reader: { read(): Promise<{ done: boolean }> }) {
  while (!(await reader.read()).done);
}

let started = 0
function spawnOnProxyCore(command: string[], cwd: string) {
  const env = { PATH: process.env["PATH"], HOME: folder }
  const stderr = Bun.file(join(folder, `stderr-${++started}.txt`))
  const child = Bun.spawn([...onCore(PROXY_CORE), ...command], { cwd, env, stdio: ["ignore", "pipe", stderr] })
  running.add(child)
  return Object.assign(child, { complaint: () => stderr.text() })
}

async function stop(child: Subprocess) {
  child.kill("SIGTERM")
  const late = setTimeout(() => child.kill("SIGKILL"), 5000)
  await child.exited
  clearTimeout(late)
  running.delete(child)
}

let instances = 0
/** The program as a user starts it: no environment of its own, a config file, a fresh data directory. */
export async function startMemproxy(
  binary: string,
  mockPort: number,
  memory: "off" | "local" = "off",
): Promise<Server & { startedInMs: number }> {
  const home = join(folder, `memproxy-${++instances}`)
  mkdirSync(home)
  const config = `general_settings: { master_key: ${KEY} }
model_list:
  - model_name: bench
    litellm_params: { model: openai/bench-1, api_base: "http://127.0.0.1:${mockPort}/v1", api_key: up }
memproxy:
  data_dir: ./data
  memory: { engine: ${memory} }
`
  writeFileSync(join(home, "config.yaml"), config)
  const begun = performance.now()
  const child = spawnOnProxyCore([binary, "serve", "--config", "config.yaml", "--port", "0"], home)
  const [, port] = await untilLine(child, /listening on http:\/\/127\.0\.0\.1:(\d+)/)
  const startedInMs = performance.now() - begun
  return { name: "memproxy", port: Number(port), pids: family(child.pid), stop: () => stop(child), startedInMs }
}

/** Milliseconds from the start of a program to its first line. */
export async function timeToFirstLine(command: string[]): Promise<number> {
  const begun = performance.now()
  const child = spawnOnProxyCore(command, folder)
  await untilLine(child, /\n/)
  const ms = performance.now() - begun
  await stop(child)
  return ms
}

/** One worker, kept-alive connections to the provider, no buffering of answers; request bodies as by default. Null where nginx is missing. */
export async function startNginx(mockPort: number): Promise<Server | null> {
  const binary = Bun.which("nginx", { PATH: `${process.env["PATH"]}:/usr/sbin:/usr/local/sbin` })
  if (!binary) return null
  const home = join(folder, "nginx")
  mkdirSync(join(home, "temp"), { recursive: true })
  const port = await freePort()
  const temp = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
    .map((name) => `${name}_temp_path temp/${name};`)
    .join(" ")
  const config = `${process.getuid?.() === 0 ? "user root;" : ""}
worker_processes 1; daemon off; pid nginx.pid; error_log error.log crit; worker_rlimit_nofile 16384;
events { worker_connections 16384; }
http {
  access_log off; tcp_nodelay on; keepalive_requests 100000000; keepalive_timeout 600s; ${temp}
  upstream provider { server 127.0.0.1:${mockPort}; keepalive 1024; keepalive_requests 100000000; }
  server {
    listen 127.0.0.1:${port} backlog=4096;
    location / {
      proxy_pass http://provider; proxy_http_version 1.1; proxy_set_header Connection "";
      proxy_set_header Authorization "Bearer up"; proxy_buffering off; proxy_read_timeout 600s;
    }
  }
}
`
  writeFileSync(join(home, "nginx.conf"), config)
  const child = spawnOnProxyCore(
    [binary, "-p", home, "-c", join(home, "nginx.conf"), "-e", join(home, "error.log")],
    home,
  )
  // the master listens before there is a worker, whose CPU time is to be counted
  for (let tries = 0; family(child.pid).length < 2 || !(await accepts(port)); tries++) {
    if (tries > 100 || child.exitCode !== null)
      throw new Error(`nginx did not start: ${readFileSync(join(home, "error.log"), "utf8")}`)
    await Bun.sleep(20)
  }
  return { name: "nginx", port, pids: family(child.pid), stop: () => stop(child) }
}

async function accepts(port: number): Promise<boolean> {
  try {
    const socket = await Bun.connect({ hostname: "127.0.0.1", port, socket: { data() {} } })
    socket.end()
    return true
  } catch {
    return false
  }
}

async function freePort(): Promise<number> {
  const listener = Bun.listen({ hostname: "127.0.0.1", port: 0, socket: { data() {} } })
  const { port } = listener
  listener.stop(true)
  return port
}

/** Ends every child that is still there and removes the folder. */
export function cleanUp() {
  // nginx's worker outlives a master that is killed, so the children are asked for first
  for (const pid of [...running].flatMap((child) => family(child.pid))) {
    try {
      process.kill(pid, "SIGKILL")
    } catch {
      // it has ended by itself
    }
  }
  rmSync(folder, { recursive: true, force: true })
}
