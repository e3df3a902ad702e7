/** Instructions that come again are the object they were, so that what one says need be found out once. */
import { expect, test } from "bun:test"
import { createKnownTexts } from "../../src/identify/known-texts.ts"
import { Utf8Text } from "../../src/json/utf8-text.ts"

const number = (at: number) => Utf8Text.from(`You are agent ${at} — “précis”.`)

test("a text that came lately is the same object, and says the same", () => {
  const known = createKnownTexts()
  const first = known(number(1))
  expect(first.toString()).toBe(number(1).toString())
  expect(known(number(2))).not.toBe(first)
  expect(known(number(1))).toBe(first)
  expect(known(number(1))).toBe(first)
})

test("one that comes with every request stays, whatever comes once beside it", () => {
  const known = createKnownTexts()
  const first = known(number(0))
  for (let at = 1; at < 100; at++) {
    known(number(at))
    expect(known(number(0))).toBe(first)
  }
})

test("few are kept, and none that is very long", () => {
  const known = createKnownTexts()
  const first = known(number(0))
  for (let at = 1; at < 17; at++) known(number(at))
  expect(known(number(0))).not.toBe(first)
  const long = () => Utf8Text.from("x".repeat(70_000))
  expect(known(long())).not.toBe(known(long()))
})
