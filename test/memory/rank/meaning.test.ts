/** The table of what words mean: what is in it, and how it is read. */
import { expect, test } from "bun:test"
import { openMeanings } from "../../../src/memory/meanings.ts"
import { readMeanings } from "../../../src/memory/rank/meaning.ts"
import { termsOf } from "../../../src/memory/rank/terms.ts"

const terms = (text: string) => termsOf(text, new Map())

test("texts that share no word are as like as what they are about", () => {
  const likeness = openMeanings().likenessTo(terms("What profession do I work in?"))
  const of = (text: string) => likeness(terms(text))
  expect(of("I earn my living as a carpenter, it is a good job")).toBeGreaterThan(
    of("The soup needs more paprika and salt"),
  )
  expect(of("")).toBe(0)
  expect(of("zzxqy qqwv")).toBe(0)
})

test("a query of unknown words is like nothing", () => {
  expect(openMeanings().likenessTo(["zzxqy"])(terms("carpenter"))).toBe(0)
})

test("a table is read as it is written down", () => {
  const stems = new TextEncoder().encode("cat\ndog\nsun")
  const head = new Uint8Array(new Uint32Array([3, 2, stems.length]).buffer)
  const scales = new Uint8Array(new Float32Array([1, 0.5, 1]).buffer)
  const rows = new Uint8Array(Int8Array.of(1, 0, 2, 0, 0, 1).buffer)
  const filled = new Uint8Array(12)
  filled.set(stems)
  const likeness = readMeanings(Uint8Array.from([...head, ...filled, ...scales, ...rows])).likenessTo(["cat"])
  expect([likeness(["dog"]), likeness(["sun"])]).toEqual([1, 0])
  expect(likeness(["cat", "sun"])).toBeCloseTo(Math.SQRT1_2)
})
