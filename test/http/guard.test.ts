import { describe, expect, test } from "bun:test"
import { Refusal } from "../../src/exchange.ts"
import { corsHeaders, guardHost, guardOrigin, preflightHeaders } from "../../src/http/guard.ts"

const rules = { host: "127.0.0.1", allowedHosts: ["memproxy.lan"], allowedOrigins: ["app://obsidian.md"] }
const statusOf = (run: () => void) => {
  try {
    run()
    return 200
  } catch (error) {
    if (error instanceof Refusal) return error.status
    throw error
  }
}
const headers = (init: Record<string, string>) => new Headers(init)

describe("Host", () => {
  test.each([
    ["127.0.0.1:8764", 200],
    ["localhost:8764", 200],
    ["LOCALHOST", 200],
    ["[::1]:8764", 200],
    ["memproxy.lan", 200],
    ["memproxy.lan:99", 200],
    ["evil.test", 421],
    ["127.0.0.1.evil.test", 421],
    ["localhost:4000/#@evil", 421],
    ["localhost, evil.test", 421],
    ["user@localhost", 421],
    ["[::1", 421],
    ["192.168.1.5:8764", 421],
    ["", 421],
  ])("%p is answered with %d on a loopback bind", (host, status) => {
    expect(statusOf(() => guardHost(headers({ host }), rules))).toBe(status)
  })
  test("an address is fine where memproxy listens beyond this machine, a name still is not", () => {
    const open = { ...rules, host: "0.0.0.0" }
    expect(statusOf(() => guardHost(headers({ host: "192.168.1.5:8764" }), open))).toBe(200)
    expect(statusOf(() => guardHost(headers({ host: "rebound.test:8764" }), open))).toBe(421)
  })
})

describe("Origin", () => {
  test.each([
    [{}, true, 200],
    [{ origin: "http://127.0.0.1:8764" }, false, 200],
    [{ origin: "app://obsidian.md" }, true, 200],
    [{ origin: "app://obsidian.md" }, false, 403],
    [{ origin: "https://evil.test" }, true, 403],
    [{ origin: "null" }, true, 403],
    [{ origin: "http://127.0.0.1:9999" }, true, 403],
    [{ "sec-fetch-site": "cross-site", "sec-fetch-mode": "no-cors" }, false, 403],
    [{ "sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate" }, false, 200],
    [{ "sec-fetch-site": "same-origin" }, false, 200],
  ] as [Record<string, string>, boolean, number][])(
    "%p on a model route: %p is answered with %d",
    (extra, isModel, status) => {
      expect(statusOf(() => guardOrigin(headers({ host: "127.0.0.1:8764", ...extra }), rules, isModel))).toBe(status)
    },
  )
})

test("CORS answers an allowed origin exactly and nobody else", () => {
  expect(corsHeaders(headers({ origin: "app://obsidian.md" }), rules)?.["access-control-allow-origin"]).toBe(
    "app://obsidian.md",
  )
  expect(corsHeaders(headers({ origin: "https://evil.test" }), rules)).toBeNull()
  expect(preflightHeaders(headers({ origin: "https://evil.test" }), rules)).toBeNull()
})
