/** Who is calling: every carrier of a key, the path prefixes, and what the info route says of them. */
import { describe, expect, test } from "bun:test"
import { callBytes, chat, claude, gemini, lanes, responses } from "../support/lanes.ts"
import { MASTER } from "../support/memproxy.ts"
import { requestBytes } from "../support/raw-http.ts"
import { filesIn } from "../support/history.ts"
import { useRig } from "../support/rig.ts"

const rig = useRig(() => ({
  top: {
    user_id_mappings: {
      custom_header: "x-memory-user-id",
      header_patterns: [
        { header: "user-agent", pattern: "OpenAIClientImpl/Java", user_id: "pycharm-ai" },
        { header: "user-agent", pattern: "^curl/", user_id: "shell" },
      ],
      default_user_id: "default-dev",
    },
  },
}))
const none = { authorization: [] }

describe("every carrier of the key opens every dialect", () => {
  const carriers: [string, Record<string, string>][] = [
    ["Authorization: Bearer", { authorization: `Bearer ${MASTER}` }],
    ["authorization: bearer", { authorization: `bearer ${MASTER}` }],
    ["x-api-key", { "x-api-key": MASTER }],
    ["api-key", { "api-key": MASTER }],
    ["x-goog-api-key", { "x-goog-api-key": MASTER }],
    ["x-litellm-api-key", { "x-litellm-api-key": MASTER }],
    ["x-litellm-api-key with Bearer", { "x-litellm-api-key": `Bearer ${MASTER}` }],
    ["Authorization: Basic, as n8n and git tools send it", { authorization: `Basic ${btoa(`user:${MASTER}`)}` }],
    ["the key twice", { authorization: `Bearer ${MASTER}`, "x-api-key": MASTER }],
    ["the key beside a stranger's", { authorization: "Bearer sk-ant-oat01-x", "x-api-key": MASTER }],
  ]
  for (const [name, headers] of carriers)
    test(name, async () => {
      for (const lane of lanes) {
        rig.provider.reset()
        const answer = await rig.ask(callBytes(lane, { headers: { ...none, ...headers } }))
        expect([lane.dialect, answer.status]).toEqual([lane.dialect, 200])
        expect(rig.provider.received[0]!.head).not.toContain(MASTER)
        expect(rig.provider.received[0]!.headers[lane.upstreamAuth[0]]).toBe(lane.upstreamAuth[1])
      }
    })

  test("?key= opens Gemini paths and no other", async () => {
    expect(
      (await rig.ask(callBytes(gemini, { headers: none, path: `/v1beta/models/gem:generateContent?key=${MASTER}` })))
        .status,
    ).toBe(200)
    expect((await rig.ask(callBytes(chat, { headers: none, path: `/v1/chat/completions?key=${MASTER}` }))).status).toBe(
      401,
    )
  })

  test("a cookie or an unknown header is no key", async () => {
    const attempts: Record<string, string>[] = [{ cookie: `memproxy_session=${MASTER}` }, { "x-key": MASTER }]
    for (const headers of attempts)
      expect((await rig.ask(callBytes(chat, { headers: { ...none, ...headers } }))).status).toBe(401)
  })
})

