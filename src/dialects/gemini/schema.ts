/** Gemini's schemas (an OpenAPI subset with upper-case types) as JSON Schema. https://ai.google.dev/api/caching#Schema */
import type { Json, JsonObject } from "../../exchange.ts"
import { objectOf } from "../fields.ts"

/** Members of Gemini's own that no other provider knows: property order is that of the properties. */
const OWN: ReadonlySet<string> = new Set(["propertyOrdering", "property_ordering", "nullable", "example"])
/** Protobuf's JSON writes 64-bit integers as strings. */
const NUMBERS: ReadonlySet<string> = new Set(
  "minItems maxItems minLength maxLength minProperties maxProperties".split(" "),
)

export function jsonSchema(schema: JsonObject): JsonObject {
  const out: JsonObject = {}
  for (const [written, value] of Object.entries(schema)) {
    const name = written.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase())
    if (OWN.has(written)) continue
    if (name === "type") out["type"] = lowerCase(value)
    else if (name === "properties" || name === "$defs" || name === "defs") out[name] = eachOf(value)
    else if (name === "items" || name === "additionalProperties") out[name] = inner(value)
    else if (name === "anyOf" && Array.isArray(value)) out["anyOf"] = value.map(inner)
    else out[name] = NUMBERS.has(name) && typeof value === "string" ? Number(value) : value
  }
  if (schema["nullable"] === true && typeof out["type"] === "string") out["type"] = [out["type"], "null"]
  if (typeof out["format"] === "string" && out["format"] === "enum") delete out["format"]
  return out
}

const lowerCase = (type: Json): Json =>
  typeof type === "string" ? type.toLowerCase() : Array.isArray(type) ? type.map(lowerCase) : type

const inner = (value: Json): Json => {
  const object = objectOf(value)
  return object ? jsonSchema(object) : value
}

/** Keys are the author's names here, which may well be called like a keyword. */
function eachOf(value: Json): Json {
  const object = objectOf(value)
  return object ? Object.fromEntries(Object.entries(object).map(([name, one]) => [name, inner(one)])) : value
}
