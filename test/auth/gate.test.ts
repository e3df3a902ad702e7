import { describe, expect, test } from "bun:test"
import { createGate } from "../../src/auth/gate.ts"
import { Refusal, Secret } from "../../src/exchange.ts"

const KEY = "sk-master-0123456789"
const { open: gate } = createGate({ masterKey: new Secret(KEY), keyHeader: "x-team-key" })
const { open } = createGate({ masterKey: null, keyHeader: null })
const refusal = (run: () => unknown): Refusal => {
  try {
    run()
  } catch (error) {
    if (error instanceof Refusal) return error
    throw error
  }
  throw new Error("it opened")
}

describe("the master key opens, whatever carries it", () => {
  const carriers: [string, string][] = [
    ["authorization", `Bearer ${KEY}`],
    ["authorization", `bearer ${KEY}`],
    ["authorization", KEY],
    ["authorization", `Basic ${btoa(`user:${KEY}`)}`],
    ["x-api-key", KEY],
    ["api-key", KEY],
    ["x-goog-api-key", KEY],
    ["x-litellm-api-key", `Bearer ${KEY}`],
    ["ocp-apim-subscription-key", KEY],
    ["x-team-key", KEY],
  ]
  test.each(carriers)("%s: %s", (name, value) => {
    expect(gate(new Headers({ [name]: value }), []).kind).toBe("master")
  })
  test("a key from the URL", () => {
    expect(gate(new Headers(), [new Secret(KEY)]).kind).toBe("master")
  })
})

test("any presented credential that is ours opens, beside one that is not", () => {
  const headers = new Headers({ authorization: "Bearer somebody-elses", "x-api-key": KEY })
  expect(gate(headers, []).kind).toBe("master")
})

test("a Claude subscription token never opens, and is kept for the provider", () => {
  const token = "sk-ant-oat01-abc"
  const headers = new Headers({ authorization: `Bearer ${token}` })
  expect(refusal(() => gate(headers, [])).message).toContain("subscription")
  headers.set("x-api-key", KEY)
  expect(gate(headers, []).subscription?.reveal()).toBe(token)
})

test.each([
  ["a longer key", `Bearer ${KEY}x`],
  ["a shorter key", `Bearer ${KEY.slice(0, -1)}`],
  ["another case", `Bearer ${KEY.toUpperCase()}`],
  ["an injection", "Bearer ' OR '1'='1"],
  ["a key behind a word that is no scheme of ours", `Token ${btoa(`user:${KEY}`)}`],
])("%s is refused with 401", (_, authorization) => {
  const found = refusal(() => gate(new Headers({ authorization }), []))
  const key = authorization.slice(authorization.indexOf(" ") + 1)
  expect([found.status, found.code, found.message.includes(key)]).toEqual([401, "invalid_api_key", false])
})

test("no key at all is refused and told how to send one", () => {
  expect(refusal(() => gate(new Headers(), [])).message).toContain("/k/KEY")
})

test("without a master key any credential is ignored", () => {
  expect(open(new Headers({ authorization: "Bearer whatever" }), []).kind).toBe("open")
})
