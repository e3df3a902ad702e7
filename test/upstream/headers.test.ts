import { describe, expect, test } from "bun:test"
import { type Dialect, Secret } from "../../src/exchange.ts"
import { answerHeaders, routerHeaders } from "../../src/upstream/answer-headers.ts"
import { HeaderList } from "../../src/upstream/answer.ts"
import { type HeaderOptions, outgoingHeaders } from "../../src/upstream/headers.ts"
import { deployment } from "../support/deployment.ts"

const none: HeaderOptions = {
  forwardClientHeaders: false,
  forwardProviderAuth: false,
  forwardTraceparent: false,
  forwardOrganization: false,
  withheld: new Set(),
  isOwnKey: () => false,
  subscription: null,
  router: null,
  cookie: null,
}

/** Everything a client should never get through to a provider; each value holds the word canary. */
const hostile: Record<string, string> = Object.fromEntries(
  "authorization x-api-key api-key x-goog-api-key x-litellm-api-key ocp-apim-subscription-key cookie proxy-authorization host connection keep-alive te trailer transfer-encoding upgrade content-length content-encoding accept-encoding expect x-forwarded-for x-forwarded-host x-real-ip forwarded via origin referer sec-fetch-mode x-memproxy-user x-memory-user-id x-memory-project x-litellm-tags x-sm-user-id x-supermemory-api-key x-goog-iam-authorization-token x-auth-token traceparent openai-organization x-custom x-pass-authorization x-pass-cookie x-pass-host x-pass-x-api-key x-pass-x-sm-user-id x-pass-connection"
    .split(" ")
    .map((name) => [name, "canary"]),
)
const dialects: Dialect[] = ["openai-chat", "openai-responses", "anthropic", "gemini"]

function sent(
  client: Record<string, string>,
  options: Partial<HeaderOptions> = {},
  more: Parameters<typeof deployment>[0] = {},
  dialect: Dialect = "openai-chat",
) {
  return Object.fromEntries(
    outgoingHeaders(deployment(more), { dialect, operation: "generate" }, new Headers(client), { ...none, ...options }),
  )
}

describe("from the client", () => {
  for (const dialect of dialects) {
    test(`${dialect}: no key, cookie, hop's header or header of ours goes out, whatever is switched on`, () => {
      const plain = sent(hostile, {}, {}, dialect)
      expect(JSON.stringify(plain)).not.toContain("canary")
      const {
        ["x-custom"]: custom,
        ["openai-organization"]: organization,
        traceparent,
        ...rest
      } = sent(
        hostile,
        {
          forwardClientHeaders: true,
          forwardTraceparent: true,
          forwardOrganization: true,
          forwardProviderAuth: true,
          isOwnKey: (text) => text === "canary",
        },
        {},
        dialect,
      )
      expect([custom, traceparent]).toEqual(["canary", "canary"])
      expect(organization).toBe(dialect.startsWith("openai") ? "canary" : undefined)
      expect(JSON.stringify(rest)).not.toContain("canary")
    })
  }

  test("what providers and their SDKs say to each other goes through", () => {
    const claude = {
      "anthropic-beta": "a,b",
      "anthropic-version": "2026-10-21",
      "x-app": "cli",
      "x-claude-code-session-id": "s",
      "user-agent": "claude-cli/2",
      "x-stainless-os": "Linux",
      "anthropic-dangerous-direct-browser-access": "true",
    }
    expect(sent(claude, {}, { provider: "anthropic", auth: "x-api-key" }, "anthropic")).toEqual({
      ...claude,
      "content-type": "application/json",
      "x-api-key": "sk-provider",
    })
    const codex = {
      originator: "codex_exec",
      "session-id": "s",
      "thread-id": "t",
      "x-codex-window-id": "w",
      "x-client-request-id": "r",
      "openai-beta": "x",
      version: "0.1",
      "content-type": "application/json",
      accept: "text/event-stream",
    }
    expect(sent(codex, {}, {}, "openai-responses")).toEqual({ ...codex, authorization: "Bearer sk-provider" })
    const gemini = { "x-goog-api-client": "g", "user-agent": "GeminiCLI", "content-type": "application/json" }
    expect(sent(gemini, {}, { auth: "x-goog-api-key" }, "gemini")).toEqual({
      ...gemini,
      "x-goog-api-key": "sk-provider",
    })
  })

  test("another dialect's own headers stay behind", () => {
    expect(
      sent({ "anthropic-beta": "a", "x-claude-code-session-id": "s", "openai-beta": "b" }, {}, {}, "gemini"),
    ).toEqual({ "content-type": "application/json", authorization: "Bearer sk-provider" })
  })

  test("Anthropic gets a version when the client sent none", () => {
    expect(sent({}, {}, {}, "anthropic")["anthropic-version"]).toBe("2023-06-01")
    expect(sent({ "anthropic-version": "2026-10-21" }, {}, {}, "anthropic")["anthropic-version"]).toBe("2026-10-21")
  })

  test("x-pass-foo goes as foo, but neither over a header the client sent nor over the key", () => {
    const out = sent({ "x-pass-foo": "1", "x-pass-user-agent": "2", "user-agent": "3", "x-pass-": "4" })
    expect(out).toEqual({
      "user-agent": "3",
      foo: "1",
      "content-type": "application/json",
      authorization: "Bearer sk-provider",
    })
  })

  test("names that mean something to us by configuration stay here", () => {
    const withheld = new Set(["x-team", "x-session-id"])
    expect(
      sent(
        { "x-team": "a", "x-session-id": "b", "x-pass-x-team": "c", "x-other": "d" },
        { withheld, forwardClientHeaders: true },
      ),
    ).toEqual({ "x-other": "d", "content-type": "application/json", authorization: "Bearer sk-provider" })
  })
})

