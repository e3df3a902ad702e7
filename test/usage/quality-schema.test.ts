/** The schema check against ajv, on arbitrary schemas of the keywords it knows, and on what would break others. */
import { expect, test } from "bun:test"
import Ajv from "ajv"
import * as fc from "fast-check"
import type { Json } from "../../src/exchange.ts"
import { meetsSchema } from "../../src/usage/quality-schema.ts"

const name = fc.constantFrom("a", "b", "c")
const size = fc.nat(3)
const leaf = fc.oneof(
  fc.integer({ min: -5, max: 5 }),
  fc.constantFrom(0.5, 1.5),
  fc.boolean(),
  fc.constantFrom("", "a", "bcd", "é"),
  fc.constant(null),
)
const { value } = fc.letrec<{ value: Json }>((tie) => ({
  value: fc.oneof(
    { depthSize: "small", withCrossShrink: true },
    leaf,
    fc.array(tie("value"), { maxLength: 3 }),
    fc.dictionary(name, tie("value"), { noNullPrototype: true, maxKeys: 3 }),
  ),
}))
const { schema } = fc.letrec<{ schema: Json }>((tie) => ({
  schema: fc.oneof(
    { depthSize: "small", withCrossShrink: true },
    fc.constant({}),
    fc.boolean(),
    fc.record(
      {
        type: fc.constantFrom("string", "number", "integer", "boolean", "null", "array", "object"),
        enum: fc.uniqueArray(leaf, { minLength: 1, maxLength: 3 }),
        const: leaf,
        minimum: fc.integer({ min: -3, max: 3 }),
        exclusiveMaximum: fc.integer({ min: -3, max: 3 }),
        minLength: size,
        maxLength: size,
        minItems: size,
        maxItems: size,
        minProperties: size,
        required: fc.uniqueArray(name, { maxLength: 2 }),
        properties: fc.dictionary(name, tie("schema"), { noNullPrototype: true, maxKeys: 3 }),
        additionalProperties: tie("schema"),
        items: tie("schema"),
        anyOf: fc.array(tie("schema"), { minLength: 1, maxLength: 3 }),
        oneOf: fc.array(tie("schema"), { minLength: 1, maxLength: 3 }),
        allOf: fc.array(tie("schema"), { minLength: 1, maxLength: 2 }),
        not: tie("schema"),
      },
      { requiredKeys: [], noNullPrototype: true },
    ) as fc.Arbitrary<Json>,
  ),
}))

test("it agrees with ajv", () => {
  const ajv = new Ajv({ strict: false, validateSchema: false })
  fc.assert(
    fc.property(schema, fc.array(value, { minLength: 1, maxLength: 5 }), (one, values) => {
      const judge = ajv.compile(one as object | boolean)
      for (const given of values) expect(meetsSchema(given, one)).toBe(judge(given))
    }),
    { numRuns: 100 },
  )
})

test("references within the schema are followed, and their circles end", () => {
  const list: Json = {
    $defs: {
      node: { type: "object", required: ["v"], properties: { v: { type: "integer" }, next: { $ref: "#/$defs/node" } } },
    },
    $ref: "#/$defs/node",
  }
  expect(meetsSchema({ v: 1, next: { v: 2 } }, list)).toBe(true)
  expect(meetsSchema({ v: 1, next: { v: "2" } }, list)).toBe(false)
  expect(meetsSchema(1, { $ref: "#" })).toBe(true)
  expect(meetsSchema(1, { $ref: "https://example.com/schema" })).toBe(true)
})

test("Gemini's and OpenAPI's ways are understood", () => {
  const gemini: Json = { type: "OBJECT", properties: { a: { type: "STRING", nullable: true } }, required: ["a"] }
  expect(meetsSchema({ a: null }, gemini)).toBe(true)
  expect(meetsSchema({ a: 1 }, gemini)).toBe(false)
  expect(meetsSchema({}, gemini)).toBe(false)
})

test("no schema makes it throw or hang", () => {
  for (const odd of [
    null,
    7,
    "x",
    [],
    { type: 7 },
    { enum: "x" },
    { required: "a" },
    { properties: [] },
    { items: 3 },
    { minLength: "x" },
  ] as Json[])
    for (const given of [null, 1, "a", [1], { a: 1 }] as Json[]) expect(() => meetsSchema(given, odd)).not.toThrow()
  expect(meetsSchema("a".repeat(50_000), { type: "string", pattern: "^(a+)+$b" })).toBe(true)
  expect(meetsSchema({ a: 1 }, { properties: { __proto__: false } as never, required: ["toString"] })).toBe(false)
})
