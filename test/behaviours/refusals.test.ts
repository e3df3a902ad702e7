/** What memproxy itself refuses: in the caller's dialect, with a row, and without a word to any provider. */
import { describe, expect, test } from "bun:test"
import { callBytes, chat, claude, type Lane, lanes } from "../support/lanes.ts"
import { MASTER } from "../support/memproxy.ts"
import { openRaw, requestBytes } from "../support/raw-http.ts"
import { useRig } from "../support/rig.ts"

const rig = useRig(() => ({
  models: [
    {
      model_name: "unset",
      litellm_params: {
        model: "openai/x",
        api_base: "http://127.0.0.1:1/v1",
        api_key: "os.environ/MEMPROXY_TEST_UNSET",
      },
    },
    {
      model_name: "unset-claude",
      litellm_params: {
        model: "anthropic/x",
        api_base: "http://127.0.0.1:1",
        api_key: "os.environ/MEMPROXY_TEST_UNSET",
      },
    },
  ],
}))

interface Case {
  name: string
  status: number
  bytes(lane: Lane): Uint8Array
  /** what the message must help with */
  says?: RegExp
  error?: string
}

const nested = (depth: number) => `${"[".repeat(depth)}${"]".repeat(depth)}`
const field = (lane: Lane, name: string, raw: string) =>
  `${JSON.stringify(lane.body(false)).slice(0, -1)},"${name}":${raw}}`

const cases: Case[] = [
  { name: "no key", status: 401, bytes: (lane) => callBytes(lane, { headers: { authorization: [] } }), says: /key/i },
  {
    name: "a wrong key",
    status: 401,
    bytes: (lane) => callBytes(lane, { headers: { authorization: "Bearer sk-wr0ng-c4n4ry" } }),
    says: /key/i,
  },
  { name: "an empty key", status: 401, bytes: (lane) => callBytes(lane, { headers: { authorization: "Bearer " } }) },
  {
    name: "a key with the master's beginning",
    status: 401,
    bytes: (lane) => callBytes(lane, { headers: { authorization: `Bearer ${MASTER.slice(0, -1)}` } }),
  },
  {
    name: "an SQL payload as key",
    status: 401,
    bytes: (lane) => callBytes(lane, { headers: { authorization: "Bearer ' OR '1'='1" } }),
  },
  {
    name: "an unknown model",
    status: 404,
    bytes: (lane) =>
      callBytes(lane, {
        body: JSON.stringify({ ...lane.body(false), model: "no-such-model" }),
        path: lane.path(false, "no-such-model"),
      }),
    says: /no-such-model/,
  },
  { name: "bad JSON", status: 400, bytes: (lane) => callBytes(lane, { body: '{"model":"chat", oops' }), says: /JSON/i },
  { name: "an empty body", status: 400, bytes: (lane) => callBytes(lane, { body: "" }) },
  { name: "an array instead of an object", status: 400, bytes: (lane) => callBytes(lane, { body: "[]" }) },
  {
    name: "bytes that are no UTF-8",
    status: 400,
    bytes: (lane) =>
      callBytes(lane, {
        body: Buffer.concat([Buffer.from('{"model":"chat","x":"'), Buffer.from([0xc3, 0x28]), Buffer.from('"}')]),
      }),
    says: /UTF-8/i,
  },
  {
    name: "JSON 201 levels deep",
    status: 400,
    bytes: (lane) => callBytes(lane, { body: field(lane, "x", nested(200)) }),
    says: /200/,
  },
  {
    name: "JSON 100,000 levels deep",
    status: 400,
    bytes: (lane) => callBytes(lane, { body: field(lane, "x", nested(100_000)) }),
  },
  {
    name: "an unknown content-encoding",
    status: 415,
    bytes: (lane) => callBytes(lane, { headers: { "content-encoding": "lzma" }, body: "{}" }),
  },
]

for (const one of cases)
  for (const lane of lanes)
    test(`${lane.dialect}: ${one.name} is a ${one.status}`, async () => {
      const answer = await rig.ask(one.bytes(lane))
      expect([answer.status, answer.text.slice(0, 300)]).toEqual([one.status, expect.any(String)])
      expect(answer.headers["content-type"]).toStartWith("application/json")
      const error = lane.readError(answer.json)
      if (one.says) expect(error.message).toMatch(one.says)
      expect(answer.text).not.toContain("c4n4ry")
      expect(answer.text).not.toContain(MASTER.slice(8))
      const row = await rig.proxy.row(answer.headers["x-memproxy-request-id"]!)
      expect(row).toMatchObject({ outcome: "rejected", status: one.status, dialect_in: lane.dialect })
      expect(row.error_type).not.toBeNull()
      expect(rig.provider.received.length).toBe(0)
    })

