/** Many at once, and readers that do not read. Numbers are printed; what is asserted is generous. */
import { afterAll, beforeAll, expect, test } from "bun:test"
import { eventsOf } from "../support/answers.ts"
import { type FakeProvider, startFakeProvider } from "../support/fake-provider.ts"
import { createHistory, violations } from "../support/history.ts"
import { callBytes, chat, claude, lanes, testConfig } from "../support/lanes.ts"
import { type Memproxy, startMemproxy } from "../support/memproxy.ts"
import { openRaw, type RawConnection } from "../support/raw-http.ts"
import { eventually } from "../support/rig.ts"

let provider: FakeProvider
let proxy: Memproxy
beforeAll(async () => {
  provider = await startFakeProvider()
  proxy = await startMemproxy({ config: testConfig(provider.url) })
})
afterAll(async () => {
  await proxy?.stop()
  await provider?.stop()
})

const openFiles = Number(Bun.spawnSync(["sh", "-c", "ulimit -n"]).stdout.toString()) || 1024
const STREAMS = Math.min(2000, Math.floor((openFiles - 200) / 3))
if (STREAMS < 2000) console.warn(`only ${STREAMS} concurrent streams: the open files limit is ${openFiles}`)

test(`${STREAMS} slow streams at once, from a program just started with no setting: none fails, none is lost`, async () => {
  const before = proxy.rssMiB()
  let most = 0
  provider.script((request) => ({
    headers: { "content-type": "text/event-stream" },
    pieces: eventsOf["openai-chat"]({ text: "one two three" }, request.json.model, true),
    gapMs: 400,
  }))
  const history = createHistory()
  const calls = Array.from({ length: STREAMS }, () => history.call(proxy.port, chat, { timeoutMs: 60_000 }))
  const watch = setInterval(() => (most = Math.max(most, proxy.rssMiB())), 100)
  await eventually("all are at the provider at the same time", () => provider.received.length >= STREAMS, 30_000)
  await Promise.all(calls)
  clearInterval(watch)
  console.log(`${STREAMS} streams: RSS ${before.toFixed(0)} MiB before, ${most.toFixed(0)} MiB at most`)
  expect(history.saw.filter((one) => !one.terminal || one.error)).toEqual([])
  expect(most).toBeLessThan(300)
  const rows = await proxy.rows()
  expect(violations({ rows, saw: history.saw, received: provider.received, dataDir: null })).toEqual([])
}, 90_000)

test("ten stalled readers on an unlimited upstream hold back the upstream, not our memory; others are served meanwhile", async () => {
  const event = `data: ${JSON.stringify({ filler: "x".repeat(1000) })}\n\n`
  provider.reset()
  // a program of its own: what 2,000 streams have left behind is another question
  const proxy = await startMemproxy({ config: testConfig(provider.url) })
  const warm = createHistory()
  for (let round = 0; round < 50; round++) await Promise.all(lanes.map((lane) => warm.call(proxy.port, lane)))
  provider.reset()
  provider.script((request) =>
    request.json.messages?.[0]?.content === "endless"
      ? {
          headers: { "content-type": "text/event-stream" },
          pieces: (function* () {
            for (;;) yield event
          })(),
        }
      : null,
  )
  await Bun.sleep(500)
  const before = proxy.rssMiB()
  const stalled: RawConnection[] = []
  for (let reader = 0; reader < 10; reader++) {
    const raw = await openRaw(proxy.port)
    raw.send(callBytes(reader % 2 ? claude : chat, { stream: true, text: "endless" }))
    await raw.until(1000)
    raw.socket.pause()
    stalled.push(raw)
  }
  let most = 0
  const taken = () => provider.received.reduce((sum, request) => sum + request.bytesSent, 0)
  for (let look = 0; look < 20; look++) {
    await Bun.sleep(150)
    most = Math.max(most, proxy.rssMiB())
  }
  const atRest = taken()
  await Bun.sleep(500)
  console.log(
    `10 stalled readers: RSS +${(most - before).toFixed(0)} MiB, ${(atRest / 1048576).toFixed(0)} MiB taken from the upstream`,
  )
  expect(taken() - atRest).toBeLessThan(10 * 1024 * 1024)
  expect(most - before).toBeLessThan(80)
  const history = createHistory()
  await Promise.all(lanes.map((lane) => history.call(proxy.port, lane)))
  expect(history.saw.filter((one) => !one.terminal)).toEqual([])
  for (const raw of stalled) raw.close()
  await eventually(
    "every upstream is closed",
    () => provider.received.every((one) => one.leftAt !== null || one.finishedAt !== null),
    2000,
  )
  await proxy.stop()
}, 60_000)

test("a slow upload that keeps coming is served; a body that stalls does not hold the others", async () => {
  provider.reset()
  const bytes = callBytes(chat, { text: "x".repeat(200_000) })
  const slow = await openRaw(proxy.port)
  const step = Math.ceil(bytes.length / 10)
  const sending = (async () => {
    for (let at = 0; at < bytes.length; at += step) {
      slow.send(bytes.subarray(at, at + step))
      await Bun.sleep(150)
    }
  })()
  const history = createHistory()
  await Promise.all(lanes.map((lane) => history.call(proxy.port, lane)))
  expect(history.saw.every((one) => one.terminal)).toBe(true)
  await sending
  expect((await slow.answer()).status).toBe(200)
  slow.close()
})

test.skipIf(!process.env["MEMPROXY_SLOW"])(
  "a stream that says nothing for 60 s survives",
  async () => {
    provider.reset()
    provider.script((request) => {
      const [first, ...rest] = eventsOf["openai-chat"]({}, request.json.model, true)
      return { headers: { "content-type": "text/event-stream" }, pieces: [first!, 60_000, ...rest] }
    })
    const seen = await createHistory().call(proxy.port, chat, { timeoutMs: 90_000 })
    expect([seen.terminal, seen.error]).toEqual([true, null])
  },
  100_000,
)
