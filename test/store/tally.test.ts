import { expect, test } from "bun:test"
import { Tally } from "../../src/store/tally.ts"

const bytesOf = (numbers: number[]) => new Uint8Array(Uint16Array.from(numbers).buffer)

test("the largest sums come first, of equal ones the largest number, and nothing of the time before", () => {
  const tally = new Tally()
  tally.reset(100_000)
  tally.add(bytesOf([1, 2, 3]), 0, 9)
  tally.reset(80_000)
  expect(tally.largest(5)).toEqual([])
  tally.add(bytesOf([1, 5, 6, 7]), 0, 1.5)
  tally.add(bytesOf([1, 7]), 65_536, 2)
  tally.add(bytesOf([5, 6]), 0, 1)
  expect(tally.largest(4)).toEqual([6, 5, 65_543, 65_537])
  expect(tally.largest(10)).toEqual([6, 5, 65_543, 65_537, 7, 1])
})

test("they are those that sorting everything finds", () => {
  const tally = new Tally()
  tally.reset(70_000)
  const sums = new Map<number, number>()
  for (let word = 1; word <= 12; word++) {
    const numbers = Array.from({ length: 3000 }, (_, at) => (at * 7919 * word) % 60_000)
    const distinct = [...new Set(numbers)].sort((one, other) => one - other)
    tally.add(bytesOf(distinct), 10_000, word / 4)
    for (const number of distinct) sums.set(number + 10_000, (sums.get(number + 10_000) ?? 0) + word / 4)
  }
  const sorted = [...sums].sort(([one, its], [other, others]) => others - its || other - one).map(([number]) => number)
  expect(tally.largest(300)).toEqual(sorted.slice(0, 300))
})
