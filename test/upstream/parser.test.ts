import { describe, expect, test } from "bun:test"
import * as fc from "fast-check"
import { AnswerParser } from "../../src/upstream/parser.ts"
import { KnownLines, Malformed } from "../../src/wire/message.ts"

/** Feeds `wire` in the pieces that `cuts` make of it, then closes. */
function parse(wire: string, cuts: number[] = [], bodyless = false) {
  const parser = new AnswerParser(bodyless)
  const bytes = Buffer.from(wire, "latin1")
  const edges = [0, ...cuts.filter((cut) => cut > 0 && cut < bytes.length).toSorted((a, b) => a - b), bytes.length]
  let body = ""
  for (let i = 1; i < edges.length; i++) {
    if (edges[i - 1] === edges[i]) continue
    body += Buffer.from(parser.push(Buffer.from(bytes.subarray(edges[i - 1], edges[i])))).toString("latin1")
  }
  return {
    status: parser.status,
    headers: parser.headers?.flat,
    body,
    whole: parser.finish(),
    keepAlive: parser.keepAlive,
    excess: parser.excess,
  }
}

const chunked =
  "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: Chunked\r\nX-Twice: a\r\nX-Twice:  b \r\n\r\n" +
  '7\r\ndata: a\r\n00A;x="y" ; z\r\n\r\n\r\ndata: \r\n1 \r\nZ\r\n0\r\nX-Trailer: t\r\nServer-Timing: a;b\r\n\r\n'
const length = "HTTP/1.1 404 Not Found\r\ncontent-length: 11\r\n\r\nhello world"
const untilClose = "HTTP/1.0 200\r\nX: é\r\n\r\nall of this"
const interim = `HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: <x>\r\n\r\n${length}`

describe("any answer, split anywhere", () => {
  for (const [name, wire] of Object.entries({ chunked, length, untilClose, interim })) {
    test(`a ${name} answer reads the same whole, cut at every byte, and one byte at a time`, () => {
      const expected = parse(wire)
      expect(expected.whole).toBe(true)
      for (let cut = 1; cut < wire.length; cut++) expect(parse(wire, [cut])).toEqual(expected)
      expect(
        parse(
          wire,
          Array.from(wire, (_, i) => i),
        ),
      ).toEqual(expected)
    })

    test(`a ${name} answer that stops early is never taken for a whole one`, () => {
      for (let end = 1; end < wire.length; end++) {
        const cut = parse(wire.slice(0, end))
        const head = wire.indexOf("\r\n\r\n")
        if (name !== "untilClose" || end < head + 4) expect([end, cut.whole]).toEqual([end, false])
      }
    })
  }

  test("random chunkings of random bodies in random packets give the body back", () => {
    fc.assert(
      fc.property(
        fc.array(fc.string({ minLength: 1, maxLength: 40, unit: "binary-ascii" }), { maxLength: 12 }),
        fc.array(fc.nat(900), { maxLength: 30 }),
        fc.boolean(),
        (chunks, cuts, extension) => {
          const wire = `HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n${chunks
            .map((chunk) => `${chunk.length.toString(16)}${extension ? ";e=1" : ""}\r\n${chunk}\r\n`)
            .join("")}0\r\n\r\n`
          expect(parse(wire, cuts)).toMatchObject({
            body: chunks.join(""),
            whole: true,
            excess: false,
            keepAlive: true,
          })
        },
      ),
      { numRuns: 500 },
    )
  })

  test("random bytes are refused or waited for, never thrown over in another way", () => {
    fc.assert(
      fc.property(
        fc.constantFrom(chunked, length, interim, untilClose),
        fc.array(fc.tuple(fc.nat(300), fc.nat(255)), { maxLength: 4 }),
        fc.array(fc.nat(300)),
        (wire, edits, cuts) => {
          const bytes = Buffer.from(wire, "latin1")
          for (const [at, byte] of edits) bytes[at % bytes.length] = byte
          const outcome = (pieces: number[]) => {
            try {
              return parse(bytes.toString("latin1"), pieces)
            } catch (error) {
              expect(error).toBeInstanceOf(Malformed)
              return "bad"
            }
          }
          expect(outcome(cuts)).toEqual(outcome([]))
        },
      ),
      { numRuns: 1000 },
    )
  })
})

test("header names come in lower case, values without the blanks around them, repeats in order", () => {
  expect(parse(chunked).headers).toEqual([
    "content-type",
    "text/event-stream",
    "transfer-encoding",
    "Chunked",
    "x-twice",
    "a",
    "x-twice",
    "b",
  ])
  expect(parse(chunked).body).toBe("data: a\r\n\r\ndata: Z")
  expect(parse(untilClose)).toMatchObject({ headers: ["x", "é"], keepAlive: false, body: "all of this" })
})

