/** What a request costs, next to nginx: JSON, streams, long prompts. */
import { type Bench, chat, compare, type Medians, message, rest, run, type Shape } from "./measure.ts"
import { figure, median, title } from "./report.ts"
import { startMemproxy } from "./servers.ts"

/** (a) 1 KB of JSON. CPU per request is the figure to trust on a busy machine: the median of the rounds, and the smallest. */
export async function json(bench: Bench) {
  const body = chat("Say hello.")
  // by count, not by time: a busy machine must not catch the compiler at work, nor measure the first moments of a load again and again
  const warmUp = { body, connections: 64, requests: bench.quick ? 60_000 : 100_000, seconds: 120 }
  const rounds = bench.quick ? 5 : 7
  const shapeOf = (connections: number) => ({ body, connections, requests: connections === 1 ? 2_000 : 8_000 })
  await run(bench, bench.memproxy, warmUp)
  for (const [connections, goal] of [[1], [64, 2.5], [256]] as const) {
    title(`1 KB JSON, ${connections} connection${connections > 1 ? "s" : ""}`)
    const { memproxy, nginx, errors } = await compare(bench, shapeOf(connections), rounds)
    cpuFigures(memproxy, nginx, goal)
    figure({
      what: "requests a second",
      unit: "1/s",
      value: memproxy.requestsPerSecond,
      nginx: nginx?.requestsPerSecond,
    })
    figure({ what: "latency, median", unit: "ms", value: memproxy.p50Ms, nginx: nginx?.p50Ms })
    figure({ what: "latency, 99th percentile", unit: "ms", value: memproxy.p99Ms, nginx: nginx?.p99Ms })
    figure({ what: "errors", unit: "", value: errors, exactly: 0 })
  }
  title("After 1 KB JSON: what was put off until the program is quiet, such as the columns of reports")
  figure({ what: "CPU per request", unit: "µs", value: (await rest(bench.memproxy)) / bench.sent.rows })
  title("1 KB JSON, 64 connections, memory on: the same request again")
  const server = await startMemproxy(bench.binary, bench.mock.port, "local")
  const remembering = { ...bench, memproxy: server, sent: { rows: 0 } }
  await run(remembering, server, warmUp)
  const { memproxy, nginx, errors } = await compare(remembering, shapeOf(64), rounds)
  cpuFigures(memproxy, nginx, 3)
  figure({ what: "errors", unit: "", value: errors, exactly: 0 })
  await server.stop()
}

function cpuFigures(memproxy: Medians, nginx: Medians | null, ratio?: number, unit = "request", unitsPerRequest = 1) {
  const cpuUs = (of: "cpuUsPerRequest" | "leastCpuUs") => ({
    unit: "µs",
    value: memproxy[of] / unitsPerRequest,
    nginx: nginx && nginx[of] / unitsPerRequest,
  })
  figure({ what: `CPU per ${unit}, median`, ...cpuUs("cpuUsPerRequest"), ratio })
  figure({ what: `CPU per ${unit}, smallest`, ...cpuUs("leastCpuUs") })
}

/** (b) 100 streams of 50 chunks, 10 ms apart: as they come in life, and all in step; the usage passed on, or read and hidden from the client. */
export async function streams(bench: Bench) {
  const chunks = 50
  const turns = bench.quick ? 2 : 4
  // by count, as above: what a stream begins and ends with is called once for fifty chunks
  let warmUp = 1_500
  for (const [usage, rampMs] of [
    [true, 500],
    [false, 500],
    [false, 0],
  ] as const) {
    const how = `${rampMs ? "spread" : "in step"}, usage ${usage ? "passed on" : "hidden"}`
    title(`SSE, 100 streams of ${chunks} chunks of 200 B, 10 ms apart, ${how}`)
    const body = chat(`n=${chunks} d=10 s=200`, { stream: true, usage })
    const shape = { body, connections: 100, requests: 100 * turns, rampMs }
    await run(bench, bench.memproxy, { ...shape, requests: warmUp })
    warmUp = 300
    const { memproxy, nginx, errors } = await compare(bench, shape, bench.quick ? 2 : 5)
    cpuFigures(memproxy, nginx, 1.5, "chunk", chunks)
    figure({
      what: "time to first byte, median",
      unit: "ms",
      value: memproxy.firstByteP50Ms,
      nginx: nginx?.firstByteP50Ms,
    })
    figure({
      what: "time to first byte, 99th percentile",
      unit: "ms",
      value: memproxy.firstByteP99Ms,
      nginx: nginx?.firstByteP99Ms,
    })
    figure({ what: "errors", unit: "", value: errors, exactly: 0 })
  }
}

