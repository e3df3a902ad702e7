/** The table of what words mean: what is in it, and how it is read. */
import { expect, test } from "bun:test"
import { openWordVectors } from "../../../src/memory/word-vectors.ts"
import { readWordVectors } from "../../../src/memory/rank/word-vectors.ts"
import { termsOf } from "../../../src/memory/rank/terms.ts"

const terms = (text: string) => termsOf(text, new Map())

test("texts that share no word are as like as what they are about", () => {
  const compare = openWordVectors().compareTo(terms("What profession do I work in?"))
  const of = (text: string) => compare(terms(text)).likeness
  expect(of("I earn my living as a carpenter, it is a good job")).toBeGreaterThan(
    of("The soup needs more paprika and salt"),
  )
  expect(of("")).toBe(0)
  expect(of("zzxqy qqwv")).toBe(0)
})

test("a query of unknown words is like nothing", () => {
  const compare = openWordVectors().compareTo(["zzxqy"])
  expect(compare(terms("carpenter"))).toEqual({ likeness: 0, nearest: Float32Array.of(0) })
  expect(compare(["zzxqy"]).nearest).toEqual(Float32Array.of(1)) // but for the word itself
})

test("a table is read as it is written down", () => {
  const stems = new TextEncoder().encode("cat\ndog\nsun")
  const head = new Uint8Array(new Uint32Array([3, 2, stems.length]).buffer)
  const scales = new Uint8Array(new Float32Array([1, 0.5, 1]).buffer)
  const rows = new Uint8Array(Int8Array.of(1, 0, 2, 0, 0, 1).buffer)
  const filled = new Uint8Array(12)
  filled.set(stems)
  const compare = readWordVectors(Uint8Array.from([...head, ...filled, ...scales, ...rows])).compareTo(["cat"])
  expect([compare(["dog"]).likeness, compare(["sun"]).likeness]).toEqual([1, 0])
  expect(compare(["cat", "sun"]).likeness).toBeCloseTo(Math.SQRT1_2)
})

test("each word of a query has its nearest in a text", () => {
  const [instrument, port] = openWordVectors().compareTo(terms("instrument port"))(
    terms("She practises the violin"),
  ).nearest
  expect(instrument).toBeGreaterThan(0.3)
  expect(instrument).toBeGreaterThan(port!)
})
