import { describe, expect, test } from "bun:test"
import * as fc from "fast-check"
import { HeadTooLong, RequestParser } from "../../src/http/request-parser.ts"
import { Malformed } from "../../src/wire/message.ts"

/** All requests in `wire`, fed in the pieces that `cuts` make of it. */
function parseAll(wire: string, cuts: number[] = [], parser = new RequestParser()) {
  const bytes = Buffer.from(wire, "latin1")
  const edges = [0, ...cuts.filter((cut) => cut > 0 && cut < bytes.length).toSorted((a, b) => a - b), bytes.length]
  const requests: { method: string; target: string; body: string; headers: Record<string, string> }[] = []
  let open: (typeof requests)[number] | null = null
  for (let i = 1; i < edges.length; i++) {
    let packet: Buffer = Buffer.from(bytes.subarray(edges[i - 1], edges[i]))
    while (packet.length > 0) {
      let from = 0
      if (open === null) {
        if (!parser.readHead(packet)) break
        const { method, target, headers } = parser.head
        const record: Record<string, string> = {}
        headers.forEach((value, name) => (record[name] = value))
        open = { method, target, body: "", headers: record }
        packet = parser.rest!
        from = parser.end
      }
      const bytes = Buffer.from(parser.readBody(packet, from))
      open.body += bytes.toString("latin1", parser.bodyFrom, parser.bodyTo)
      packet = packet.subarray(parser.end)
      if (!parser.isWhole) break
      requests.push(open)
      open = null
    }
  }
  return requests
}

const head = (length: number, more = "") =>
  `POST /v1/messages?beta=true HTTP/1.1\r\nHost: localhost\r\nContent-Length: ${length}\r\nX-Twice: a\r\nx-twice:  b \r\n${more}\r\n`
const chunked =
  "POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n3;x=y\r\nabc\r\n00A\r\n0123456789\r\n0\r\nX-Trailer: t\r\n\r\n"
const wire = `\r\n${head(5)}hello${chunked}GET / HTTP/1.1\r\nHost: localhost\r\n\r\n${head(11)}hello again${head(0)}`

describe("requests sent one behind the other", () => {
  test("read the same whole, cut at every byte, and one byte at a time", () => {
    const expected = parseAll(wire)
    expect(expected.map(({ method, target, body }) => [method, target, body])).toEqual([
      ["POST", "/v1/messages?beta=true", "hello"],
      ["POST", "/v1/chat/completions", "abc0123456789"],
      ["GET", "/", ""],
      ["POST", "/v1/messages?beta=true", "hello again"],
      ["POST", "/v1/messages?beta=true", ""],
    ])
    expect(expected[0]!.headers).toEqual({ host: "localhost", "content-length": "5", "x-twice": "a, b" })
    for (let cut = 1; cut < wire.length; cut++) expect([cut, parseAll(wire, [cut])]).toEqual([cut, expected])
    expect(
      parseAll(
        wire,
        Array.from(wire, (_, i) => i),
      ),
    ).toEqual(expected)
  })

  test("in random packets give the bodies back", () => {
    fc.assert(
      fc.property(
        fc.array(fc.string({ maxLength: 60, unit: "binary-ascii" }), { minLength: 1, maxLength: 8 }),
        fc.array(fc.nat(900), { maxLength: 30 }),
        (bodies, cuts) => {
          const all = bodies.map((body) => head(body.length) + body).join("")
          expect(parseAll(all, cuts).map(({ body }) => body)).toEqual(bodies)
        },
      ),
    )
  })
})

test("a head like one that came lately, on any connection, but for its length is the same head; any other is read anew", () => {
  const parser = new RequestParser()
  const headOf = (text: string) => {
    parseAll(text, [], parser)
    return parser.head
  }
  const first = headOf(`${head(5)}hello`)
  expect(headOf(`${head(11)}hello again`)).toBe(first)
  const another = new RequestParser()
  parseAll(`${head(3)}hey`, [], another)
  expect([another.head === first, another.length]).toEqual([true, 3])
  const other = headOf(`${head(5, "Authorization: Bearer other\r\n")}hello`)
  expect([other === first, other.headers.get("authorization"), first.headers.get("authorization")]).toEqual([
    false,
    "Bearer other",
    null,
  ])
  expect(() => headOf(head(5).replace(": 5", ": 5 5"))).toThrow(Malformed)
  expect(() => headOf(head(5).replace(": 5", ": 5\r\nTransfer-Encoding: chunked"))).toThrow(Malformed)
})

