/** Endings nobody asked for, and one that somebody did: kill -9, SIGTERM, a second instance. */
import { afterAll, expect, setDefaultTimeout, test } from "bun:test"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { defaultAnswer } from "../support/answers.ts"
import { startFakeProvider } from "../support/fake-provider.ts"
import { createHistory, type Saw, violations } from "../support/history.ts"
import { chat, jsonHeaders, lanes, testConfig } from "../support/lanes.ts"
import { MASTER, type Memproxy, runMemproxy, startMemproxy } from "../support/memproxy.ts"
import { openRaw } from "../support/raw-http.ts"
import { eventually } from "../support/rig.ts"

setDefaultTimeout(30_000)
const dirs: string[] = []
const newDir = () => {
  const dir = mkdtempSync(join(tmpdir(), "memproxy-crash-"))
  dirs.push(dir)
  return dir
}
afterAll(() => {
  for (const dir of dirs) rmSync(dir, { recursive: true, force: true })
})
const SECRETS = [MASTER, ...lanes.map((lane) => lane.upstreamKey)]
/** What the contract allows to be unwritten. */
const WINDOW_MS = 50
/** A client learns of its answer later than the proxy sent it, and the kill takes its time. */
const CLOCK_SLACK_MS = 50

interface Finished extends Saw {
  finishedAt: number
}

/** Calls as fast as they go, over so many connections, until told to stop. */
function startLoad(proxy: Memproxy, connections: number) {
  const saw: Finished[] = []
  const load = { stopped: false }
  const body = JSON.stringify(chat.body(false))
  const one = async () => {
    while (!load.stopped) {
      try {
        const answer = await fetch(`${proxy.url}/v1/chat/completions`, { method: "POST", headers: jsonHeaders, body })
        await answer.arrayBuffer()
        const id = answer.headers.get("x-memproxy-request-id")
        const usage = { input: 25, output: 9 }
        saw.push({
          id,
          status: answer.status,
          bytes: 0,
          terminal: true,
          error: null,
          usage,
          finishedAt: performance.now(),
        })
      } catch {
        return // the proxy is gone
      }
    }
  }
  const done = Promise.all(Array.from({ length: connections }, one))
  return { saw, stop: () => ((load.stopped = true), done), done }
}

// Another program may keep it from its processor for longer than that, once; one that breaks the promise never keeps it.
const tries = { timeout: 60_000, retry: 2 }

test("kill -9 under load loses at most the last 50 ms of rows, doubles none, corrupts nothing", tries, async () => {
  const provider = await startFakeProvider()
  const dir = newDir()
  const config = testConfig(provider.url)
  const all: Finished[] = []
  let lostMost = 0
  let oldestLostMs = 0
  for (let kill = 0; kill < 5; kill++) {
    const proxy = await startMemproxy({ config, dir })
    const load = startLoad(proxy, 32)
    await Bun.sleep(250 + kill * 137)
    const killedAt = performance.now()
    await proxy.kill9()
    await load.stop()
    const after = await startMemproxy({ config, dir })
    const ids = new Set((await after.rows()).map((row) => row.id))
    const lost = load.saw.filter((one) => !ids.has(one.id!))
    for (const one of lost) oldestLostMs = Math.max(oldestLostMs, killedAt - one.finishedAt)
    lostMost = Math.max(lostMost, lost.length)
    all.push(...load.saw)
    expect(await after.stop()).toBe(0)
  }
  console.log(
    `kill -9: ${all.length} answered over 5 kills, at most ${lostMost} rows lost at once, the oldest ${oldestLostMs.toFixed(0)} ms before the kill`,
  )
  expect(oldestLostMs).toBeLessThan(WINDOW_MS + CLOCK_SLACK_MS)
  const last = await startMemproxy({ config, dir })
  const rows = await last.rows()
  const said = [last.stdout(), last.stderr()]
  await last.stop()
  expect(
    violations({
      rows,
      saw: all,
      received: provider.received,
      dataDir: last.dataDir,
      said,
      secrets: SECRETS,
      mayLose: lostMost * 5,
      inFlight: 32 * 5,
    }),
  ).toEqual([])
  await provider.stop()
})

