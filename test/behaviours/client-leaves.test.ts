/** A client that goes away: the provider is told at once, and the ledger has one row that says so. */
import { expect, test } from "bun:test"
import { defaultAnswer } from "../support/answers.ts"
import { callBytes, chat, lanes } from "../support/lanes.ts"
import { MASTER } from "../support/memproxy.ts"
import { openRaw, type RawConnection, requestBytes } from "../support/raw-http.ts"
import { eventually, useRig } from "../support/rig.ts"

const rig = useRig()

/** The only row since the provider was reset; waits for it. */
async function onlyRow(before: number) {
  let rows = await rig.proxy.rows()
  await eventually("a row is written", async () => (rows = await rig.proxy.rows()).length > before)
  await Bun.sleep(100)
  rows = await rig.proxy.rows()
  expect(rows.length).toBe(before + 1)
  return rows[0]!
}

async function upstreamClosed(): Promise<void> {
  await eventually("the provider sees the connection close", () => rig.provider.received[0]!.leftAt !== null, 1000)
}

const ways: [string, (raw: RawConnection) => void][] = [
  ["by closing", (raw) => raw.close()],
  ["by a reset", (raw) => raw.reset()],
  ["by a half-close", (raw) => raw.halfClose()],
]

for (const lane of lanes)
  for (const [how, leave] of ways)
    test(`${lane.dialect}: a client that leaves mid-stream ${how} closes the provider's stream and gets one row`, async () => {
      const before = (await rig.proxy.rows()).length
      rig.provider.script((request) => ({ ...defaultAnswer(request), stallAfter: 400 }))
      const raw = await openRaw(rig.proxy.port)
      raw.send(callBytes(lane, { stream: true }))
      await raw.until(300)
      leave(raw)
      await upstreamClosed()
      const row = await onlyRow(before)
      expect(row).toMatchObject({ outcome: "client-left", model: lane.model, stream: true, dialect_in: lane.dialect })
      raw.close()
    })

for (const lane of lanes)
  for (const stream of [true, false])
    test(`${lane.dialect}: a client that leaves before the ${stream ? "stream" : "answer"} began closes the provider's connection and gets one row`, async () => {
      const before = (await rig.proxy.rows()).length
      rig.provider.script({ hangMs: Infinity })
      const raw = await openRaw(rig.proxy.port)
      raw.send(callBytes(lane, { stream }))
      await rig.provider.waitFor(1)
      raw.close()
      await upstreamClosed()
      expect(await onlyRow(before)).toMatchObject({ outcome: "client-left", model: lane.model })
    })

test("a client that leaves in the middle of its upload reaches no provider", async () => {
  const before = (await rig.proxy.rows()).length
  const bytes = callBytes(chat, { text: "x".repeat(100_000) })
  for (const cut of [bytes.length - 1, bytes.length - 50_000, 200]) {
    const raw = await openRaw(rig.proxy.port)
    raw.send(bytes.subarray(0, cut))
    await Bun.sleep(30)
    raw.close()
  }
  await eventually("each has a row", async () => (await rig.proxy.rows()).length >= before + 3)
  expect(rig.provider.received.length).toBe(0)
  expect((await rig.ask(callBytes(chat))).status).toBe(200)
})

test("a client that leaves in the middle of its upload is no defect, on any route", async () => {
  const before = (await rig.proxy.rows()).length
  const headers = { authorization: `Bearer ${MASTER}`, "content-length": "1000" }
  for (const path of ["/api/memories", "/api/feedback", "/mcp", "/openai/v1/files", chat.path(false)]) {
    const raw = await openRaw(rig.proxy.port)
    raw.send(requestBytes("POST", path, headers, "{"))
    await Bun.sleep(30)
    raw.close()
  }
  await eventually("both exchanges have a row", async () => (await rig.proxy.rows()).length >= before + 2)
  expect(rig.proxy.stderr()).not.toContain("internal error")
})

for (const lane of lanes)
  test(`${lane.dialect}: a client that leaves after the terminal event is done`, async () => {
    const before = (await rig.proxy.rows()).length
    // the provider has said all but holds the connection open, as Codex and openai-js find it
    rig.provider.script((request) => {
      const answer = defaultAnswer(request)
      const text = [...(answer.pieces as string[])].join("")
      return { ...answer, pieces: [text], stallAfter: Buffer.byteLength(text) }
    })
    const raw = await openRaw(rig.proxy.port)
    raw.send(callBytes(lane, { stream: true }))
    await eventually("the last event arrives", () => raw.bytes().includes(lane.terminal))
    await Bun.sleep(50)
    raw.close()
    expect(await onlyRow(before)).toMatchObject({ outcome: "done", input_tokens: 25, output_tokens: 9 })
  })

for (const lane of lanes)
  test(`${lane.dialect}: what a client got before it left is counted, by estimate, and marked so`, async () => {
    const before = (await rig.proxy.rows()).length
    rig.provider.script((request) => {
      const pieces = [...(defaultAnswer(request).pieces as string[])]
      const spoken = pieces.findIndex((piece) => piece.includes(" fake"))
      return { ...defaultAnswer(request), pieces: [pieces.slice(0, spoken + 1).join(""), Infinity] }
    })
    const raw = await openRaw(rig.proxy.port)
    raw.send(callBytes(lane, { stream: true }))
    await eventually("the text arrives", () => raw.bytes().includes(" fake"))
    raw.close()
    const row = await onlyRow(before)
    expect(row).toMatchObject({ outcome: "client-left", estimated: true })
    expect(row.input_tokens).toBeGreaterThan(0)
    expect(row.output_tokens).toBeGreaterThan(0)
  })

test("a thousand clients that leave at random bytes leave nothing open and one row each", async () => {
  rig.provider.script((request) => ({ ...defaultAnswer(request), gapMs: 30 }))
  const before = (await rig.proxy.rows()).length
  let seed = 7
  const random = (most: number) => (seed = (seed * 1103515245 + 12345) % 2147483648) % most
  let sent = 0
  const one = async (index: number) => {
    const lane = lanes[index % 4]!
    const raw = await openRaw(rig.proxy.port)
    raw.send(callBytes(lane, { stream: true }))
    await Promise.race([raw.until(1 + random(2500)), Bun.sleep(random(150))])
    sent++
    raw.close()
  }
  for (let round = 0; round < 10; round++)
    await Promise.all(Array.from({ length: 100 }, (_, index) => one(round * 100 + index)))
  expect(sent).toBe(1000)
  await eventually("every provider stream is over", () =>
    rig.provider.received.every((request) => request.leftAt !== null || request.finishedAt !== null),
  )
  const reached = rig.provider.received.length
  let rows = await rig.proxy.rows()
  await eventually("every exchange has its row", async () => (rows = await rig.proxy.rows()).length - before >= reached)
  const added = rows.slice(0, rows.length - before)
  expect(new Set(added.map((row) => row.id)).size).toBe(added.length)
  expect(added.filter((row) => row.upstream_model !== null).length).toBeGreaterThanOrEqual(reached)
  expect(new Set(added.map((row) => row.outcome)).difference(new Set(["done", "client-left", "rejected"]))).toEqual(
    new Set(),
  )
  expect((await rig.ask(requestBytes("GET", "/health"))).status).toBe(200)
}, 60_000)