describe("path prefixes", () => {
  test("/k /u /p work in any order on every dialect and leave no trace upstream", async () => {
    const [k, u, p] = [`/k/${MASTER}`, "/u/ann%40acme.test", "/p/web%20shop"]
    for (const order of [
      [k, u, p],
      [p, k, u],
      [u, p, k],
      [k, p, u],
    ])
      for (const lane of lanes) {
        rig.provider.reset()
        const answer = await rig.ask(callBytes(lane, { headers: none, path: order.join("") + lane.path(false) }))
        expect([order, lane.dialect, answer.status]).toEqual([order, lane.dialect, 200])
        expect(rig.provider.received[0]!.target).toBe(lane.upstreamPath(false))
        expect(rig.provider.received[0]!.head).not.toContain("ann")
        const row = await rig.proxy.row(answer.headers["x-memproxy-request-id"]!)
        expect(row).toMatchObject({ user_id: "ann@acme.test", project: "web shop", outcome: "done" })
      }
  })

  test("a slash at the end of a base URL, before them or behind them, does no harm", async () => {
    for (const path of ["//v1/chat/completions", "/v1//chat/completions", "//u/ann//p/shop///v1/chat/completions"])
      expect([path, (await rig.ask(callBytes(chat, { path }))).status]).toEqual([path, 200])
    expect((await rig.ask(requestBytes("GET", `//k/${MASTER}//v1/models`))).status).toBe(200)
    expect((await rig.ask(requestBytes("GET", "//api//requests"))).status).toBe(401)
  })

  test("streams, model lists and the info route take them too", async () => {
    const prefix = `/k/${MASTER}/p/shop`
    expect(
      (await rig.ask(callBytes(chat, { stream: true, headers: none, path: `${prefix}/v1/chat/completions` }))).text,
    ).toContain("[DONE]")
    expect((await rig.ask(requestBytes("GET", `${prefix}/v1/models`))).status).toBe(200)
    const info = await rig.ask(requestBytes("GET", `/u/ann${prefix}/memory-routing/info`))
    expect(info.json.routing).toMatchObject({ user_id: "ann", project: "shop", is_default: false })
  })

  test("nowhere else: not on /api, /health or the dashboard", async () => {
    for (const path of ["/api/requests", "/health", "/swagger", "/model/info", "/metrics"]) {
      const answer = await rig.ask(requestBytes("GET", `/k/${MASTER}${path}`))
      expect([path, answer.status]).toEqual([path, 404])
    }
  })

  test("a bad prefix is refused: control characters, over 128 characters, malformed escapes, empty", async () => {
    for (const prefix of ["/u/a%0ab", "/u/a%00", `/u/${"x".repeat(129)}`, "/u/%zz", "/u/", "/p/%ff", "/u/%1b[31m"]) {
      const answer = await rig.ask(callBytes(chat, { path: `${prefix}/v1/chat/completions` }))
      expect([prefix, answer.status >= 400 && answer.status < 500]).toEqual([prefix, true])
    }
    expect((await rig.ask(callBytes(chat, { path: `/u/${"x".repeat(128)}/v1/chat/completions` }))).status).toBe(200)
    expect(rig.provider.received.length).toBe(1)
  })

  test("they are decoded once only", async () => {
    const answer = await rig.ask(callBytes(chat, { path: "/u/a%252fb/v1/chat/completions" }))
    expect((await rig.proxy.row(answer.headers["x-memproxy-request-id"]!)).user_id).toBe("a%2fb")
  })

  test("a wrong key in the path is a 401 that does not repeat it, and no file or log has it", async () => {
    const wrong = "sk-pathc4n4ry-1234567890"
    const answer = await rig.ask(callBytes(chat, { headers: none, path: `/k/${wrong}/v1/chat/completions` }))
    expect(answer.status).toBe(401)
    const query = await rig.ask(
      callBytes(gemini, { headers: none, path: `/v1beta/models/gem:generateContent?key=${wrong}` }),
    )
    expect(query.status).toBe(401)
    await rig.proxy.rows()
    const texts = [answer.text, query.text, rig.proxy.stdout(), rig.proxy.stderr()]
    for (const file of filesIn(rig.proxy.dataDir)) texts.push(await Bun.file(file).text())
    for (const text of texts) for (const secret of [wrong, MASTER]) expect(text.includes(secret)).toBe(false)
  })
})

