import { expect, test } from "bun:test"
import { brotliCompressSync, deflateSync, gzipSync, zstdCompressSync } from "node:zlib"
import { Refusal } from "../../src/exchange.ts"
import { bodyText, receiveBody, receiveJson } from "../../src/http/body.ts"
import { createServer } from "../../src/http/server.ts"
import type { Config } from "../../src/settings.ts"

const text = JSON.stringify({ model: "m", messages: [{ role: "user", content: "grüße ".repeat(200) }] })

async function receive(body: BodyInit, headers: Record<string, string> = {}, limit?: number): Promise<string | number> {
  let result: string | number = 0
  const server = createServer({
    config: () => ({ host: "127.0.0.1", allowedHosts: [], allowedOrigins: [] }) as unknown as Config,
    async answer(arrival) {
      try {
        result =
          limit === undefined ? (await receiveJson(arrival)).toString() : bodyText(await receiveBody(arrival, limit))
      } catch (error) {
        if (!(error instanceof Refusal)) throw error
        result = error.status
      }
      return { status: 200, head: "", body: null }
    },
    route: () => new Response(),
    refuse: () => ({ status: 500, head: "", body: null }),
    isModelRoute: () => true,
    clock: Date.now,
    now: () => performance.now(),
    log: (line) => expect(line).toBe(""),
  })
  await fetch(server.listen("127.0.0.1", 0), { method: "POST", body, headers })
  await server.terminate()
  return result
}

const chunked = (size: number) =>
  new ReadableStream({
    start(controller) {
      for (let sent = 0; sent < size; sent += 1000) controller.enqueue(new Uint8Array(1000).fill(0x61))
      controller.close()
    },
  })

test.each([
  ["gzip", gzipSync],
  ["deflate", deflateSync],
  ["br", brotliCompressSync],
  ["zstd", zstdCompressSync],
] as [string, (text: string) => Uint8Array][])("a %s body is read as what it holds", async (encoding, compress) => {
  expect(await receive(new Uint8Array(compress(text)), { "content-encoding": encoding })).toBe(text)
})

test("bodies past the limit are refused with 413, declared, counted or decompressed", async () => {
  expect(await receive("x".repeat(100_001), {}, 100_000)).toBe(413)
  expect(await receive(chunked(101_000), {}, 100_000)).toBe(413)
  const packed = new Uint8Array(gzipSync("x".repeat(200_000)))
  expect(await receive(packed, { "content-encoding": "gzip" }, 100_000)).toBe(413)
  expect(await receive(chunked(100_000), {}, 100_000)).toBe("a".repeat(100_000))
})

test("a body is what was sent, short or long, in ASCII or not, in one packet or many", async () => {
  const bodies = ["{}", "a\u007f\0b", "é", text, "y".repeat(16_384), "z".repeat(16_385), "ü".repeat(300_000)]
  for (const body of bodies) expect(await receive(body)).toBe(body)
  expect(await receive(chunked(3000))).toBe("a".repeat(3000))
  expect(await receive("")).toBe("")
})

test("an unknown encoding is 415, a broken one and broken UTF-8 are 400", async () => {
  expect(await receive(text, { "content-encoding": "compress" })).toBe(415)
  expect(await receive(text, { "content-encoding": "gzip" })).toBe(400)
  expect(await receive(new Uint8Array([0x7b, 0xff, 0x7d]))).toBe(400)
})

test("text encodes back to the very bytes, a byte order mark included", () => {
  const original = new Uint8Array([0xef, 0xbb, 0xbf, 0x7b, 0x7d])
  expect(new TextEncoder().encode(bodyText(original))).toEqual(original)
})
