/** What many, slow and leaving clients do to memory and to the provider's connections; and how the program starts. */
import { statSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { type Bench, chat, run } from "./measure.ts"
import { peakRssMb, rssMb } from "./procfs.ts"
import { figure, median, note, percentile, title } from "./report.ts"
import { folder, startMemproxy, timeToFirstLine } from "./servers.ts"

/** (d) Many slow streams at once on a program that was just started. */
export async function crowd(bench: Bench) {
  const streams = 2000
  const chunks = bench.quick ? 40 : 80
  title(`${streams} streams at once, a chunk each 100 ms, on a program just started`)
  const shape = {
    body: chat(`n=${chunks} d=100 s=200`, { stream: true }),
    connections: streams,
    requests: streams,
    rampMs: 2000,
  }
  const nginx = bench.nginx && (await run(bench, bench.nginx, shape))
  await bench.mock.reset()
  const server = await startMemproxy(bench.binary, bench.mock.port)
  const { result, cpuUs } = await run(bench, server, shape)
  figure({ what: "errors", unit: "", value: result.errors + streams - result.done, exactly: 0 })
  figure({
    what: "streams open at once at the provider",
    unit: "",
    value: (await bench.mock.stats()).mostActive,
    exactly: streams,
  })
  figure({ what: "RSS, highest", unit: "MB", value: peakRssMb(server.pids), nginx: nginx?.mostRssMb, most: 120 })
  const perChunk = (us: number) => us / streams / chunks
  figure({ what: "CPU per chunk", unit: "µs", value: perChunk(cpuUs), nginx: nginx && perChunk(nginx.cpuUs) })
  const first = (sorted: number[] | undefined) => sorted && percentile(sorted, 0.5)
  figure({
    what: "time to first byte, median",
    unit: "ms",
    value: first(result.firstBytes) ?? Number.NaN,
    nginx: first(nginx?.result.firstBytes),
  })
  await server.stop()
}

/** (e) Readers that stop reading while the provider sends without end. */
export async function stalled(bench: Bench) {
  title("10 stalled readers, a provider that sends without end")
  const server = await startMemproxy(bench.binary, bench.mock.port)
  await run(bench, server, { body: chat("n=50 d=1 s=200", { stream: true }), connections: 50, requests: 500 })
  await Bun.sleep(500)
  const before = rssMb(server.pids)
  const { result, mostRssMb } = await run(bench, server, {
    body: chat("n=0 d=0 s=2000", { stream: true }),
    connections: 10,
    seconds: bench.quick ? 3 : 8,
    stall: true,
  })
  figure({ what: "streams begun", unit: "", value: result.firstBytes.length, exactly: 10 })
  figure({ what: "RSS growth", unit: "MB", value: mostRssMb - before, most: 30 })
  await Bun.sleep(1000)
  figure({
    what: "upstream streams open a second later",
    unit: "",
    value: (await bench.mock.stats()).active,
    exactly: 0,
  })
  await server.stop()
}

/** (f) Start, against a Bun program that does nothing, compiled with the same flags. */
export async function start(bench: Bench) {
  title("Start")
  const empty = await buildEmpty()
  const times = { memproxy: [] as number[], empty: [] as number[], help: [] as number[] }
  let idleMb = Number.NaN
  const runs = bench.quick ? 5 : 15
  for (let at = 0; at < runs; at++) {
    times.empty.push(await timeToFirstLine([empty]))
    const server = await startMemproxy(bench.binary, bench.mock.port)
    times.memproxy.push(server.startedInMs)
    if (at === runs - 1) {
      await Bun.sleep(2000)
      idleMb = rssMb(server.pids)
    }
    await server.stop()
  }
  note(
    `  an empty Bun binary: ${median(times.empty).toFixed(1)} ms; memproxy: ${median(times.memproxy).toFixed(1)} ms (medians of ${runs})`,
  )
  figure({
    what: "start to listening, beyond an empty binary",
    unit: "ms",
    value: median(times.memproxy) - median(times.empty),
    most: 30,
  })
  figure({ what: "RSS, idle", unit: "MB", value: idleMb, nginx: bench.nginx && rssMb(bench.nginx.pids), most: 60 })
  figure({ what: "binary", unit: "MB", value: statSync(bench.binary).size / 1e6 })
}

async function buildEmpty(): Promise<string> {
  const source = join(folder, "empty.ts")
  writeFileSync(source, 'console.log("ready")\nsetTimeout(() => {}, 60_000)\n')
  const outfile = join(folder, "empty")
  const flags = [
    "--compile",
    "--production",
    "--minify",
    "--bytecode",
    "--format=esm",
    "--sourcemap",
    "--outfile",
    outfile,
  ]
  const built = Bun.spawnSync([process.execPath, "build", ...flags, source], { cwd: folder })
  if (built.exitCode !== 0) throw new Error(built.stderr.toString())
  return outfile
}

/** (g) Clients that leave in the middle of an answer. */
export async function leavers(bench: Bench) {
  const many = bench.quick ? 1000 : 3000
  title(`${many} clients that leave in mid-stream`)
  const server = await startMemproxy(bench.binary, bench.mock.port)
  const shape = { body: chat("n=2000 d=10 s=200", { stream: true }), connections: 50, leaveAfterBytes: 1000 }
  await run(bench, server, { ...shape, requests: 1000 })
  await Bun.sleep(1000)
  const before = rssMb(server.pids)
  await bench.mock.reset()
  const { result } = await run(bench, server, { ...shape, requests: many })
  await Bun.sleep(1000)
  const stats = await bench.mock.stats()
  figure({ what: "left", unit: "", value: result.left, exactly: many })
  figure({ what: "upstream streams open a second later", unit: "", value: stats.active, exactly: 0 })
  figure({ what: "upstream streams closed early", unit: "", value: stats.aborted, exactly: many })
  figure({ what: "RSS growth", unit: "MB", value: rssMb(server.pids) - before, most: 20 })
  await server.stop()
}
