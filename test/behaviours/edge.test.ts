/** The first thing a stranger meets: Host, Origin, malformed HTTP, probes. */
import { describe, expect, test } from "bun:test"
import { callBytes, chat, jsonHeaders, lanes } from "../support/lanes.ts"
import { MASTER } from "../support/memproxy.ts"
import { openRaw, requestBytes } from "../support/raw-http.ts"
import { useRig } from "../support/rig.ts"

const rig = useRig(() => ({ memproxy: { allowed_hosts: ["proxy.internal"], allowed_origins: ["app://obsidian.md"] } }))
const auth = { authorization: `Bearer ${MASTER}` }
const ROUTES = ["/health", "/v1/models", "/memory-routing/info", "/api/requests", "/swagger", "/", "/nope"]

describe("Host", () => {
  test("names of this machine and configured ones are served on every route", async () => {
    for (const host of [
      "127.0.0.1",
      "localhost",
      "[::1]",
      `127.0.0.1:${rig.proxy.port}`,
      `LOCALHOST:${rig.proxy.port}`,
      "proxy.internal",
      "proxy.internal:80",
    ])
      for (const path of ["/health", "/v1/models"]) {
        const answer = await rig.ask(requestBytes("GET", path, { host, ...auth }))
        expect([host, path, answer.status]).toEqual([host, path, 200])
      }
  })

  test("any other name is a 421 on every route, keys or not", async () => {
    const foreign = [
      "evil.test",
      "127.0.0.1.evil.test",
      "localhost.evil.test",
      "localhost:1:2",
      "0x7f.1",
      "2130706433",
      "169.254.169.254",
      "[::ffff:127.0.0.1]",
      "proxy.internal.evil.test",
      "10.0.0.1",
    ]
    for (const host of foreign)
      for (const path of ROUTES) {
        const answer = await rig.ask(requestBytes("GET", path, { host, ...auth }))
        expect([host, path, answer.status]).toEqual([host, path, 421])
      }
    for (const lane of lanes)
      expect((await rig.ask(callBytes(lane, { headers: { host: "evil.test" } }))).status).toBe(421)
    expect(rig.provider.received.length).toBe(0)
  })

  test("a Host that would break the URL is refused, never a 500 and never someone else's route", async () => {
    for (const host of [
      `localhost:${rig.proxy.port}/#@evil`,
      "localhost/api/requests?",
      "a@localhost",
      "local host",
      "[::1",
      "",
      "localhost:99999999",
      "localhost\t",
      "%6cocalhost",
    ]) {
      const raw = await openRaw(rig.proxy.port)
      raw.send(`GET /health HTTP/1.1\r\nHost: ${host}\r\nAuthorization: Bearer ${MASTER}\r\n\r\n`)
      const answer = await raw.answer()
      raw.close()
      if (host.trim() === "localhost") continue
      expect([host, answer.status >= 400 && answer.status < 500]).toEqual([host, true])
    }
  })

  test("a URL in the request line, as for a proxy, is served by its own host", async () => {
    const get = (target: string) => rig.ask(requestBytes("GET", target, { host: "ignored.test", ...auth }))
    expect((await get(`http://127.0.0.1:${rig.proxy.port}/v1/models`)).json.object).toBe("list")
    expect((await get("http://evil.test/v1/models")).status).toBe(421)
    const tunnel = requestBytes("CONNECT", "evil.test:443", { host: "localhost" })
    expect((await rig.ask(tunnel)).status).toBe(421)
  })

  test("no Host, two Hosts and an absolute request line reach no data", async () => {
    const heads = [
      "GET /api/requests HTTP/1.1\r\n",
      `GET /api/requests HTTP/1.1\r\nHost: localhost\r\nHost: evil.test\r\n`,
      `GET /api/requests HTTP/1.1\r\nHost: evil.test\r\nHost: localhost\r\n`,
      "GET http://evil.test/api/requests HTTP/1.1\r\nHost: evil.test\r\n",
    ]
    for (const head of heads) {
      const raw = await openRaw(rig.proxy.port)
      raw.send(`${head}Authorization: Bearer ${MASTER}\r\n\r\n`)
      const answer = await raw.answer()
      raw.close()
      expect([head, answer.status >= 400 && answer.status < 500]).toEqual([head, true])
    }
  })
})