describe("keys", () => {
  test("the deployment's key goes in the header its provider wants, or not at all", () => {
    for (const auth of ["x-api-key", "x-goog-api-key", "api-key"] as const)
      expect(sent({}, {}, { auth })[auth]).toBe("sk-provider")
    expect(sent({}, {}, { auth: "none" })).toEqual({ "content-type": "application/json" })
    expect(sent({}, {}, { key: null })).toEqual({ "content-type": "application/json" })
  })

  test("a client's own provider key replaces the deployment's where the file allows it", () => {
    const out = sent({ "x-api-key": "sk-client" }, { forwardProviderAuth: true }, { auth: "x-api-key" }, "anthropic")
    expect(out["x-api-key"]).toBe("sk-client")
    expect(sent({ "x-api-key": "sk-client" }, {}, { auth: "x-api-key" }, "anthropic")["x-api-key"]).toBe("sk-provider")
  })

  test("a subscription's token goes to Anthropic alone, and only where no key is configured", () => {
    const subscription = new Secret("sk-ant-oat01-x")
    const to = (more: Parameters<typeof deployment>[0]) => JSON.stringify(sent({}, { subscription }, more, "anthropic"))
    expect(to({ provider: "anthropic", auth: "x-api-key", key: null })).toContain("Bearer sk-ant-oat01-x")
    expect(to({ provider: "anthropic", auth: "x-api-key" })).not.toContain("oat01")
    expect(to({ provider: "ollama", key: null })).not.toContain("oat01")
  })
})

describe("from the file", () => {
  test("extra_headers win over the client's and over the key, framing excepted", () => {
    const out = sent(
      { "user-agent": "client" },
      {},
      {
        headers: { "User-Agent": "file", Authorization: "Basic x", Host: "evil", "Content-Length": "1", "X-New": "n" },
      },
    )
    expect(out).toEqual({
      "content-type": "application/json",
      "user-agent": "file",
      authorization: "Basic x",
      "x-new": "n",
    })
  })

  test("Supermemory's headers and cookies go to its router and nowhere else", () => {
    const router = { key: new Secret("sm-key"), userId: "Jürgen 1", conversationId: "c-1" }
    const headers = { "x-supermemory-api-key": "sm-old", "x-sm-user-id": "everyone" }
    const out = sent({}, { router, cookie: "cf=1" }, { router: true, headers })
    expect(out).toMatchObject({
      "x-supermemory-api-key": "sm-key",
      "x-sm-user-id": "J%C3%BCrgen%201",
      "x-sm-conversation-id": "c-1",
      cookie: "cf=1",
    })
    expect(
      sent({}, { router: { ...router, key: null, conversationId: null } }, { router: true, headers }),
    ).toMatchObject({ "x-supermemory-api-key": "sm-old", "x-sm-user-id": "J%C3%BCrgen%201" })
    expect(sent({}, { router, cookie: "cf=1" }, { headers })).toEqual({
      "content-type": "application/json",
      authorization: "Bearer sk-provider",
    })
  })
})

describe("back to the client", () => {
  const headers = new HeaderList(
    Object.entries({
      "content-type": "text/event-stream",
      "request-id": "req_1",
      "anthropic-ratelimit-requests-remaining": "9",
      "x-ratelimit-reset": "1s",
      "retry-after": "3",
      "retry-after-ms": "2500",
      "x-should-retry": "true",
      "openai-processing-ms": "12",
      "cf-ray": "r",
      "x-supermemory-chunks-retrieved": "4",
      "transfer-encoding": "chunked",
      "content-length": "5",
      connection: "keep-alive, X-Hop",
      "x-hop": "1",
      "set-cookie": "a=b",
      "alt-svc": "h3",
      server: "cloudflare",
      "strict-transport-security": "max-age=1",
      "access-control-allow-origin": "*",
      "x-litellm-model-id": "other",
      "x-memproxy-user": "other",
    }).flat(),
  )
  test("what says something about the answer passes, what says something about the hop or the host does not", () => {
    expect(answerHeaders(headers).map(([name]) => name)).toEqual(
      headers.flat.filter((_, i) => i % 2 === 0).slice(0, 10),
    )
  })
  test("the router's own are picked out for the ledger", () => {
    expect(routerHeaders(headers)).toEqual({ "x-supermemory-chunks-retrieved": "4" })
    expect(routerHeaders(new HeaderList([]))).toBeNull()
  })
})
