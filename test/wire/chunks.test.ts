/** The sizes of chunks, as they are written. */
import { expect, test } from "bun:test"
import { MOST_SIZE_BYTES, writeSize } from "../../src/wire/chunks.ts"

test.each([1, 9, 10, 15, 16, 255, 256, 4095, 65_535, 65_536, 2 ** 31 - 1])("a chunk of %d bytes says so", (size) => {
  const bytes = Buffer.alloc(20, "-")
  const end = writeSize(bytes, 3, size)
  expect(bytes.toString("latin1", 3, end)).toBe(`${size.toString(16)}\r\n`)
  expect(bytes.toString("latin1", end)).toMatch(/^-+$/)
  expect(end - 3).toBeLessThanOrEqual(MOST_SIZE_BYTES)
})