test("a path is resolved as a URL is, before anybody looks at it", () => {
  const targetOf = (target: string) => parseAll(`GET ${target} HTTP/1.1\r\nHost: localhost\r\n\r\n`)[0]!.target
  expect(targetOf("/anthropic/v1/../../api/requests?a=../b")).toBe("/api/requests?a=../b")
  expect(targetOf("/anthropic/%2e%2E/api")).toBe("/api")
  expect(targetOf("/a\\..\\b")).toBe("/b")
  expect(targetOf("/p/gr\xc3\xb6\xc3\x9fe/v1")).toBe("/p/gr%C3%B6%C3%9Fe/v1")
  expect(targetOf("//evil.test/x")).toBe("//evil.test/x")
  expect(targetOf("/v1/models/a%2Fb:generateContent?key=%7B")).toBe("/v1/models/a%2Fb:generateContent?key=%7B")
})

test("a target may be a URL, as for a proxy: its host counts and the Host header's does not", () => {
  const asked = (method: string, target: string) => {
    const [request] = parseAll(`${method} ${target} HTTP/1.1\r\nHost: ignored.test\r\n\r\n`)
    return [request!.target, request!.headers["host"]]
  }
  expect(asked("POST", "http://localhost:8764/v1/messages?beta=true")).toEqual([
    "/v1/messages?beta=true",
    "localhost:8764",
  ])
  expect(asked("GET", "HTTP://localhost")).toEqual(["/", "localhost"])
  expect(asked("GET", "http://localhost?x=/")).toEqual(["/?x=/", "localhost"])
  expect(asked("GET", "https://[::1]:8764/a/../b")).toEqual(["/b", "[::1]:8764"])
  expect(asked("GET", "http://user:word@localhost/")).toEqual(["/", "user:word@localhost"])
  expect(asked("CONNECT", "evil.test:443")).toEqual(["/", "evil.test:443"])
  expect(asked("OPTIONS", "*")).toEqual(["/", "ignored.test"])
})

describe("what two readers could take for two things is refused", () => {
  const line = "POST /v1/messages HTTP/1.1\r\n"
  const cases: Record<string, string> = {
    "no version": "GET /\r\n\r\n",
    "another version": "GET / HTTP/2.0\r\n\r\n",
    "a target that is no path": "GET evil.test HTTP/1.1\r\nHost: localhost\r\n\r\n",
    "a URL of another kind": "GET ftp://evil.test/ HTTP/1.1\r\nHost: localhost\r\n\r\n",
    "all of a server but its options": "GET * HTTP/1.1\r\nHost: localhost\r\n\r\n",
    "a tunnel to a URL": "CONNECT http://evil.test/ HTTP/1.1\r\nHost: localhost\r\n\r\n",
    "lines that end in LF alone": "GET / HTTP/1.1\nHost: localhost\n\n",
    "a target with a space": "GET /a b HTTP/1.1\r\nHost: localhost\r\n\r\n",
    "a TLS handshake": "\x16\x03\x01\x02\0\x01",
    "two hosts": `${line}Host: a\r\nHost: a\r\n\r\n`,
    "two equal lengths": `${line}Content-Length: 3\r\nContent-Length: 3\r\n\r\nabc`,
    "a list of lengths": `${line}Content-Length: 3, 3\r\n\r\nabc`,
    "a length in hex": `${line}Content-Length: 0x3\r\n\r\nabc`,
    "length and chunks": `${line}Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
    "chunks in HTTP/1.0": "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "another coding": `${line}Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n`,
    "a folded line": `${line}X-Fold: a\r\n b\r\n\r\n`,
    "a space before the colon": `${line}Host : localhost\r\n\r\n`,
    "a bare line feed": `${line}Host: localhost\nX: y\r\n\r\n`,
    "a bare carriage return": `${line}Host: local\rhost\r\n\r\n`,
    "a NUL": `${line}Host: local\0host\r\n\r\n`,
    "a chunk longer than its size": `${line}Transfer-Encoding: chunked\r\n\r\n2\r\nabc\r\n0\r\n\r\n`,
  }
  for (const [name, text] of Object.entries(cases))
    test(name, () => {
      expect(() => parseAll(text)).toThrow(Malformed)
      expect(() =>
        parseAll(
          text,
          Array.from(text, (_, i) => i),
        ),
      ).toThrow(Malformed)
    })

  test("a head that does not end; one of 60 KB is read", () => {
    const long = "x".repeat(60_000)
    expect(parseAll(`GET / HTTP/1.1\r\nX: ${long}\r\n\r\n`)[0]!.headers["x"]).toBe(long)
    expect(() => parseAll(`GET / HTTP/1.1\r\nX: ${"x".repeat(70_000)}`)).toThrow(HeadTooLong)
  })
})