describe("whose request it is", () => {
  const rules: [string, Record<string, string>, string, string][] = [
    ["nothing known", {}, "/v1/chat/completions", "default-dev"],
    ["a pattern", { "user-agent": "OpenAIClientImpl/Java 4.1.0" }, "/v1/chat/completions", "pycharm-ai"],
    ["the prefix before a pattern", { "user-agent": "curl/8" }, "/u/ann/v1/chat/completions", "ann"],
    [
      "the custom header before all",
      { "x-memory-user-id": "bob", "user-agent": "curl/8" },
      "/u/ann/v1/chat/completions",
      "bob",
    ],
    ["our own spelling", { "x-memproxy-user": "eve" }, "/v1/chat/completions", "eve"],
    [
      "a client alone names no user",
      { "user-agent": "claude-cli/2.1.330 (external, cli)" },
      "/v1/chat/completions",
      "default-dev",
    ],
  ]
  for (const [name, headers, path, user] of rules)
    test(name, async () => {
      const answer = await rig.ask(callBytes(chat, { path, headers }))
      const row = await rig.proxy.row(answer.headers["x-memproxy-request-id"]!)
      expect([row.user_id, decodeURIComponent(answer.headers["x-memproxy-user"]!)]).toEqual([user, user])
    })

  test("client, version, project and session come from headers and body onto the row and into the answer", async () => {
    const claudeBody = {
      ...claude.body(false),
      system: [{ type: "text", text: "You are Claude Code, Anthropic's official CLI for Claude." }],
      metadata: { user_id: JSON.stringify({ device_id: "d", account_uuid: "", session_id: "5e55-1" }) },
    }
    const first = await rig.ask(
      callBytes(claude, {
        body: JSON.stringify(claudeBody),
        headers: {
          "user-agent": "claude-cli/2.1.330 (external, cli)",
          "anthropic-beta": "claude-code-20250219",
          "x-claude-code-session-id": "5e55-1",
        },
      }),
    )
    expect(await rig.proxy.row(first.headers["x-memproxy-request-id"]!)).toMatchObject({
      client: "claude-code",
      client_version: "2.1.330",
      session_id: "5e55-1",
    })
    const codex = {
      "user-agent": "codex_exec/0.169.0 (Debian 12.0.0; x86_64) dumb (codex_exec; 0.169.0)",
      originator: "codex_exec",
      "session-id": "c0dex-1",
    }
    const second = await rig.ask(callBytes(responses, { headers: codex }))
    expect(await rig.proxy.row(second.headers["x-memproxy-request-id"]!)).toMatchObject({
      client: "codex",
      client_version: "0.169.0",
      session_id: "c0dex-1",
    })
    const third = await rig.ask(
      callBytes(chat, { headers: { "x-memory-project": "shop", "x-memory-session": "mine" } }),
    )
    expect(await rig.proxy.row(third.headers["x-memproxy-request-id"]!)).toMatchObject({
      project: "shop",
      session_id: "mine",
    })
  })

  test("the next turn of a conversation without an id stays in its session", async () => {
    const turns = [{ role: "user", content: "first question" }]
    const one = await rig.ask(callBytes(chat, { body: JSON.stringify({ model: "chat", messages: turns }) }))
    turns.push({ role: "assistant", content: "an answer" }, { role: "user", content: "second question" })
    const two = await rig.ask(callBytes(chat, { body: JSON.stringify({ model: "chat", messages: turns }) }))
    const other = await rig.ask(
      callBytes(chat, {
        body: JSON.stringify({ model: "chat", messages: [{ role: "user", content: "something else" }] }),
      }),
    )
    const [a, b, c] = [one, two, other].map((answer) => answer.headers["x-memproxy-session"])
    expect(a).toBeString()
    expect(b).toBe(a!)
    expect(c).not.toBe(a!)
  })

  test("the info route explains itself without a key, shows no secret, and needs one for memory", async () => {
    const answer = await rig.ask(
      requestBytes("GET", "/memory-routing/info", {
        "user-agent": "curl/8.5.0",
        authorization: "Bearer sk-infoc4n4ry",
        cookie: "a=c4n4ry",
      }),
    )
    expect(answer.status).toBe(200)
    expect(answer.json.routing).toMatchObject({
      user_id: "shell",
      client: "curl",
      client_version: "8.5.0",
      custom_header_present: false,
      is_default: false,
      matched_pattern: { header: "user-agent", value: "curl/8.5.0", pattern: "^curl/", user_id: "shell" },
    })
    expect(answer.json.routing.rule).toBeString()
    expect(answer.json.memory).toBeNull()
    expect(answer.json.request_headers["user-agent"]).toBe("curl/8.5.0")
    expect(answer.text).not.toContain("c4n4ry")
  })
})

describe("model lists", () => {
  const key = { authorization: `Bearer ${MASTER}` }
  test("OpenAI's shape is the default", async () => {
    for (const path of ["/v1/models", "/models"]) {
      const { json } = await rig.ask(requestBytes("GET", path, key))
      expect(json.object).toBe("list")
      expect(json.data.map((one: { id: string }) => one.id)).toContain("claude")
      expect(json.data[0]).toMatchObject({ object: "model", created: expect.any(Number), owned_by: expect.any(String) })
    }
    expect((await rig.ask(requestBytes("GET", "/v1/models/claude", key))).json).toMatchObject({
      id: "claude",
      object: "model",
    })
    const missing = await rig.ask(requestBytes("GET", "/v1/models/nope", key))
    expect(missing.status).toBe(404)
    chat.readError(missing.json)
  })

  test("Anthropic's shape where anthropic-version is sent", async () => {
    const { json } = await rig.ask(
      requestBytes("GET", "/v1/models?limit=1000", { ...key, "anthropic-version": "2023-06-01" }),
    )
    expect(json).toMatchObject({ has_more: false, first_id: expect.any(String), last_id: expect.any(String) })
    expect(json.data[0]).toMatchObject({
      type: "model",
      id: expect.any(String),
      display_name: expect.any(String),
      created_at: expect.stringMatching(/^\d{4}-/),
    })
  })

  test("Google's shape on /v1beta and where x-goog-api-key is sent", async () => {
    for (const bytes of [
      requestBytes("GET", "/v1beta/models", key),
      requestBytes("GET", "/v1/models", { "x-goog-api-key": MASTER }),
      requestBytes("GET", `/v1beta/models?key=${MASTER}&pageSize=50`),
    ]) {
      const { json } = await rig.ask(bytes)
      expect(json.models.map((one: { name: string }) => one.name)).toContain("models/gem")
      expect(json.models[0]).toMatchObject({
        displayName: expect.any(String),
        supportedGenerationMethods: expect.any(Array),
      })
    }
  })

  test("they need the key and make no row", async () => {
    const before = (await rig.proxy.rows()).length
    expect((await rig.ask(requestBytes("GET", "/v1/models"))).status).toBe(401)
    expect((await rig.ask(requestBytes("GET", "/v1/models", key))).status).toBe(200)
    expect((await rig.proxy.rows()).length).toBe(before)
  })
})
