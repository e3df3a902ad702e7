import { expect, test } from "bun:test"
import * as fc from "fast-check"
import {
  brotliCompressSync,
  constants,
  createGzip,
  deflateRawSync,
  deflateSync,
  gzipSync,
  zstdCompressSync,
} from "node:zlib"
import { post, refusalOf, until, useServers } from "./raw-server.ts"

const { serve } = useServers()

function serveCoded(coding: string, body: Uint8Array, cuts: number[] = []) {
  return serve((socket) => {
    socket.write(
      `HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\ncontent-encoding: ${coding}\r\ncontent-length: ${body.length}\r\n\r\n`,
    )
    const edges = [0, ...cuts.map((cut) => cut % (body.length + 1)).toSorted((a, b) => a - b), body.length]
    for (let i = 1; i < edges.length; i++) socket.write(body.subarray(edges[i - 1], edges[i]))
  })
}

const plain = Buffer.from("The quick brown fox jumps over the lazy dog. ".repeat(2000))
const codings: Record<string, Uint8Array> = {
  gzip: gzipSync(plain),
  "X-Gzip": gzipSync(plain),
  br: brotliCompressSync(plain),
  zstd: zstdCompressSync(plain),
  deflate: deflateSync(plain),
  "deflate ": deflateRawSync(plain),
  "br, gzip": gzipSync(brotliCompressSync(plain)),
  "identity, gzip": gzipSync(plain),
  identity: plain,
}
for (const [coding, body] of Object.entries(codings)) {
  test(`an answer in ${coding.trim()} (${body.length} bytes) arrives plain and without the headers that no longer hold`, async () => {
    const { server, upstream } = await serveCoded(coding, body, [1, 2, 77])
    const answer = await upstream.send(post(server.url))
    expect(Buffer.from(await answer.body.whole(1e6)).equals(plain)).toBe(true)
    expect(answer.headers.get("content-encoding")).toBeNull()
    expect(answer.headers.get("content-type")).toBe("text/plain")
    if (coding !== "identity") expect(answer.headers.get("content-length")).toBeNull()
    expect(upstream.stats().active).toBe(0)
  })
}

test("packets of any size decode to the same", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom("gzip", "br", "zstd", "deflate"),
      fc.array(fc.nat(1000), { maxLength: 6 }),
      async (coding, cuts) => {
        const { server, upstream } = await serveCoded(coding, codings[coding]!, cuts)
        const answer = await upstream.send(post(server.url))
        expect(Buffer.from(await answer.body.whole(1e6)).equals(plain)).toBe(true)
      },
    ),
    { numRuns: 40 },
  )
})

test("each flushed event of a compressed stream is there before the next one is sent", async () => {
  const { server, upstream } = await serve(
    (socket) => void socket.write("HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\n\r\n"),
  )
  const { body } = await upstream.send(post(server.url))
  const zip = createGzip()
  zip.on("data", (bytes) => server.sockets[0]!.write(bytes))
  for (const event of ["data: 1\n\n", "data: 2\n\n"]) {
    zip.write(event)
    zip.flush(constants.Z_SYNC_FLUSH)
    expect(new TextDecoder().decode((await body.read())!)).toBe(event)
  }
  body.cancel()
  await until(() => server.closed === 1)
})

test("a bomb stops at the limit and its connection is closed", async () => {
  const bomb = gzipSync(Buffer.alloc(200_000_000))
  const { server, upstream } = await serveCoded("gzip", bomb)
  const before = process.memoryUsage.rss()
  expect(await refusalOf(upstream.send(post(server.url)).then((answer) => answer.body.whole(1_000_000)))).toBe(
    "502 answer_too_large",
  )
  expect(process.memoryUsage.rss() - before).toBeLessThan(50_000_000)
  expect(upstream.stats().active).toBe(0)
})

test("a body that is not what its header says, is cut, or is coded in an unknown way is a failure", async () => {
  const run = async (coding: string, body: Uint8Array) => {
    const { server, upstream } = await serveCoded(coding, body)
    return refusalOf(upstream.send(post(server.url)).then((answer) => answer.body.whole(1e6)))
  }
  expect(await run("gzip", Buffer.from("plain text"))).toBe("502 bad_response")
  expect(await run("gzip", codings["gzip"]!.subarray(0, 200))).toBe("502 bad_response")
  expect(await run("br", codings["br"]!.subarray(0, 20))).toBe("502 bad_response")
  expect(await run("rot13", Buffer.from("x"))).toBe("502 bad_response")
  expect(await run("gzip, gzip, gzip, gzip", Buffer.from("x"))).toBe("502 bad_response")
  expect(await run("gzip", new Uint8Array(0))).toBeNull()
})

test("a timeout or abort inside a compressed body keeps its own reason", async () => {
  const { server, upstream } = await serve(
    (socket) =>
      void socket.write(
        Buffer.concat([
          Buffer.from("HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\n\r\n"),
          codings["gzip"]!.subarray(0, 50),
        ]),
      ),
  )
  const stalled = upstream.send(post(server.url, { idleTimeoutMs: 50 })).then((answer) => answer.body.whole(1e6))
  expect(await refusalOf(stalled)).toBe("504 idle_timeout")
  const aborting = new AbortController()
  const { body } = await upstream.send(post(server.url, { signal: aborting.signal }))
  const pending = Promise.resolve(body.whole(1e6)).catch((error: unknown) => error)
  setTimeout(() => aborting.abort(), 20)
  expect(await pending).toBe(aborting.signal.reason)
  expect(upstream.stats().active).toBe(0)
})
