/** JSON Schemas as Anthropic takes them. */
import type { Json, JsonObject } from "../../exchange.ts"

/** "tools.0.custom.input_schema.type: Field required"; unions at the top are refused too. */
export function objectSchema(schema: JsonObject | null): JsonObject {
  if (schema === null) return { type: "object", properties: {} }
  if (schema["type"] === "object" && !("anyOf" in schema) && !("oneOf" in schema) && !("allOf" in schema)) return schema
  const { anyOf: _, oneOf: __, allOf: ___, ...rest } = schema
  return { ...rest, type: "object" }
}

/** Structured outputs: "For 'object' type, 'additionalProperties' must be explicitly set to false". */
export function closedObjects(schema: JsonObject): JsonObject {
  const closed: JsonObject = {}
  for (const [name, value] of Object.entries(schema)) closed[name] = NAMED.has(name) ? closedEach(value) : close(value)
  if (schema["type"] === "object" || schema["properties"]) closed["additionalProperties"] = false
  return closed
}

/** Here keys are names of the author's choosing, not keywords. */
const NAMED: ReadonlySet<string> = new Set(["properties", "$defs", "definitions", "patternProperties"])

function closedEach(value: Json): Json {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return value
  return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, close(one)]))
}

function close(value: Json): Json {
  if (Array.isArray(value)) return value.map(close)
  return typeof value === "object" && value !== null ? closedObjects(value) : value
}
