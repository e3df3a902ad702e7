/** One run of load against one server, with what it cost that server; and several, taking turns, so that both meet the same weather. */
import type { Load, LoadResult } from "./messages.ts"
import { cpuNsSince, cpuTimes, rssMb } from "./procfs.ts"
import { median, note, percentile } from "./report.ts"
import { KEY, type Loader, type Mock, type Server } from "./servers.ts"

export interface Bench {
  binary: string
  quick: boolean
  load: Loader
  mock: Mock
  nginx: Server | null
  memproxy: Server
  /** answers that `memproxy` gave in full, each a row of its ledger */
  sent: { rows: number }
}

export type Shape = Omit<Load, "port" | "request"> & { body: string; path?: string; stream?: boolean }

export interface Run {
  result: LoadResult
  cpuUs: number
  mostRssMb: number
}

export interface Medians {
  requestsPerSecond: number
  cpuUsPerRequest: number
  /** of the round in which it was least: what else the machine did disturbed it least */
  leastCpuUs: number
  p50Ms: number
  p99Ms: number
  firstByteP50Ms: number
  firstByteP99Ms: number
}

interface More {
  stream?: boolean
  usage?: boolean
  /** bytes of text, of `words` again and again */
  fill?: number
  words?: string
}

/** A chat request. What the fake provider looks at comes first. */
export function chat(text: string, { words = " lorem ipsum", ...more }: More = {}): string {
  return JSON.stringify({
    model: "bench",
    ...(more.stream ? { stream: true } : {}),
    messages: [{ role: "user", content: text + words.repeat(Math.ceil((more.fill ?? 0) / Buffer.byteLength(words))) }],
    ...(more.usage ? { stream_options: { include_usage: true } } : {}),
  })
}

/** The same to a client that speaks Anthropic's API. */
export function message(text: string, more: { stream?: boolean; fill?: number } = {}): string {
  const { stream_options: _, ...request } = JSON.parse(chat(text, more))
  return JSON.stringify({
    model: request.model,
    ...(more.stream && { stream: true }),
    messages: request.messages,
    max_tokens: 1000,
  })
}

function requestOf(port: number, body: string, path = "/v1/chat/completions"): string {
  return [
    `POST ${path} HTTP/1.1`,
    `Host: 127.0.0.1:${port}`,
    "Content-Type: application/json",
    "Accept: application/json",
    `Authorization: Bearer ${KEY}`,
    "User-Agent: OpenAI/JS 7.57.0",
    `Content-Length: ${Buffer.byteLength(body)}`,
    "",
    body,
  ].join("\r\n")
}

/** Connections are open before the clock starts. Memory is looked at ten times a second. */
export async function run(bench: Bench, server: Server, shape: Shape): Promise<Run> {
  await bench.load.open({ ...shape, port: server.port, request: requestOf(server.port, shape.body, shape.path) })
  let mostRssMb = rssMb(server.pids)
  const watch = setInterval(() => (mostRssMb = Math.max(mostRssMb, rssMb(server.pids))), 100)
  const before = cpuTimes(server.pids)
  const result = await bench.load.go()
  const cpuUs = cpuNsSince(before, server.pids) / 1000
  clearInterval(watch)
  await bench.load.close()
  if (server === bench.memproxy) bench.sent.rows += result.done
  if (result.errors) note(`  ${server.name}: ${result.errors} errors, the first: ${result.firstError}`)
  return { result, cpuUs, mostRssMb }
}

const LOOK_MS = 500
/** Longer than the program waits for a moment without many requests. */
const REST_MS = 22_000
const MOST_REST_MS = 90_000

/** Waits until the program has done what it puts off until it is quiet, or another case would be charged with it. @returns its CPU time in µs */
export async function rest({ pids }: Server): Promise<number> {
  let cpuUs = 0
  for (let restedMs = 0, passedMs = 0; restedMs < REST_MS && passedMs < MOST_REST_MS; passedMs += LOOK_MS) {
    const before = cpuTimes(pids)
    await Bun.sleep(LOOK_MS)
    const tookUs = cpuNsSince(before, pids) / 1000
    cpuUs += tookUs
    restedMs = tookUs < LOOK_MS * 20 ? restedMs + LOOK_MS : 0
  }
  return cpuUs
}

/** The servers take turns `rounds` times, each beginning every other one: neither meets the better minutes. */
export async function compare(
  bench: Bench,
  shape: Shape,
  rounds: number,
): Promise<{ memproxy: Medians; nginx: Medians | null; errors: number }> {
  const servers = bench.nginx ? [bench.nginx, bench.memproxy] : [bench.memproxy]
  const runs = new Map<Server, Run[]>(servers.map((server) => [server, []]))
  let errors = 0
  for (let round = 0; round < rounds; round++)
    for (const server of round % 2 === 0 ? servers : servers.toReversed()) {
      const one = await run(bench, server, shape)
      runs.get(server)!.push(one)
      if (server === bench.memproxy) errors += one.result.errors
    }
  return { memproxy: medians(runs.get(bench.memproxy)!), nginx: bench.nginx && medians(runs.get(bench.nginx)!), errors }
}

const cpuUsPerRequest = ({ result, cpuUs }: Run) => cpuUs / result.done

function medians(runs: Run[]): Medians {
  const of = (pick: (run: Run) => number) => median(runs.map(pick))
  return {
    requestsPerSecond: of(({ result }) => result.done / result.seconds),
    cpuUsPerRequest: of(cpuUsPerRequest),
    leastCpuUs: Math.min(...runs.map(cpuUsPerRequest)),
    p50Ms: of(({ result }) => percentile(result.latencies, 0.5)),
    p99Ms: of(({ result }) => percentile(result.latencies, 0.99)),
    firstByteP50Ms: of(({ result }) => percentile(result.firstBytes, 0.5)),
    firstByteP99Ms: of(({ result }) => percentile(result.firstBytes, 0.99)),
  }
}
