import { expect, test } from "bun:test"
import * as fc from "fast-check"
import { splice, spliceBytes } from "../../src/dialects/splice.ts"

test("a text's bytes are edited as the text is, whatever is in it", () => {
  const pieces = fc.array(fc.tuple(fc.string({ unit: "grapheme" }), fc.string({ unit: "grapheme" }), fc.string()), {
    maxLength: 4,
  })
  fc.assert(
    fc.property(pieces, fc.string({ unit: "grapheme" }), fc.boolean(), (parts, rest, isReversed) => {
      let text = ""
      const edits = parts.map(([kept, gone, added]) => {
        const start = text.length + kept.length
        text += kept + gone
        return { start, end: start + gone.length, text: added }
      })
      text += rest
      const expected = parts.map(([kept, , added]) => kept + added).join("") + rest
      const isPlain = edits.every((edit, at) => at === 0 || edit.start > edits[at - 1]!.start)
      const given = isReversed && isPlain ? edits.toReversed() : edits
      expect(splice(text, given)).toBe(expected)
      expect(Buffer.from(spliceBytes(Buffer.from(text), text, given)).toString()).toBe(expected)
    }),
  )
})

test("bytes that nothing is done to are the same ones; edits that overlap are refused", () => {
  const bytes = Buffer.from("abc")
  expect(spliceBytes(bytes, "abc", [])).toBe(bytes)
  const overlapping = [
    { start: 0, end: 2, text: "x" },
    { start: 1, end: 3, text: "y" },
  ]
  expect(() => spliceBytes(bytes, "abc", overlapping)).toThrow("overlap")
  expect(() => splice("abc", overlapping)).toThrow("overlap")
})
