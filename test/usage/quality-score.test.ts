/** Rates, intervals and the composite against numbers worked out elsewhere, and their laws for any counts. */
import { expect, test } from "bun:test"
import * as fc from "fast-check"
import { COUNTERS, type Counts } from "../../src/store/counters.ts"
import { compositeOf, differenceOf, rateOf, ratesOf, scoreOf, wilson } from "../../src/usage/quality-score.ts"
import { PARTS, type Signal, SIGNALS } from "../../src/usage/quality-signals.ts"

const signal = (name: string): Signal => SIGNALS.find((one) => one.name === name)!
const near = (value: number | null, wanted: number) => expect(Math.abs(value! - wanted)).toBeLessThan(5e-5)

/** Newcombe 1998, Statistics in Medicine 17:857, table I, method 3 (score without continuity correction). */
test.each([
  [81, 263, 0.2553, 0.3662],
  [15, 148, 0.0624, 0.1605],
  [0, 20, 0, 0.1611],
  [1, 29, 0.0061, 0.1718],
])("Wilson's interval for %d of %d is the published one", (hits, n, low, high) => {
  const interval = wilson(hits, n)
  near(interval.low, low)
  near(interval.high, high)
})

/** Newcombe 1998, Statistics in Medicine 17:873, table II, method 10. */
test.each([
  [56, 70, 48, 80, 0.0524, 0.3339],
  [9, 10, 3, 10, 0.1705, 0.809],
  [10, 10, 0, 20, 0.6791, 1],
])("the difference of %d/%d and %d/%d has the published interval", (a, m, b, n, low, high) => {
  const rate = (hits: number, of: number) => rateOf(signal("success"), { succeeded: hits, tried: of })
  const found = differenceOf(rate(a, m), rate(b, n))!
  near(found.low, low)
  near(found.high, high)
})

test("the composite weighs what was measured, and says what it was", () => {
  const counts: Counts = { tried: 40, succeeded: 36, answers: 36, well_formed: 27, calls: 10, calls_good: 5 }
  const { score, parts, n, few } = compositeOf(counts)
  expect(score).toBeCloseTo((100 * (0.3 * 0.9 + 0.25 * 0.5 + 0.1 * 0.75)) / 0.65, 9)
  expect(parts.acceptance).toMatchObject({ rate: null, n: 0, weight: 0 })
  expect(parts.delivery.weight).toBeCloseTo(0.3 / 0.65, 9)
  expect([n, few]).toEqual([40, false])
  expect(compositeOf({ tried: 29, succeeded: 29 })).toMatchObject({ score: 100, few: true })
  expect(compositeOf({ retries: 3 })).toMatchObject({ score: null, low: null, high: null, n: 0 })
})

test("the weights of the parts sum up to 1, and each part is a signal", () => {
  expect(Object.values(PARTS).reduce((sum, { weight }) => sum + weight, 0)).toBeCloseTo(1, 12)
  for (const { signal: name } of Object.values(PARTS)) expect(signal(name)).toBeDefined()
})

test("each signal has a name of its own and counters that exist", () => {
  expect(new Set(SIGNALS.map(({ name }) => name)).size).toBe(SIGNALS.length)
  for (const { hits, of } of SIGNALS) expect([COUNTERS.includes(hits), COUNTERS.includes(of)]).toEqual([true, true])
})

test("any counts give rates within their intervals, and a row's score is the composite's", () => {
  const any = fc.dictionary(fc.constantFrom(...COUNTERS), fc.nat(500), {
    noNullPrototype: true,
  }) as fc.Arbitrary<Counts>
  fc.assert(
    fc.property(any, (counts) => {
      for (const { rate, low, high } of Object.values(ratesOf(counts))) {
        if (rate === null || low === null) continue
        expect(low).toBeGreaterThanOrEqual(0)
        expect(rate - low).toBeGreaterThan(-1e-9)
        expect(high! - rate).toBeGreaterThan(-1e-9)
        expect(high).toBeLessThanOrEqual(1)
      }
      const { score, low, high } = compositeOf(counts)
      const own = scoreOf(counts)
      if (score === null) return expect(own).toBeNull()
      expect(Math.abs(own! - score)).toBeLessThanOrEqual(0.05 + 1e-9)
      expect(low! - 1e-9 <= score && score <= high! + 1e-9).toBe(true)
    }),
  )
})
