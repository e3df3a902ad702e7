/** Percentiles against sorting everything. */
import { expect, test } from "bun:test"
import * as fc from "fast-check"
import { Samples } from "../../../src/store/columns/samples.ts"

/** Nearest rank, by its definition. */
function rank(values: readonly number[], percent: number): number | null {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.ceil((percent * sorted.length) / 100) - 1] ?? null
}

function percentilesOf(values: readonly number[], groups: readonly number[], size: number) {
  const samples = new Samples()
  const valued = { groups: Uint32Array.from(groups), values: Float64Array.from(values) }
  samples.count(valued, size)
  samples.arrange(size)
  samples.place(valued)
  return { each: Array.from({ length: size }, (_, group) => samples.of(group)), all: samples.all() }
}

test("a group of up to a thousand values has its exact percentiles, and so have all together", () => {
  const value = fc.oneof(fc.integer({ min: 0, max: 9 }), fc.double({ min: 0, max: 1e7, noNaN: true }))
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.nat(3), value), { maxLength: 300 }), (pairs) => {
      const { each, all } = percentilesOf(
        pairs.map(([, number]) => number),
        pairs.map(([group]) => group),
        4,
      )
      const expected = (values: number[]) => ({ p50: rank(values, 50), p95: rank(values, 95) })
      expect(all).toEqual(expected(pairs.map(([, number]) => number)))
      for (const group of [0, 1, 2, 3])
        expect(each[group]!).toEqual(expected(pairs.filter((pair) => pair[0] === group).map((pair) => pair[1])))
    }),
    { numRuns: 500 },
  )
})

test("larger groups are within 0.4 %, whatever the size of their values", () => {
  for (const scale of [0.01, 1, 1000, 1e7]) {
    const values = Array.from({ length: 20_000 }, (_, index) => scale * (1 + ((index * 7919) % 20_000) / 500))
    const { each, all } = percentilesOf(
      values,
      values.map(() => 0),
      1,
    )
    for (const [percent, found] of [
      [50, each[0]!.p50],
      [95, each[0]!.p95],
      [50, all.p50],
      [95, all.p95],
    ] as const)
      expect(Math.abs(found! / rank(values, percent)! - 1)).toBeLessThan(0.004)
  }
})

test("what is no number is no value, and no values have no percentiles", () => {
  expect(percentilesOf([Number.NaN, 5, Number.NaN], [0, 1, 1], 3).each).toEqual([
    { p50: null, p95: null },
    { p50: 5, p95: 5 },
    { p50: null, p95: null },
  ])
})
