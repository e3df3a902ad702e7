import { describe, expect, test } from "bun:test"
import * as fc from "fast-check"
import { type Node, parseTree } from "jsonc-parser"
import { JsonText } from "../../src/json/json-text.ts"
import { lastMember, MAX_DEPTH, scanArray, scanDocument, scanObject } from "../../src/json/scan.ts"
import { Refusal } from "../../src/exchange.ts"
import { haveFixtures, loadFixtures } from "../support/fixtures.ts"

/** jsonc-parser counts characters, we count bytes. */
const byteAt = (text: string, character: number) => Buffer.byteLength(text.slice(0, character))
const spanIn = (text: string) => (node: Node) => ({
  start: byteAt(text, node.offset),
  end: byteAt(text, node.offset + node.length),
})

/** What jsonc-parser says of the same text, in our shape. */
function judge(text: string) {
  return (parseTree(text)?.children ?? []).map((property) => {
    const [key, value] = property.children ?? []
    if (!key || !value) throw new Error("jsonc-parser found no pair")
    return { key: String(key.value), start: byteAt(text, key.offset), value: spanIn(text)(value) }
  })
}

function compareAll(text: string): void {
  const span = spanIn(text)
  const json = JsonText.from(text)
  const members = scanDocument(json)
  expect(members).toEqual(judge(text))
  for (const [index, property] of (parseTree(text)?.children ?? []).entries()) {
    const value = property.children?.[1]
    const member = members[index]
    if (!value || !member) throw new Error("missing")
    if (value.type === "array") expect(scanArray(json, member.value.start)).toEqual((value.children ?? []).map(span))
    if (value.type !== "object") continue
    const inner = scanObject(json, member.value.start)
    expect(inner.map((each) => each.value)).toEqual((value.children ?? []).map((each) => span(each.children![1]!)))
  }
}

function refusalOf(text: string): Refusal {
  try {
    scanDocument(JsonText.from(text))
  } catch (error) {
    if (error instanceof Refusal) return error
    throw error
  }
  throw new Error(`accepted: ${text.slice(0, 80)}`)
}

describe("the scanner", () => {
  test("agrees with jsonc-parser on any object, however it is spaced", () => {
    const value = fc.jsonValue({ maxDepth: 6, noUnicodeString: false })
    const nasty = fc.stringMatching(/^["\\\u2028{}[\]:,é漢\n]*$/)
    const object = fc.dictionary(fc.oneof(fc.string(), nasty, fc.constant("__proto__")), fc.oneof(value, nasty))
    fc.assert(
      fc.property(object, fc.constantFrom(undefined, 1, "\t", "\r\n "), (each, indent) => {
        compareAll(JSON.stringify(each, null, indent))
      }),
      { numRuns: 1000 },
    )
  })

  test("agrees with JSON.parse on what is an object at all, after any one character is changed", () => {
    const original = '{"a":[1,{"b":"c\\"d\\\\"}],"e":-1.5e+3,"f":null,"g":{},"h":"}{"}'
    const spare = fc.constantFrom("", '"', "\\", "{", "}", "[", "]", ",", ":", " ", "x", "0", "-")
    fc.assert(
      fc.property(fc.nat(original.length - 1), spare, (at, put) => {
        const text = original.slice(0, at) + put + original.slice(at + 1)
        let parsed: unknown
        try {
          parsed = JSON.parse(text)
        } catch {
          return // what JSON.parse refuses may pass: the scanner reads one level
        }
        const isObject = typeof parsed === "object" && parsed !== null && !Array.isArray(parsed)
        if (isObject) compareAll(text)
        else expect(refusalOf(text).status).toBe(400)
      }),
      { numRuns: 2000 },
    )
  })

  test("never does anything but answer or refuse, whatever the text", () => {
    const soup = fc.stringMatching(/^[{}[\]",:\\ a0\n]{0,60}$/)
    fc.assert(
      fc.property(fc.oneof(soup, fc.string()), (text) => {
        try {
          const json = JsonText.from(text)
          for (const member of scanDocument(json)) expect(member.value.end).toBeLessThanOrEqual(json.length)
        } catch (error) {
          expect(error).toBeInstanceOf(Refusal)
        }
      }),
      { numRuns: 3000 },
    )
  })

  test.skipIf(!haveFixtures)("agrees with jsonc-parser on every recorded request", () => {
    const bodies = loadFixtures().flatMap(({ request }) => request ?? [])
    expect(bodies.length).toBeGreaterThan(100)
    for (const body of bodies) compareAll(body.toString())
  })

  test("knows all duplicates, and the last one counts", () => {
    const members = scanDocument(JsonText.from('{"model":"a","x":1,"mod\\u0065l":"b"}'))
    expect(members.map((member) => member.key)).toEqual(["model", "x", "model"])
    expect(lastMember(members, "model")?.value).toEqual({ start: 32, end: 35 })
  })

  test("finds the end of a string behind any number of backslashes", () => {
    for (let count = 0; count < 9; count++) {
      const value = `${"\\".repeat(count)}"}`
      const text = JSON.stringify({ a: value, b: 1 })
      compareAll(text)
    }
  })

  test("a byte order mark before the body is no error", () => {
    expect(scanDocument(JsonText.from('\ufeff{"a":1}'))).toEqual([{ key: "a", start: 4, value: { start: 8, end: 9 } }])
  })

  test.each([
    ["", "a JSON object at character 1"],
    ["[]", "a JSON object at character 1"],
    ['"x"', "a JSON object at character 1"],
    ['{"a":1', "',' or '}' at character 7"],
    ['{"a" 1}', "':' at character 6"],
    ['{"a":}', "a value at character 6"],
    ['{"a":01}', "a value at character 6"],
    ['{"a":NaN}', "a value at character 6"],
    ['{"a":1,}', "a string key at character 8"],
    ["{a:1}", "a string key at character 2"],
    ['{"a":"b', "the end of a string at character 8"],
    ['{"a":[1,2}', "',' or '}' at character 11"],
    ['{"a":{"b":1}', "',' or '}' at character 13"],
    ['{"a":1} x', "nothing more at character 9"],
    ['{"\\x":1}', "a string key at character 2"],
    ['{"é漢😀":1}}', "nothing more at character 11"],
  ])("%s is refused, saying where", (text, where) => {
    const refusal = refusalOf(text)
    expect([refusal.status, refusal.type, refusal.code]).toEqual([400, "invalid_request", "invalid_json"])
    expect(refusal.message).toContain(where)
  })

  test(`${MAX_DEPTH} levels pass and one more is refused, quickly even where there are a million`, () => {
    const nest = (levels: number) => `{"a":${"[".repeat(levels - 1)}${"]".repeat(levels - 1)}}`
    expect(scanDocument(JsonText.from(nest(MAX_DEPTH)))).toHaveLength(1)
    expect(refusalOf(nest(MAX_DEPTH + 1)).code).toBe("json_too_deep")
    expect(refusalOf(nest(1_000_000)).code).toBe("json_too_deep")
    const objects = `${'{"a":'.repeat(MAX_DEPTH + 1)}1${"}".repeat(MAX_DEPTH + 1)}`
    expect(refusalOf(objects).code).toBe("json_too_deep")
  })
})
