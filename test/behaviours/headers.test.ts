/** Which headers cross the proxy, in both directions: lists of what may, not of what may not. */
import { expect, test } from "bun:test"
import { callBytes, chat, claude, gemini, lanes } from "../support/lanes.ts"
import { MASTER } from "../support/memproxy.ts"
import { useRig } from "../support/rig.ts"

const rig = useRig()

/** What any HTTP client sends on its own. */
const TRANSPORT = ["host", "content-length", "connection", "accept-encoding", "accept", "content-type", "user-agent"]
const OWN: Record<string, string[]> = {
  "openai-chat": ["authorization", "openai-beta"],
  "openai-responses": ["authorization", "openai-beta"],
  anthropic: ["x-api-key", "anthropic-version", "anthropic-beta"],
  gemini: ["x-goog-api-key", "x-goog-api-client"],
}

const nasty = {
  cookie: "session=c00kie",
  "x-forwarded-for": "6.6.6.6",
  "x-forwarded-host": "evil.test",
  forwarded: "for=6.6.6.6",
  via: "1.1 evil",
  te: "trailers",
  trailer: "x-t",
  "keep-alive": "timeout=5",
  "proxy-authorization": "Basic c2VjcmV0",
  "proxy-connection": "keep-alive",
  upgrade: "h2c",
  expect: "",
  referer: "http://127.0.0.1/k/sk-secret/",
  "x-memory-user-id": "alice",
  "x-memory-project": "shop",
  "x-memory-session": "s1",
  "x-memproxy-memory": "off",
  "x-memproxy-user": "alice",
  "x-litellm-api-key": MASTER,
  "x-supermemory-api-key": "sm-secret",
  "x-sm-user-id": "alice",
  "x-sm-conversation-id": "c1",
  "api-key": MASTER,
  "x-portkey-custom-host": "http://evil.test",
  "x-custom": "mine",
}

for (const lane of lanes)
  test(`${lane.dialect}: the provider gets its own key and nothing of ours, no cookie, no hop-by-hop header`, async () => {
    const { expect: _, ...sendable } = nasty
    await rig.ask(callBytes(lane, { headers: { ...sendable, "User-Agent": "tool/1.0" } }))
    const { headers, head } = rig.provider.received[0]!
    const [name, value] = lane.upstreamAuth
    expect(headers[name]).toBe(value)
    expect(head).not.toContain(MASTER)
    for (const forbidden of ["c00kie", "6.6.6.6", "evil", "sm-secret", "alice", "sk-secret"])
      expect(head).not.toContain(forbidden)
    const stray = Object.keys(headers).filter((one) => !TRANSPORT.includes(one) && !OWN[lane.dialect]!.includes(one))
    expect(stray).toEqual([])
    expect(headers["host"]).toBe(`127.0.0.1:${rig.provider.port}`)
    expect(headers["user-agent"]).toBe("tool/1.0")
    expect(headers["content-type"]).toBe("application/json")
  })

test("what a provider's own API is steered by goes along", async () => {
  const steer = {
    "anthropic-version": "2026-10-21",
    "anthropic-beta": "a-1,b-2",
    "x-app": "cli",
    "X-Stainless-Lang": "js",
    "anthropic-dangerous-direct-browser-access": "true",
  }
  await rig.ask(callBytes(claude, { headers: steer }))
  for (const [name, value] of Object.entries(steer))
    expect([name, rig.provider.received[0]!.headers[name.toLowerCase()]]).toEqual([name, value])
  rig.provider.reset()
  await rig.ask(callBytes(chat, { headers: { "OpenAI-Beta": "responses=v1" } }))
  expect(rig.provider.received[0]!.headers["openai-beta"]).toBe("responses=v1")
  rig.provider.reset()
  await rig.ask(callBytes(gemini, { headers: { "x-goog-api-client": "google-genai-sdk/3.1" } }))
  expect(rig.provider.received[0]!.headers["x-goog-api-client"]).toBe("google-genai-sdk/3.1")
})

test("an Anthropic version is sent even where the client sent none", async () => {
  await rig.ask(callBytes(claude))
  expect(rig.provider.received[0]!.headers["anthropic-version"]).toMatch(/^\d{4}-\d\d-\d\d$/)
})

test("a key in the Gemini query never reaches the provider", async () => {
  await rig.ask(
    callBytes(gemini, { path: `/v1beta/models/gem:generateContent?key=${MASTER}&x=1`, headers: { authorization: [] } }),
  )
  expect(rig.provider.received[0]!.target).not.toContain(MASTER)
})

test("answers carry the provider's useful headers and none of its connection's", async () => {
  const useful = {
    "request-id": "req_1",
    "retry-after-ms": "10",
    "x-ratelimit-remaining-tokens": "7",
    "anthropic-ratelimit-requests-remaining": "9",
    "openai-processing-ms": "5",
  }
  const hop = {
    "set-cookie": ["a=1", "b=2"],
    "keep-alive": "timeout=5",
    "proxy-authenticate": "Basic",
    upgrade: "h2c",
    "alt-svc": 'h3=":443"',
    "strict-transport-security": "max-age=1",
    "access-control-allow-origin": "*",
  }
  for (const lane of lanes) {
    rig.provider.script({ headers: { "content-type": "application/json", ...useful, ...hop }, body: "{}" })
    const answer = await rig.ask(callBytes(lane))
    for (const name of ["request-id", "retry-after-ms", "x-ratelimit-remaining-tokens"])
      expect([name, answer.headers[name]]).toEqual([name, (useful as Record<string, string>)[name]])
    for (const name of Object.keys(hop)) expect([name, answer.headers[name]]).toEqual([name, undefined])
  }
})

test("answers say who memproxy took the caller for, percent-encoded", async () => {
  const answer = await rig.ask(
    callBytes(chat, {
      headers: {
        "x-memory-user-id": "alice",
        "x-memory-project": "caf%C3%A9",
        "x-memory-session": "s-1",
        "user-agent": "curl/8.5.0",
      },
    }),
  )
  const { headers } = answer
  expect(headers["x-memproxy-request-id"]).toMatch(/^[\w-]{16,}$/)
  expect(headers).toMatchObject({
    "x-memproxy-client": "curl",
    "x-memproxy-user": "alice",
    "x-memproxy-session": "s-1",
    "x-memproxy-memory": "off",
    "x-litellm-model-group": "chat",
  })
  expect(headers["x-litellm-call-id"]).toBeString()
  expect(headers["x-litellm-model-id"]).toBeString()
  expect(Number(headers["x-litellm-overhead-duration-ms"])).toBeGreaterThanOrEqual(0)
  expect(headers["x-litellm-attempted-retries"]).toBe("0")
  for (const value of Object.values(headers)) expect(value).toMatch(/^[\x20-\x7e]*$/)
})

test("a name outside ASCII is percent-encoded and cut to 256 bytes", async () => {
  const answer = await rig.ask(callBytes(chat, { path: `/u/${encodeURIComponent("Zoë 漢")}/v1/chat/completions` }))
  expect(answer.status).toBe(200)
  expect(decodeURIComponent(answer.headers["x-memproxy-user"]!)).toBe("Zoë 漢")
})
