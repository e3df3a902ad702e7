import { afterAll, beforeAll, beforeEach, describe, expect, test } from "bun:test"
import { type Relay, startRelay } from "./chaos-relay.ts"
import { type FakeProvider, startFakeProvider } from "./fake-provider.ts"
import { openRaw, rawRequest, requestBytes } from "./raw-http.ts"

let provider: FakeProvider
let relay: Relay
beforeAll(async () => {
  provider = await startFakeProvider()
  relay = await startRelay(provider.port)
})
afterAll(async () => {
  await relay.stop()
  await provider.stop()
})
beforeEach(() => {
  provider.reset()
  provider.script({ body: "0123456789".repeat(10) })
  relay.chaos({})
})

const get = requestBytes("GET", "/")
const HEAD = "HTTP/1.1 200 Said So\r\ncontent-length: 100\r\n\r\n"

describe("the relay", () => {
  test("passes both directions untouched when told nothing", async () => {
    expect((await rawRequest(relay.port, get)).text).toBe("0123456789".repeat(10))
    expect(provider.received[0]!.head).toBe(get.toString().trimEnd())
  })

  test("cuts the answer at every byte it is told to, by FIN and by RST", async () => {
    for (const cutWith of ["fin", "rst"] as const)
      for (const cutAfter of [1, HEAD.length, HEAD.length + 1, HEAD.length + 99]) {
        relay.chaos({ down: { cutAfter, cutWith } })
        const raw = await openRaw(relay.port)
        raw.send(get)
        expect(await raw.closed()).toBe(cutWith)
        expect(raw.bytes().length).toBe(cutAfter)
        raw.close()
      }
  })

  test("cuts the request, so that the target sees only its beginning", async () => {
    relay.chaos({ up: { cutAfter: 10 } })
    const raw = await openRaw(relay.port)
    raw.send(get)
    await raw.closed()
    expect(provider.received.length).toBe(0)
    raw.close()
  })

  test("crumbles into single bytes, and a rate limit slows it, without a byte lost", async () => {
    relay.chaos({ down: { packetBytes: 1 }, up: { packetBytes: 1 } })
    expect((await rawRequest(relay.port, get)).text).toBe("0123456789".repeat(10))
    relay.chaos({ down: { packetBytes: 10, bytesPerSecond: 2000 } })
    expect((await rawRequest(relay.port, get)).text).toBe("0123456789".repeat(10))
  })

  test("stalls, flips a byte, refuses", async () => {
    relay.chaos({ down: { stallAfter: HEAD.length + 3 } })
    const stalled = await openRaw(relay.port)
    stalled.send(get)
    await stalled.until(HEAD.length + 3)
    await Bun.sleep(50)
    expect(stalled.bytes().length).toBe(HEAD.length + 3)
    stalled.close()
    relay.chaos({ down: { corruptAt: HEAD.length } })
    expect((await rawRequest(relay.port, get)).body[0]).toBe(0x30 ^ 0xff)
    relay.chaos({ refuse: true })
    const refused = await openRaw(relay.port).catch(() => null)
    if (refused) expect(await refused.closed()).toBe("rst")
  })
})
