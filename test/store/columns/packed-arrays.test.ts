/** Arrays as bytes give back every number that was put in, and take no more room than the largest of them needs. */
import { expect, test } from "bun:test"
import * as fc from "fast-check"
import { type Numbers, packArrays, Room, unpackArrays } from "../../../src/store/columns/packed-arrays.ts"

const whole = (most: number) => fc.nat(most)
const thousandths = fc.nat(2 ** 32).map((units) => units / 1000)
const anyNumber = fc.double().map((value) => value + 0)
const fractions = fc.oneof(
  ...[whole(255), whole(65_535), fc.nat(2 ** 32), thousandths, anyNumber].map((value) =>
    fc.array(fc.oneof({ weight: 9, arbitrary: value }, fc.constant(Number.NaN))).map((all) => Float64Array.from(all)),
  ),
)
const counts = fc.array(fc.nat(2 ** 32 - 1)).map((all) => Uint32Array.from(all))
const bytes = fc.uint8Array()

test("each array is the same again, whatever is before it and wherever the bytes lie", () => {
  fc.assert(
    fc.property(fc.array(fc.oneof<fc.Arbitrary<Numbers>[]>(fractions, counts, bytes), { maxLength: 5 }), (arrays) => {
      const packed = packArrays(arrays)
      const elsewhere = new Uint8Array(packed.length + 3)
      elsewhere.set(packed, 3)
      for (const place of [packed, elsewhere.subarray(3)]) {
        const unpack = unpackArrays(place)
        for (const [index, array] of [...arrays.entries()].reverse())
          expect([...unpack<Numbers>(index, array.constructor as new (length: number) => Numbers)]).toEqual([...array])
      }
    }),
    { numRuns: 1_000 },
  )
})

test("what is unpacked into the room of another array has nothing of it", () => {
  const room = new Room()
  for (const length of [3, 1, 0, 5, 2]) {
    const array = Float64Array.from({ length }, (_, index) => length + index / 1_000)
    expect([...unpackArrays(packArrays([array]))(0, Float64Array, room)]).toEqual([...array])
  }
})

test("a number takes as many bytes as the largest of its array needs, and one that is none costs none more", () => {
  const sizeOf = (...values: number[]) => packArrays([Float64Array.from([...values, ...Array(796).fill(0)])]).length - 8
  expect(sizeOf(1, 2, 3, 255)).toBe(800)
  expect(sizeOf(1, 2, Number.NaN, 255)).toBe(1_600)
  expect(sizeOf(1, 2, Number.NaN, 254)).toBe(800)
  expect(sizeOf(1, 2, 3, 256)).toBe(1_600)
  expect(sizeOf(0.5, 65, 0, 0.001)).toBe(1_600)
  expect(sizeOf(0.5, 66, 0, 0.001)).toBe(3_200)
  expect(sizeOf(1, 0, 0, 2 ** 32)).toBe(6_400)
  expect(sizeOf(1, 0, 0, -1)).toBe(6_400)
  expect(sizeOf(1, 0, 0, 0.0001)).toBe(6_400)
})
