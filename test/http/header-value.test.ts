import { expect, test } from "bun:test"
import * as fc from "fast-check"
import { headerValue } from "../../src/http/header-value.ts"

test.each([
  ["acme/demo-project", "acme/demo-project"],
  ["two words", "two%20words"],
  ["100%", "100%25"],
  ["café", "caf%C3%A9"],
  ["a\r\nb", "a%0D%0Ab"],
])("%p becomes %p", (text, expected) => {
  expect(headerValue(text)).toBe(expected)
})

test("any text becomes a value of at most 256 bytes that decodes to a beginning of it", () => {
  fc.assert(
    fc.property(fc.string({ unit: "grapheme", maxLength: 400 }), (text) => {
      const value = headerValue(text)
      expect(value.length).toBeLessThanOrEqual(256)
      expect(value).toMatch(/^[!-~]*$/)
      expect(text.startsWith(decodeURIComponent(value))).toBe(true)
    }),
  )
})
