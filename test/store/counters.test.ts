/** Counters as bytes: what goes in comes out, and sums are sums. */
import { expect, test } from "bun:test"
import * as fc from "fast-check"
import { addCounts, addStored, COUNTERS, type Counts, decodeCounts, encodeCounts } from "../../src/store/counters.ts"

const anyCounts: fc.Arbitrary<Counts> = fc.dictionary(
  fc.constantFrom(...COUNTERS),
  fc.oneof(fc.nat(200), fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER })),
  { noNullPrototype: true },
)
const withoutZeros = (counts: Counts) => Object.fromEntries(Object.entries(counts).filter(([, value]) => value > 0))

test("counts come back from their bytes, zeros left out", () => {
  fc.assert(
    fc.property(anyCounts, (counts) => expect(decodeCounts(encodeCounts(counts))).toEqual(withoutZeros(counts))),
  )
})

test("a plain answer's counts take few bytes, none take none", () => {
  expect(encodeCounts({ asked: 1, tried: 1, succeeded: 1, begun: 1, complete: 1 })).toHaveLength(10)
  expect(encodeCounts({})).toBeNull()
  expect(encodeCounts({ asked: 0 })).toBeNull()
})

test("stored counts of many rows add up, each group in its place", () => {
  const sums = new Float64Array(COUNTERS.length * 2)
  addStored(encodeCounts({ asked: 3, rating: 700 })!, sums, COUNTERS.length)
  addStored(encodeCounts({ asked: 4 })!, sums, COUNTERS.length)
  addStored(encodeCounts({ asked: 1 })!, sums)
  expect([sums[0], sums[COUNTERS.length], sums[COUNTERS.length + COUNTERS.indexOf("rating")]]).toEqual([1, 7, 700])
})

test("a counter that only a newer memproxy knows is passed over", () => {
  expect(decodeCounts(Uint8Array.of(0, 1, 127, 0xff, 0x7f, 3, 2))).toEqual({ asked: 1, tried: 2 })
})

test("what is taken away leaves no less than nothing", () => {
  expect(addCounts({ calls_good: 1, calls: 2 }, { calls_good: -2, results: 1 })).toEqual({
    calls_good: 0,
    calls: 2,
    results: 1,
  })
})