describe("Origin", () => {
  const foreign = [
    "https://evil.test",
    "null",
    "http://localhost.evil.test",
    "http://127.0.0.1:1",
    "app://evil",
    "file://",
  ]

  test("a foreign page is a 403 on every route, and no answer carries CORS headers for it", async () => {
    for (const origin of foreign) {
      for (const path of ROUTES) {
        const answer = await rig.ask(requestBytes("GET", path, { ...auth, origin }))
        expect([origin, path, answer.status]).toEqual([origin, path, 403])
        expect(Object.keys(answer.headers).filter((name) => name.startsWith("access-control-"))).toEqual([])
      }
      for (const type of ["text/plain", "application/x-www-form-urlencoded", "application/json"]) {
        const answer = await rig.ask(callBytes(chat, { headers: { origin, "content-type": type } }))
        expect([origin, type, answer.status]).toEqual([origin, type, 403])
      }
    }
    expect(rig.provider.received.length).toBe(0)
  })

  test("a page's requests without an Origin are told by Sec-Fetch-Site", async () => {
    const answer = await rig.ask(
      requestBytes("GET", "/api/requests", { ...auth, "sec-fetch-site": "cross-site", "sec-fetch-mode": "no-cors" }),
    )
    expect(answer.status).toBe(403)
  })

  test("an allowed origin calls the model routes with exact CORS, and nothing else", async () => {
    const origin = "app://obsidian.md"
    const preflight = await rig.ask(
      requestBytes("OPTIONS", "/v1/chat/completions", {
        origin,
        "access-control-request-method": "POST",
        "access-control-request-headers": "authorization,content-type,x-stainless-lang",
      }),
    )
    expect(preflight.status).toBe(204)
    expect(preflight.headers["access-control-allow-origin"]).toBe(origin)
    expect(preflight.headers["access-control-allow-headers"]).toContain("authorization")
    expect(preflight.headers["access-control-allow-credentials"]).toBeUndefined()
    for (const stream of [false, true]) {
      const answer = await rig.ask(callBytes(chat, { stream, headers: { origin } }))
      expect([answer.status, answer.headers["access-control-allow-origin"]]).toEqual([200, origin])
    }
    const refused = await rig.ask(callBytes(chat, { headers: { origin, authorization: "Bearer wrong" } }))
    expect([refused.status, refused.headers["access-control-allow-origin"]]).toEqual([401, origin])
    expect(
      (await rig.ask(requestBytes("GET", "/v1/models", { ...auth, origin }))).headers["access-control-allow-origin"],
    ).toBe(origin)
    expect((await rig.ask(requestBytes("GET", "/api/requests", { ...auth, origin }))).status).toBe(403)
  })

  test("the same origin is served; a preflight from elsewhere gets no permission", async () => {
    const own = `http://127.0.0.1:${rig.proxy.port}`
    const answer = await rig.ask(
      requestBytes("GET", "/v1/models", { ...auth, host: `127.0.0.1:${rig.proxy.port}`, origin: own }),
    )
    expect(answer.status).toBe(200)
    const preflight = await rig.ask(
      requestBytes("OPTIONS", "/v1/chat/completions", {
        origin: "https://evil.test",
        "access-control-request-method": "POST",
      }),
    )
    expect(preflight.headers["access-control-allow-origin"]).toBeUndefined()
    expect(preflight.status).toBeGreaterThanOrEqual(400)
  })
})

describe("malformed HTTP", () => {
  const body = JSON.stringify(chat.body(false))
  const start = `POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer ${MASTER}\r\nContent-Type: application/json\r\n`
  const second = `GET /api/requests HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer ${MASTER}\r\n\r\n`
  const cases: [string, string][] = [
    [
      "Content-Length and Transfer-Encoding",
      `${start}Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n${second}`,
    ],
    ["two Content-Lengths that differ", `${start}Content-Length: ${body.length}\r\nContent-Length: 5\r\n\r\n${body}`],
    ["Transfer-Encoding: chunked, identity", `${start}Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n${second}`],
    ["Transfer-Encoding: xchunked", `${start}Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n${second}`],
    ["a space before the colon", `${start}Content-Length : ${body.length}\r\n\r\n${body}`],
    ["a folded header", `${start}X-Fold: a\r\n b\r\nContent-Length: ${body.length}\r\n\r\n${body}`],
    ["a negative Content-Length", `${start}Content-Length: -5\r\n\r\n${body}`],
    ["a bad chunk size", `${start}Transfer-Encoding: chunked\r\n\r\nZZ\r\n${body}\r\n0\r\n\r\n`],
    ["bare line feeds", start.replaceAll("\r\n", "\n") + `Content-Length: ${body.length}\n\n${body}`],
    ["a header of 100 KB", `${start}X-Long: ${"x".repeat(100_000)}\r\nContent-Length: ${body.length}\r\n\r\n${body}`],
    ["a NUL in a header", `${start}X-Nul: a\0b\r\nContent-Length: ${body.length}\r\n\r\n${body}`],
    ["a Content-Length with a plus", `${start}Content-Length: +${body.length}\r\n\r\n${body}`],
  ]
  for (const [name, bytes] of cases)
    test(`${name} is refused and smuggles nothing`, async () => {
      const raw = await openRaw(rig.proxy.port)
      raw.send(bytes)
      const answer = await raw.answer().catch(() => null)
      if (answer) expect([answer.status, answer.status >= 400]).toEqual([answer.status, true])
      expect(raw.bytes().toString()).not.toContain('"next_cursor"')
      raw.close()
      expect(rig.provider.received.length).toBe(0)
      expect((await rig.ask(callBytes(chat))).status).toBe(200)
    })

  test("pipelined requests are answered in order, 100-continue is honoured", async () => {
    const raw = await openRaw(rig.proxy.port)
    raw.send(Buffer.concat([requestBytes("GET", "/health"), requestBytes("GET", "/v1/models", auth), callBytes(chat)]))
    expect((await raw.answer()).json.status).toBe("healthy")
    expect((await raw.answer()).json.object).toBe("list")
    expect((await raw.answer()).json.object).toBe("chat.completion")
    raw.send(`${start}Expect: 100-continue\r\nContent-Length: ${body.length}\r\n\r\n`)
    await raw.until(1).catch(() => null)
    raw.send(body)
    expect((await raw.answer()).status).toBe(200)
    raw.close()
  })
})