test("answers to HEAD, 204 and 304 have no body whatever their headers say", () => {
  expect(parse("HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\n", [], true)).toMatchObject({
    whole: true,
    keepAlive: true,
  })
  expect(parse("HTTP/1.1 204 No Content\r\n\r\n")).toMatchObject({ whole: true, keepAlive: true })
  expect(parse("HTTP/1.1 304 Not Modified\r\ncontent-length: 5\r\n\r\n")).toMatchObject({ whole: true, excess: false })
})

test("a connection is kept only where both sides know where the answer ends", () => {
  expect(parse("HTTP/1.1 200 OK\r\nConnection: Close\r\ncontent-length: 0\r\n\r\n").keepAlive).toBe(false)
  expect(parse("HTTP/1.0 200 OK\r\nconnection: keep-alive\r\ncontent-length: 0\r\n\r\n").keepAlive).toBe(true)
  expect(parse("HTTP/1.0 200 OK\r\ncontent-length: 0\r\n\r\n").keepAlive).toBe(false)
  expect(parse(`${length}HTTP/1.1 200 OK\r\n`).excess).toBe(true)
})

const refused: Record<string, string> = {
  "length and chunked at once": "HTTP/1.1 200 OK\r\ncontent-length: 5\r\ntransfer-encoding: chunked\r\n\r\n",
  "two lengths": "HTTP/1.1 200 OK\r\ncontent-length: 5\r\ncontent-length: 5\r\n\r\n",
  "a list of lengths": "HTTP/1.1 200 OK\r\ncontent-length: 5, 5\r\n\r\n",
  "a negative length": "HTTP/1.1 200 OK\r\ncontent-length: -1\r\n\r\n",
  "a length with a sign": "HTTP/1.1 200 OK\r\ncontent-length: +5\r\n\r\n",
  "a coding before chunked": "HTTP/1.1 200 OK\r\ntransfer-encoding: gzip, chunked\r\n\r\n",
  "an unknown transfer coding": "HTTP/1.1 200 OK\r\ntransfer-encoding: xchunked\r\n\r\n",
  "chunked in HTTP/1.0": "HTTP/1.0 200 OK\r\ntransfer-encoding: chunked\r\n\r\n",
  "a blank before the colon": "HTTP/1.1 200 OK\r\ncontent-length : 5\r\n\r\n",
  "a folded header": "HTTP/1.1 200 OK\r\na: b\r\n c\r\n\r\n",
  "a line without colon": "HTTP/1.1 200 OK\r\nabc\r\n\r\n",
  "a header without name": "HTTP/1.1 200 OK\r\n: x\r\n\r\n",
  "a bare LF": "HTTP/1.1 200 OK\na: b\r\n\r\n",
  "a bare CR in a value": "HTTP/1.1 200 OK\r\na: b\rc\r\n\r\n",
  "a NUL": "HTTP/1.1 200 OK\r\na: b\0c\r\n\r\n",
  "HTTP/2 in clear text": "HTTP/2 200 OK\r\n\r\n",
  "a status of two digits": "HTTP/1.1 20\r\n\r\n\r\n",
  "a status that is no number": "HTTP/1.1 1e2 OK\r\n\r\n",
  "an unasked switch of protocols": "HTTP/1.1 101 Switching Protocols\r\n\r\n",
  "another protocol": "SSH-2.0-OpenSSH_9",
  "an empty chunk size": "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n\r\n",
  "a chunk size with a sign": "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n-5\r\n",
  "a chunk size in 0x": "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n0x5\r\n",
  "a huge chunk size": "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nfffffffffffffff\r\n",
  "a chunk size ended by LF alone": "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\nhello\r\n",
  "a chunk longer than said": "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello!\r\n",
  "a bare LF in an extension": "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5;a\nhello\r\n",
  "endless headers": `HTTP/1.1 200 OK\r\na: ${"x".repeat(70_000)}`,
  "endless trailers": `HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n0\r\n${"a: b\r\n".repeat(20_000)}`,
  "an endless chunk extension": `HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5;${"x".repeat(5000)}`,
  "endless interim answers": "HTTP/1.1 100 Continue\r\n\r\n".repeat(40),
}
for (const [what, wire] of Object.entries(refused)) {
  test(`${what} is refused`, () => {
    expect(() => parse(wire)).toThrow(Malformed)
  })
}

test("a head reads the same whatever heads the same provider sent before it", () => {
  const line = fc.tuple(fc.constantFrom("Date", "date", "X-Id", "Server"), fc.constantFrom("", "a", "b", "a, b "))
  fc.assert(
    fc.property(fc.array(fc.array(line, { maxLength: 5 }), { maxLength: 8 }), (heads) => {
      const known = new KnownLines()
      for (const fields of heads) {
        const head = `HTTP/1.1 204 No Content\r\n${fields.map(([name, value]) => `${name}:${value}\r\n`).join("")}\r\n`
        const parser = new AnswerParser(false, known)
        parser.push(Buffer.from(head))
        expect(parser.headers!.flat).toEqual(fields.flatMap(([name, value]) => [name.toLowerCase(), value.trim()]))
      }
    }),
  )
})
