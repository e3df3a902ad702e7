import { expect, test } from "bun:test"
import * as fc from "fast-check"
import { Utf8Text } from "../../src/json/utf8-text.ts"

/** All that JavaScript trims, characters whose bytes look like theirs, and whole scripts. */
const odd = fc.string({
  unit: fc.constantFrom(
    ..."\t\n\v\f\r \u00a0\u1680\u2000\u2005\u200a\u2028\u2029\u202f\u205f\u3000\ufeff",
    ..."\u200b\u180e\u0085à\u00c2\u2080\u30a0愛な—•“😀\u{10ffff}ax<>",
  ),
})

test("a text is trimmed as JavaScript trims it", () => {
  fc.assert(
    fc.property(odd, (text) => {
      expect(Utf8Text.from(text).trim().toString()).toBe(text.trim())
      expect(Utf8Text.from(text).leadingBlank()).toBe(Buffer.byteLength(text) - Buffer.byteLength(text.trimStart()))
    }),
    { numRuns: 3000 },
  )
})

test("it is found, cut, joined and hashed as its text is, whether it was decoded before or not", () => {
  fc.assert(
    fc.property(odd, odd, fc.nat(20), (one, other, cut) => {
      const texts = [one, other].map((text) => Utf8Text.from(text))
      const joined = Utf8Text.join(texts, "\n")
      expect(joined.toString()).toBe(`${one}\n${other}`)
      for (const [text, said] of [
        [one, texts[0]!],
        [`${one}\n${other}`, joined],
      ] as const) {
        expect(said.hash()).toBe(Bun.hash.wyhash(text))
        expect(said.length).toBe(Buffer.byteLength(text))
        const at = said.indexOf("<")
        expect(at).toBe(text.includes("<") ? Buffer.byteLength(text.slice(0, text.indexOf("<"))) : -1)
        expect(said.startsWith("ax")).toBe(text.startsWith("ax"))
        const characters = [...text]
        const before = Buffer.byteLength(characters.slice(0, cut).join(""))
        const rest = said.slice(before)
        expect(rest.toString()).toBe(characters.slice(cut).join(""))
        expect(rest.hash()).toBe(Bun.hash.wyhash(rest.toString()))
      }
    }),
    { numRuns: 1000 },
  )
})