describe("probes", () => {
  test("HEAD / and HEAD /api/hello answer without a key and without a body, as Claude Code asks", async () => {
    for (const path of ["/", "/api/hello", "/p/shop/", "/p/shop/api/hello"]) {
      const answer = await rig.ask(requestBytes("HEAD", path, { "user-agent": "Bun/1.4.4" }))
      expect([path, answer.status, answer.body.length]).toEqual([path, 200, 0])
    }
  })

  test("HEAD of a route names no length but the one that GET has", async () => {
    for (const path of ["/health", "/v1/models", "/v1/models/none", "/"]) {
      const [head, get] = await Promise.all(
        ["HEAD", "GET"].map((method) => rig.ask(requestBytes(method, path, { ...auth }))),
      )
      expect([path, head!.status]).toEqual([path, get!.status])
      expect([undefined, get!.headers["content-length"]]).toContain(head!.headers["content-length"])
    }
  })

  test("health routes need no key", async () => {
    const health = await rig.ask(requestBytes("GET", "/health"))
    expect([health.status, health.json.status]).toEqual([200, "healthy"])
    for (const path of ["/health/liveliness", "/health/readiness"])
      expect((await rig.ask(requestBytes("GET", path))).status).toBe(200)
  })

  test("odd methods never crash and never reach a provider", async () => {
    for (const method of ["TRACE", "CONNECT", "PUT", "PROPFIND", "OPTIONS", "BREW", "get"])
      for (const path of ["/v1/chat/completions", "/", "/api/requests"]) {
        const answer = await rig.ask(requestBytes(method, path, { ...jsonHeaders, ...auth })).catch(() => null)
        if (answer)
          expect([method, path, answer.status < 500, answer.status >= 400]).toEqual([method, path, true, true])
      }
    for (const method of ["TRACE", "CONNECT", "BREW"])
      expect((await rig.ask(requestBytes(method, "/openai/v1/files", auth))).status).toBe(405)
    expect(rig.provider.received.length).toBe(0)
  })

  test("a path that cannot be decoded is refused on every route", async () => {
    for (const path of [
      "/api/memories/%zz",
      "/api/requests/%ff",
      "/api/requests/%E0%A4%A",
      "/v1/models/%",
      "/nope/%zz",
    ])
      for (const method of ["GET", "DELETE"]) {
        const answer = await rig.ask(requestBytes(method, path, auth))
        expect([path, method, answer.status, answer.json.error.code]).toEqual([path, method, 400, "invalid_path"])
      }
  })

  test("another method than a route's is told which ones there are", async () => {
    for (const [method, path, allow] of [
      ["GET", "/v1/chat/completions", "POST"],
      ["POST", "/v1/models", "GET"],
      ["PUT", "/health", "GET"],
      ["PUT", "/api/memories", "GET, POST, DELETE"],
      ["POST", "/api/memories/some-id", "GET, PATCH, DELETE"],
    ] as const) {
      const answer = await rig.ask(requestBytes(method, path, { ...jsonHeaders, ...auth }))
      expect([method, path, answer.status, answer.headers["allow"]]).toEqual([method, path, 405, allow])
    }
    for (const [method, path] of [
      ["GET", "/nope"],
      ["POST", "/v1beta/models/gem:nope"],
    ] as const)
      expect((await rig.ask(requestBytes(method, path, { ...jsonHeaders, ...auth }))).status).toBe(404)
  })
})
