import { expect, test } from "bun:test"
import { bytesIn, joinPieces, joinShort } from "../../src/json/pieces.ts"

const LONG = Buffer.alloc(20_000, "x")

test("long pieces are written as they are, and what is short at once", () => {
  const writes = joinShort(["head", Buffer.from("-a-"), LONG, "é", LONG, "tail"])
  expect(writes.map(({ length }) => length)).toEqual([7, 20_000, 2, 20_000, 4])
  expect([writes[1], writes[3]]).toEqual([LONG, LONG])
  expect(writes[1]).toBe(LONG)
  expect(writes[0]!.toString()).toBe("head-a-")
  expect(joinShort([])).toEqual([])
})

test("their bytes are counted as they are sent", () => {
  const pieces = ["é", Buffer.from("漢"), ""]
  expect(joinPieces(pieces).toString()).toBe("é漢")
  expect(bytesIn(pieces)).toBe(5)
})
