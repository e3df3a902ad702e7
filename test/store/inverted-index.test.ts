/** The words' lists, checked against a plain walk through the same parts. */
import { Database } from "bun:sqlite"
import { expect, test } from "bun:test"
import {
  addToIndex,
  createInvertedIndex,
  type NumberedPart,
  readPostings,
  removeFromIndex,
} from "../../src/store/inverted-index.ts"

const WORDS = ["ash", "birch", "cedar", "日本", "x'\"%"]
const ALL = Number.MAX_SAFE_INTEGER

function open(): Database {
  const db = new Database(":memory:")
  createInvertedIndex(db)
  return db
}

/** Every number has some of the words, by its digits in base 2; numbers reach over two blocks' ends. */
const parts = (from: number, to: number, step = 1): NumberedPart[] =>
  Array.from({ length: Math.ceil((to - from) / step) }, (_, at) => from + at * step).map((number) => ({
    number,
    terms: WORDS.filter((_, bit) => (number >> bit) & 1)
      .flatMap((word) => [word, word])
      .join(" "),
  }))

const numbersOf = (db: Database, word: string, namespace = 1, enough = ALL): number[] =>
  readPostings(db, namespace, word, 200_000, enough)
    .blocks.flatMap(({ start, bytes }) => {
      const numbers = new Uint16Array(bytes.slice().buffer)
      return [...numbers].map((number) => start + number)
    })
    .sort((one, other) => one - other)

const expected = (all: readonly NumberedPart[], word: string) =>
  all.filter(({ terms }) => terms.split(" ").includes(word)).map(({ number }) => number)

test("a word's list is the parts it is in, however often it is in them and in how many goes they were added", () => {
  const db = open()
  const goes = [parts(0, 300), parts(300, 301), parts(65_500, 65_600), parts(131_000, 131_200, 3)]
  for (const go of goes) addToIndex(db, 1, go)
  for (const word of WORDS) {
    expect(numbersOf(db, word)).toEqual(expected(goes.flat(), word))
    expect(readPostings(db, 1, word, 200_000, ALL).count).toBe(expected(goes.flat(), word).length)
  }
  expect(numbersOf(db, "oak")).toEqual([])
  expect(numbersOf(db, "")).toEqual([])
})

test("of a long list the newest block is read, and all are counted", () => {
  const db = open()
  const all = parts(0, 140_000, 7)
  addToIndex(db, 1, all)
  const { count, blocks } = readPostings(db, 1, "ash", 140_000, 1)
  expect(blocks.map(({ start }) => start)).toEqual([131_072])
  expect(count).toBe(expected(all, "ash").length)
})

test("what is removed is in no list, and a word that is in no part is in no row", () => {
  const db = open()
  const all = parts(65_000, 66_000)
  addToIndex(db, 1, all)
  const gone = all.filter(({ number }) => number % 3 === 0)
  removeFromIndex(db, 1, [...gone, { number: 70_000, terms: "ash never-listed" }])
  const left = all.filter(({ number }) => number % 3 !== 0)
  for (const word of WORDS) expect(numbersOf(db, word)).toEqual(expected(left, word))
  removeFromIndex(db, 1, left)
  expect(db.query("SELECT count(*) FROM memory_words").values()).toEqual([[0]])
})

test("one namespace's lists are not another's", () => {
  const db = open()
  addToIndex(db, 1, parts(0, 50))
  addToIndex(db, 2, parts(0, 10))
  expect(numbersOf(db, "ash", 2)).toEqual(expected(parts(0, 10), "ash"))
  removeFromIndex(db, 2, parts(0, 10))
  expect(numbersOf(db, "ash", 1)).toEqual(expected(parts(0, 50), "ash"))
})