test("SIGTERM refuses newcomers, lets every stream finish, writes its row, and exits 0", async () => {
  const provider = await startFakeProvider((request) => ({ ...defaultAnswer(request), gapMs: 120 }))
  const dir = newDir()
  const config = testConfig(provider.url)
  const proxy = await startMemproxy({ config, dir })
  const history = createHistory()
  const calls = Array.from({ length: 40 }, (_, index) => history.call(proxy.port, lanes[index % 4]!))
  await provider.waitFor(40)
  const ended = proxy.stop()
  await Bun.sleep(100)
  await expect(openRaw(proxy.port).then((raw) => raw.closed(500))).rejects.toThrow()
  await Promise.all(calls)
  expect(await ended).toBe(0)
  expect(history.saw.filter((one) => !one.terminal || one.error)).toEqual([])
  const after = await startMemproxy({ config, dir })
  const rows = await after.rows()
  await after.stop()
  expect(rows.length).toBe(40)
  expect(
    violations({
      rows,
      saw: history.saw,
      received: provider.received,
      dataDir: proxy.dataDir,
      said: [proxy.stdout(), proxy.stderr()],
      secrets: SECRETS,
    }),
  ).toEqual([])
  await provider.stop()
}, 40_000)

test("who stops it at the moment it says that it listens finds it ready to stop", async () => {
  for (const signal of ["SIGTERM", "SIGINT"] as const) {
    const proxy = await startMemproxy({ config: testConfig("http://127.0.0.1:1") })
    process.kill(proxy.pid, signal)
    expect(await proxy.exited).toBe(0)
    await proxy.stop()
  }
})

test("a second SIGTERM does not wait for streams", async () => {
  const provider = await startFakeProvider({
    pieces: ["data: {}\n\n"],
    stallAfter: 10,
    headers: { "content-type": "text/event-stream" },
  })
  const proxy = await startMemproxy({ config: testConfig(provider.url) })
  void createHistory().call(proxy.port, chat)
  await provider.waitFor(1)
  process.kill(proxy.pid, "SIGTERM")
  await Bun.sleep(200)
  process.kill(proxy.pid, "SIGTERM")
  const code = await Promise.race([proxy.exited, Bun.sleep(15_000).then(() => "still there")])
  expect(code).not.toBe("still there")
  await proxy.stop()
  await provider.stop()
}, 40_000)

test("a second instance on the same data directory refuses with a clear line; after kill -9 the next one starts", async () => {
  const provider = await startFakeProvider()
  const dir = newDir()
  const proxy = await startMemproxy({ config: testConfig(provider.url), dir })
  const second = await runMemproxy(["serve", "--config", proxy.configFile, "--port", "0", "--data-dir", proxy.dataDir])
  expect(second.code).not.toBe(0)
  expect(second.stdout).not.toContain("listening")
  expect(second.stderr).toContain(proxy.dataDir)
  expect((await fetch(`${proxy.url}/health`)).status).toBe(200)
  await proxy.kill9()
  const third = await startMemproxy({ config: testConfig(provider.url), dir })
  expect((await fetch(`${third.url}/health`)).status).toBe(200)
  await third.stop()
  await provider.stop()
})

test("the port being taken is said in a line, with exit code 2", async () => {
  const provider = await startFakeProvider()
  const proxy = await startMemproxy({ config: testConfig(provider.url) })
  const other = await runMemproxy([
    "serve",
    "--config",
    proxy.configFile,
    "--port",
    String(proxy.port),
    "--data-dir",
    newDir(),
  ])
  expect([other.code, other.stderr.includes(String(proxy.port))]).toEqual([2, true])
  await proxy.stop()
  await provider.stop()
})

test("in-flight requests at a SIGTERM that hang for ever are ended, and eventually the process is gone", async () => {
  const provider = await startFakeProvider({ hangMs: Infinity })
  const proxy = await startMemproxy({ config: testConfig(provider.url) })
  const raw = await openRaw(proxy.port)
  raw.send("POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\n") // half a request
  process.kill(proxy.pid, "SIGTERM")
  await eventually(
    "the process is gone",
    async () => (await Promise.race([proxy.exited, Bun.sleep(50).then(() => null)])) !== null,
    34_000,
  )
  raw.close()
  await proxy.stop()
  await provider.stop()
}, 45_000)
