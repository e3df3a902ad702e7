import { expect, test } from "bun:test"
import * as fc from "fast-check"
import { type Edit, splice } from "../../src/dialects/splice.ts"
import { JsonText } from "../../src/json/json-text.ts"
import { textOf } from "../support/nodes.ts"

test("bytes are edited as their text would be, whatever is in it", () => {
  const pieces = fc.array(fc.tuple(fc.string({ unit: "grapheme" }), fc.string({ unit: "grapheme" }), fc.string()), {
    maxLength: 4,
  })
  fc.assert(
    fc.property(pieces, fc.string({ unit: "grapheme" }), fc.boolean(), (parts, rest, isReversed) => {
      let text = ""
      const edits = parts.map(([kept, gone, added]) => {
        const start = Buffer.byteLength(text + kept)
        text += kept + gone
        return { start, end: Buffer.byteLength(text), text: added }
      })
      text += rest
      const expected = parts.map(([kept, , added]) => kept + added).join("") + rest
      const isPlain = edits.every((edit, at) => at === 0 || edit.start > edits[at - 1]!.start)
      const given = isReversed && isPlain ? edits.toReversed() : edits
      expect(textOf(splice(JsonText.from(text), given))).toBe(expected)
    }),
  )
})

test("what stays is not copied", () => {
  const bytes = Buffer.from("abcdéf")
  const text = JsonText.of(bytes)
  expect(splice(text, [])[0]).toBe(bytes)
  const [before, added, after] = splice(text, [{ start: 2, end: 3, text: "X" }])
  expect([before, added, after]).toEqual([Buffer.from("ab"), "X", Buffer.from("déf")])
  expect((after as Uint8Array).buffer).toBe(bytes.buffer)
})

test("an insertion goes before what is replaced at its place", () => {
  const edits = [
    { start: 1, end: 2, text: "Y" },
    { start: 1, end: 1, text: "x" },
  ]
  expect(textOf(splice(JsonText.from("abc"), edits))).toBe("axYc")
})

test("edits that overlap are a mistake of ours, not a text", () => {
  const edits: Edit[] = [
    { start: 0, end: 2, text: "x" },
    { start: 1, end: 3, text: "y" },
  ]
  expect(() => splice(JsonText.from("abc"), edits)).toThrow("overlap")
})
