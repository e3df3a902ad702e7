/** Chunks: their sizes as they are written, and their data as it is read, however the packets cut them. */
import { expect, test } from "bun:test"
import { Chunks, MOST_SIZE_BYTES, writeSize } from "../../src/wire/chunks.ts"

test.each([1, 9, 10, 15, 16, 255, 256, 4095, 65_535, 65_536, 2 ** 31 - 1])("a chunk of %d bytes says so", (size) => {
  const bytes = Buffer.alloc(20, "-")
  const end = writeSize(bytes, 3, size)
  expect(bytes.toString("latin1", 3, end)).toBe(`${size.toString(16)}\r\n`)
  expect(bytes.toString("latin1", end)).toMatch(/^-+$/)
  expect(end - 3).toBeLessThanOrEqual(MOST_SIZE_BYTES)
})

function read(packets: readonly string[]): { text: string; isDone: boolean } {
  const chunks = new Chunks()
  const text = packets.map((packet) => Buffer.from(chunks.read(Buffer.from(packet), 0)).toString()).join("")
  return { text, isDone: chunks.done }
}

test.each([
  ["one whole chunk", ["3\r\nabc\r\n"], "abc"],
  ["one whole chunk behind another", ["3\r\nabc\r\n", "00A\r\n0123456789\r\n"], "abc0123456789"],
  ["data that looks like a chunk", ["9\r\n", "3\r\nabc\r\n", "!\r\n"], "3\r\nabc\r\n!"],
  [
    "the rest of a size that looks like one",
    ["1", "3\r\nabc\r\n", `${"-".repeat(14)}\r\n`],
    `abc\r\n${"-".repeat(14)}`,
  ],
])("%s is read", (_, packets, text) => {
  expect(read(packets)).toEqual({ text, isDone: false })
  expect(read([...packets, "0\r\n\r\n"])).toEqual({ text, isDone: true })
})

test("a chunk that is longer than its size says is malformed, be it all of a packet or not", () => {
  expect(() => read(["3\r\nabc!\n"])).toThrow("a chunk does not end where its size says")
  expect(() => read(["3\r\nabc\r!"])).toThrow("a chunk does not end where its size says")
  expect(() => read(["3\r!abc\r\n"])).toThrow("a chunk does not end where its size says")
})

test("where packets are cut does not matter", () => {
  const body = "3\r\nabc\r\n10;x=y\r\n0123456789abcdef\r\n1\r\n!\r\n0\r\ntrailer: 1\r\n\r\n"
  for (let at = 0; at <= body.length; at++)
    expect(read([body.slice(0, at), body.slice(at)])).toEqual({ text: "abc0123456789abcdef!", isDone: true })
})
