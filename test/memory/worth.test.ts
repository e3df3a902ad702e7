/** What is told first: odds a token, and a day's name with the first of its day. */
import { expect, test } from "bun:test"
import type { Recalled } from "../../src/memory/engine.ts"
import { byWorth } from "../../src/memory/worth.ts"

const recalled = (id: string, score: number, tokens: number, day = "2026-03-01"): Recalled =>
  ({ memory: { id, created_at: `${day}T09:30:00.000Z` }, text: id, score, why: "words", tokens }) as Recalled
const order = (...all: Recalled[]) => byWorth(all).map(({ memory }) => memory.id)

test("of two as likely the shorter is told first, and of two as long the likelier", () => {
  expect(order(recalled("long", 1, 40), recalled("short", 1, 10))).toEqual(["short", "long"])
  expect(order(recalled("likely", 2, 20), recalled("less", 1, 20))).toEqual(["likely", "less"])
})

test("what is three times as likely may take twice the tokens, and not four times", () => {
  expect(order(recalled("likely", Math.log(3), 40), recalled("less", 0, 20))).toEqual(["likely", "less"])
  expect(order(recalled("likely", Math.log(3), 80), recalled("less", 0, 20))).toEqual(["less", "likely"])
})

test("another of a day comes before one that is hardly likelier of a day of which nothing is told", () => {
  const [first, other] = [recalled("first", 3, 20), recalled("other", 1.1, 20, "2026-03-02")]
  expect(order(first, other, recalled("again", 1, 20))).toEqual(["first", "again", "other"])
  expect(order(first, other, recalled("again", 0.8, 20))).toEqual(["first", "other", "again"])
})