const WRITINGS = {
  ASCII: " lorem ipsum",
  "with typographic characters": " “Lorem” — it’s ipsum…",
  "mostly Chinese": "敏捷的棕色狐狸跳过了懒狗，什么也没说。OK ",
}

/** (c) A prompt of 100,000 tokens. nginx as it is by default: it writes such a body to disk first. */
export async function prompts(bench: Bench) {
  for (const [writing, words] of Object.entries(WRITINGS)) await prompt(bench, writing, words)
}

async function prompt(bench: Bench, writing: string, words: string) {
  title(`400 KB prompt, ${writing}, 16 connections`)
  const body = chat("Read this.", { fill: 400_000, words })
  const shape = { body, connections: 16, seconds: bench.quick ? 0.5 : 1 }
  await run(bench, bench.memproxy, { ...shape, requests: 1000, seconds: 10 })
  const { memproxy, nginx, errors } = await compare(bench, shape, bench.quick ? 2 : 5)
  figure({
    what: "CPU per request",
    unit: "µs",
    value: memproxy.cpuUsPerRequest,
    nginx: nginx?.cpuUsPerRequest,
    ratio: 1,
  })
  figure({ what: "requests a second", unit: "1/s", value: memproxy.requestsPerSecond, nginx: nginx?.requestsPerSecond })
  figure({ what: "errors", unit: "", value: errors, exactly: 0 })
}

/** (d) What an Anthropic client costs more than a Chat client, both with a provider that speaks Chat: the two take turns. */
export async function translation(bench: Bench) {
  title("Translated: an Anthropic client of a Chat provider, beyond the same-dialect path")
  // on a program of its own: what is left to do after another case's thousands of requests would be counted here
  const server = await startMemproxy(bench.binary, bench.mock.port)
  const apart = { ...bench, memproxy: server, sent: { rows: 0 } }
  const path = "/v1/messages"
  const chunks = 50
  const text = `n=${chunks} d=10 s=200`
  const streams = { connections: 100, requests: bench.quick ? 200 : 400, rampMs: 500 }
  const perStream = await beyond(
    apart,
    { ...streams, body: chat(text, { stream: true, usage: true }) },
    { ...streams, path, body: message(text, { stream: true }) },
    400,
  )
  figure({ what: "CPU per streamed event", unit: "µs", value: perStream / chunks, most: 15 })
  const requests = { connections: 16, requests: bench.quick ? 2000 : 5000, seconds: 20 }
  const fill = 10_000
  const perRequest = await beyond(
    apart,
    { ...requests, body: chat("Read this.", { fill }) },
    { ...requests, path, body: message("Read this.", { fill }) },
    10_000,
  )
  figure({ what: "CPU per 10 KB request", unit: "µs", value: perRequest, most: 100 })
  await server.stop()
}

/** Microseconds of CPU that a request of `more` takes beyond one of `less`: the median of several turns. */
async function beyond(bench: Bench, less: Shape, more: Shape, warmUp: number): Promise<number> {
  const cost = async (shape: Shape) => {
    const { cpuUs, result } = await run(bench, bench.memproxy, shape)
    return cpuUs / result.done
  }
  // by count, as above: a run that is too short shows the compiler at work
  for (const shape of [less, more, less, more]) await cost({ ...shape, requests: warmUp })
  const differences: number[] = []
  for (let turn = 0; turn < (bench.quick ? 3 : 5); turn++) {
    const base = await cost(less)
    differences.push((await cost(more)) - base)
  }
  return median(differences)
}
