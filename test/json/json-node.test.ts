/** What is read of a document by its nodes is what JSON.parse reads, long strings or not. */
import { describe, expect, test } from "bun:test"
import * as fc from "fast-check"
import type { Json, JsonObject } from "../../src/exchange.ts"
import { JsonNode } from "../../src/json/json-node.ts"
import { JsonText } from "../../src/json/json-text.ts"
import { haveFixtures, loadFixtures } from "../support/fixtures.ts"
import { nodeOf } from "../support/nodes.ts"

const parse = (json: string) => JsonNode.parse(JsonText.from(json))

/** Everything a node says, put together again. */
function readAll(node: JsonNode | null): Json {
  if (node === null) return null
  if (node.isString) {
    expect(node.utf8()!.toString()).toBe(node.string()!)
    expect(node.utf8()!.hash()).toBe(Bun.hash.wyhash(node.string()!))
    return node.string()
  }
  if (node.isList) return node.items().map(readAll)
  if (node.isObject) return Object.fromEntries(node.keys().map((key) => [key, readAll(node.get(key))]))
  return node.value()
}

function compare(json: string): void {
  const parsed = JSON.parse(json) as JsonObject
  const node = parse(json)
  expect(node!.value()).toEqual(parsed)
  expect(readAll(node)).toEqual(parsed)
}

const LONG = 2500
const long = (unit: string) => unit.repeat(Math.ceil(LONG / unit.length))
const said = fc.oneof(
  fc.string({ unit: "grapheme" }),
  fc.constantFrom("a", "é", "—“x”", "敏捷的", "😀", 'say "no" \\ \n', "\u0001", "{}[],:").map(long),
)

describe("a document's nodes", () => {
  test("say what JSON.parse says, of any object, however it is written", () => {
    const { tree } = fc.letrec((tie) => ({
      tree: fc.oneof({ maxDepth: 3 }, said, fc.double({ noNaN: true }), fc.boolean(), tie("list"), tie("object")),
      list: fc.array(tie("tree"), { maxLength: 4 }),
      object: fc.dictionary(fc.oneof(fc.string(), said), tie("tree"), { maxKeys: 4 }),
    }))
    const escaped = (json: string) =>
      json.replace(/[^\0-\x7f]/g, (code) => `\\u${code.charCodeAt(0).toString(16).padStart(4, "0")}`)
    fc.assert(
      fc.property(fc.dictionary(fc.string(), tree), fc.boolean(), (value, isEscaped) => {
        const json = JSON.stringify(value)
        compare(isEscaped ? escaped(json) : json)
      }),
      { numRuns: 300 },
    )
  })

  test.skipIf(!haveFixtures)("say what JSON.parse says of every recorded request", () => {
    const bodies = loadFixtures().flatMap(({ request }) => request ?? [])
    expect(bodies.length).toBeGreaterThan(100)
    for (const body of bodies) compare(body.toString())
  })

  test("a string with escaped characters among bytes is one text", () => {
    const text = parse(`{"a":"é\\u00e9\\u00c3\\u00a9${long("—")}"}`)!.get("a")!
    expect(text.utf8()!.toString()).toBe(`éé\u00c3\u00a9${long("—")}`)
    expect(text.utf8()!.indexOf("<")).toBe(-1)
  })

  test("the last of members alike counts, and null is none", () => {
    const node = parse(`{"a":1,"b":null,"\\u0061":"${long("x")}"}`)!
    expect(node.get("a")!.string()).toBe(long("x"))
    expect([node.get("b"), node.get("c")]).toEqual([null, null])
  })

  test("a word is told from others, and from what it is part of", () => {
    const node = nodeOf({ a: "user", b: ["user"], c: "users", d: long("user") })
    expect(["a", "b", "c", "d"].map((key) => node.get(key)!.is("user"))).toEqual([true, false, false, false])
  })

  test("of a malformed document there are none, and a bad escape in a long string is no string", () => {
    for (const json of ["", "[]", "3", '{"a":1', '{"a":{"b" 1}}', '{"a":"\\x"}', '\ufeff{"a":1}'])
      expect(parse(json)).toBeNull()
    const node = parse(`{"a":"${long("x")}\\x","b":1}`)!
    expect([node.get("a")!.string(), node.get("a")!.utf8(), node.get("b")!.value()]).toEqual([null, null, 1])
  })

  test("an object that looks like what stands for a long string is what it says, however its key is written", () => {
    for (const mark of ['{"held\u007f":0}', '{"held\\u007F":0}', '{"\\u0068eld\\u007f":0}']) {
      compare(`{"a":${mark}}`)
      compare(`{"a":${mark},"b":"${long("x")}"}`)
      compare(`{"b":"${long("—")}","a":${mark}}`)
    }
  })
})