for (const lane of lanes) {
  test(`${lane.dialect}: JSON of exactly 200 levels passes`, async () => {
    expect((await rig.ask(callBytes(lane, { body: field(lane, "x", nested(199)) }))).status).toBe(200)
  })

  test(`${lane.dialect}: a body over 64 MiB is a 413, announced or not`, async () => {
    const over = Buffer.alloc(64 * 1024 * 1024 + 1, " ")
    over.write('{"model":"chat"')
    const announced = await rig.ask(callBytes(lane, { body: over }), 20_000)
    expect(announced.status).toBe(413)
    lane.readError(announced.json)
    const raw = await openRaw(rig.proxy.port)
    raw.send(
      requestBytes("POST", lane.path(false), { authorization: `Bearer ${MASTER}`, "transfer-encoding": "chunked" }),
    )
    raw.send(Buffer.concat([Buffer.from(`${over.length.toString(16)}\r\n`), over, Buffer.from("\r\n0\r\n\r\n")]))
    const chunked = await raw.answer({ timeoutMs: 20_000 })
    raw.close()
    expect(chunked.status).toBe(413)
    lane.readError(chunked.json)
    expect(rig.provider.received.length).toBe(0)
    expect(await rig.proxy.row(chunked.headers["x-memproxy-request-id"]!)).toMatchObject({
      outcome: "rejected",
      status: 413,
    })
  }, 40_000)
}

test("a model whose variable is missing is a 503 that names the variable", async () => {
  for (const [lane, model] of [
    [chat, "unset"],
    [lanes[2]!, "unset-claude"],
  ] as const) {
    const answer = await rig.ask(callBytes(lane, { body: JSON.stringify({ ...lane.body(false), model }) }))
    expect(answer.status).toBe(503)
    expect(lane.readError(answer.json).message).toContain("MEMPROXY_TEST_UNSET")
    expect(await rig.proxy.row(answer.headers["x-memproxy-request-id"]!)).toMatchObject({
      outcome: "rejected",
      status: 503,
      model,
    })
  }
})

test("a near miss in the model's name gets a hint", async () => {
  const answer = await rig.ask(callBytes(chat, { body: JSON.stringify({ ...chat.body(false), model: "chatt" }) }))
  expect(answer.json.error).toMatchObject({ code: "model_not_found" })
  expect(answer.json.error.message).toMatch(/\bchat\b/)
})

describe("methods and paths", () => {
  test("the wrong method is a 405 with Allow, and makes no row", async () => {
    const before = (await rig.proxy.rows()).length
    for (const lane of lanes)
      for (const method of ["GET", "PUT", "DELETE", "PATCH"]) {
        if (lane.dialect === "gemini" && method === "GET") continue
        const answer = await rig.ask(requestBytes(method, lane.path(false), { authorization: `Bearer ${MASTER}` }))
        expect([lane.dialect, method, answer.status]).toEqual([lane.dialect, method, 405])
        expect(answer.headers["allow"]).toContain("POST")
        lane.readError(answer.json)
      }
    expect((await rig.proxy.rows()).length).toBe(before)
  })

  test("unknown paths are 404 in JSON, traversals reach no provider", async () => {
    const paths = [
      "/nope",
      "/v1/nope",
      "/v1/../dashboard",
      "/v1/%2e%2e/x",
      "//nope/v1/chat/completions",
      "/v1/chat/completions;x",
      "/v1/chat/completions%00",
      "/V1/CHAT/COMPLETIONS",
      "/v1beta/models/../../x:generateContent",
      "/v1beta/models/..%2f..%2fx:generateContent",
    ]
    for (const path of paths) {
      const answer = await rig.ask(callBytes(chat, { path }))
      expect([path, [404, 400, 405].includes(answer.status)]).toEqual([path, true])
      expect(answer.json).not.toBeNull()
    }
    expect(rig.provider.received.length).toBe(0)
  })

  test("a Responses WebSocket upgrade gets 426, so that Codex falls back to POST", async () => {
    const answer = await rig.ask(
      requestBytes("GET", "/v1/responses", {
        authorization: `Bearer ${MASTER}`,
        connection: "Upgrade",
        upgrade: "websocket",
        "sec-websocket-key": "dGhlIHNhbXBsZSBub25jZQ==",
        "sec-websocket-version": "13",
        "openai-beta": "responses_websockets=2026-02-06",
      }),
    )
    expect(answer.status).toBe(426)
  })
})

test("headers past 64 KiB are the runtime's plain 431, and the next request is served", async () => {
  const answer = await rig.ask(callBytes(chat, { headers: { "x-long": "x".repeat(70_000) } })).catch(() => null)
  if (answer) expect(answer.status).toBe(431)
  expect((await rig.ask(callBytes(chat, { headers: { "x-long": "x".repeat(40_000) } }))).status).toBe(200)
})

test("destinations come from the config only: nothing in a request moves it", async () => {
  const body = {
    ...chat.body(false),
    api_base: "http://127.0.0.1:1",
    base_url: "http://127.0.0.1:1",
    endpoint: "http://127.0.0.1:1",
    api_key: "sk-x",
  }
  const headers = {
    "x-portkey-custom-host": "http://127.0.0.1:1",
    "x-target-url": "http://127.0.0.1:1",
    "x-forwarded-host": "127.0.0.1:1",
  }
  const answer = await rig.ask(callBytes(chat, { body: JSON.stringify(body), headers }))
  expect(answer.status).toBe(200)
  expect(rig.provider.received.length).toBe(1)
})

test("a refused call's row still says which program made it", async () => {
  const headers = {
    authorization: "Bearer wrong",
    "user-agent": "claude-cli/2.1.330 (external, cli)",
    "x-claude-code-session-id": "s",
  }
  const answer = await rig.ask(callBytes(claude, { headers }))
  const row = await rig.proxy.row(answer.headers["x-memproxy-request-id"]!)
  expect([row.status, row.outcome, row.client, row.client_version]).toEqual([401, "rejected", "claude-code", "2.1.330"])
})
