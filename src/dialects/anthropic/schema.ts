/** JSON Schemas as Anthropic takes them. */
import type { Json, JsonObject } from "../../exchange.ts"
import { objectOf, objectsOf } from "../fields.ts"

/** "tools.0.custom.input_schema.type: Field required"; "input_schema does not support oneOf, allOf, or anyOf at the top level": their properties are all there are. */
export function objectSchema(schema: JsonObject | null): JsonObject {
  if (schema === null) return { type: "object", properties: {} }
  const { anyOf, oneOf, allOf, ...rest } = schema
  const variants = [anyOf, oneOf, allOf].flatMap((list) => objectsOf(list))
  if (schema["type"] === "object" && variants.length === 0) return schema
  const properties = Object.assign(
    {},
    ...variants.map((one) => objectOf(one["properties"])),
    objectOf(rest["properties"]),
  )
  return { ...rest, type: "object", properties }
}

/** What structured outputs know; every other keyword is told in the description, as Anthropic's own SDKs do (`transformJSONSchema`). */
const KNOWN: ReadonlySet<string> = new Set(
  "type properties required items enum const anyOf allOf $ref $defs definitions title description default".split(" "),
)
const FORMATS: ReadonlySet<string> = new Set(
  "date-time time date duration email hostname uri ipv4 ipv6 uuid".split(" "),
)

/** "For 'object' type, 'additionalProperties' must be explicitly set to false." https://docs.anthropic.com/en/docs/build-with-claude/structured-outputs */
export function closedObjects(schema: JsonObject): JsonObject {
  const closed: JsonObject = {}
  const told: string[] = []
  for (const [name, value] of Object.entries(schema)) {
    if (NAMED.has(name)) closed[name] = closedEach(value)
    else if (name === "oneOf") closed["anyOf"] = close(value)
    else if (LITERAL.has(name)) closed[name] = value
    else if (KNOWN.has(name) || isKnown(name, value)) closed[name] = close(value)
    else if (name !== "$schema" && name !== "additionalProperties") told.push(`${name}: ${JSON.stringify(value)}`)
  }
  if (schema["type"] === "object" || schema["properties"]) closed["additionalProperties"] = false
  if (told.length > 0) closed["description"] = [closed["description"] ?? [], `{${told.join(", ")}}`].flat().join("\n\n")
  return closed
}

const isKnown = (name: string, value: Json) =>
  (name === "format" && typeof value === "string" && FORMATS.has(value)) ||
  (name === "minItems" && (value === 0 || value === 1))

/** Here keys are names of the author's choosing, not keywords; and here values are data. */
const NAMED: ReadonlySet<string> = new Set(["properties", "$defs", "definitions"])
const LITERAL: ReadonlySet<string> = new Set(["enum", "const", "default", "required"])

function closedEach(value: Json): Json {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return value
  return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, close(one)]))
}

function close(value: Json): Json {
  if (Array.isArray(value)) return value.map(close)
  return typeof value === "object" && value !== null ? closedObjects(value) : value
}
