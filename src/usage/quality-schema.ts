/**
 * Whether a value meets a JSON schema, as far as a model's mistakes go: types, names, choices, sizes. It runs on schemas and values that strangers wrote, in the
 * serving process: `pattern` and `format` are not looked at, since a regular expression can take for ever, and no keyword makes it throw.
 */
import type { Json, JsonObject } from "../exchange.ts"

/** Deeper, a schema that refers to itself is taken to be met. */
const MOST_DEPTH = 32

/** JSON Schema 2020-12 (https://json-schema.org/draft/2020-12/json-schema-validation), and OpenAPI's `nullable` and Gemini's upper-case types. */
export const meetsSchema = (value: Json, schema: Json): boolean => meets(value, schema, schema, 0)

function meets(value: Json, schema: Json | undefined, root: Json, depth: number): boolean {
  if (schema === false) return false
  if (!isObject(schema) || depth > MOST_DEPTH) return true
  if (value === null && schema["nullable"] === true) return true
  const also = (one: Json | undefined) => meets(value, one, root, depth + 1)
  const { type, enum: choices, anyOf, oneOf, allOf, not, $ref } = schema
  if (type !== undefined && !hasType(value, type)) return false
  if (Array.isArray(choices) && !choices.some((one) => isSame(one, value))) return false
  if (schema["const"] !== undefined && !isSame(schema["const"], value)) return false
  if (typeof $ref === "string" && !also(resolve($ref, root))) return false
  if (Array.isArray(allOf) && !allOf.every(also)) return false
  if (Array.isArray(anyOf) && !anyOf.some(also)) return false
  if (Array.isArray(oneOf) && oneOf.filter(also).length !== 1) return false
  if (not !== undefined && also(not)) return false
  if (typeof value === "number") return isWithin(value, schema)
  if (typeof value === "string") return hasSize([...value].length, schema["minLength"], schema["maxLength"])
  if (Array.isArray(value)) return meetsList(value, schema, root, depth)
  return value === null || typeof value === "boolean" || meetsObject(value, schema, root, depth)
}

function meetsObject(value: JsonObject, schema: JsonObject, root: Json, depth: number): boolean {
  const { required, properties, additionalProperties } = schema
  const known = isObject(properties) ? properties : {}
  if (Array.isArray(required) && required.some((name) => typeof name === "string" && !Object.hasOwn(value, name)))
    return false
  // What matches a pattern is no additional property, and patterns are not looked at.
  const others = schema["patternProperties"] === undefined ? additionalProperties : undefined
  const names = Object.keys(value)
  if (!hasSize(names.length, schema["minProperties"], schema["maxProperties"])) return false
  return names.every((name) => meets(value[name]!, Object.hasOwn(known, name) ? known[name] : others, root, depth + 1))
}

function meetsList(value: Json[], schema: JsonObject, root: Json, depth: number): boolean {
  const { items, prefixItems } = schema
  if (!hasSize(value.length, schema["minItems"], schema["maxItems"])) return false
  const first = Array.isArray(prefixItems) ? prefixItems : Array.isArray(items) ? items : []
  const rest = Array.isArray(items) ? schema["additionalItems"] : items
  return value.every((item, at) => meets(item, at < first.length ? first[at] : rest, root, depth + 1))
}

function isWithin(value: number, schema: JsonObject): boolean {
  const { minimum, maximum, exclusiveMinimum, exclusiveMaximum } = schema
  return (
    !(typeof minimum === "number" && value < minimum) &&
    !(typeof maximum === "number" && value > maximum) &&
    !(typeof exclusiveMinimum === "number" && value <= exclusiveMinimum) &&
    !(typeof exclusiveMaximum === "number" && value >= exclusiveMaximum)
  )
}

const hasSize = (size: number, least: Json | undefined, most: Json | undefined) =>
  !(size < Number(least ?? 0)) && !(size > Number(most ?? Infinity))

function hasType(value: Json, type: Json): boolean {
  if (Array.isArray(type)) return type.some((one) => hasType(value, one))
  switch (typeof type === "string" ? type.toLowerCase() : null) {
    case "string":
    case "number":
    case "boolean":
      return typeof value === (type as string).toLowerCase()
    case "integer":
      return Number.isInteger(value)
    case "null":
      return value === null
    case "array":
      return Array.isArray(value)
    case "object":
      return isObject(value)
    default:
      return true // TYPE_UNSPECIFIED, and what nobody knows
  }
}

/** `#` and `#/$defs/name`; what lies elsewhere is taken to be met. */
function resolve(reference: string, root: Json): Json | undefined {
  if (!reference.startsWith("#")) return undefined
  let found: Json | undefined = root
  for (const part of reference.slice(1).split("/").slice(1)) {
    const name = part.replaceAll("~1", "/").replaceAll("~0", "~")
    found = isObject(found) && Object.hasOwn(found, name) ? found[name] : undefined
  }
  return found
}

function isSame(one: Json, other: Json): boolean {
  if (one === other) return true
  if (Array.isArray(one) || Array.isArray(other))
    return (
      Array.isArray(one) &&
      Array.isArray(other) &&
      one.length === other.length &&
      one.every((item, at) => isSame(item, other[at]!))
    )
  if (!isObject(one) || !isObject(other)) return false
  const names = Object.keys(one)
  return (
    names.length === Object.keys(other).length &&
    names.every((name) => Object.hasOwn(other, name) && isSame(one[name]!, other[name]!))
  )
}

const isObject = (value: Json | undefined): value is JsonObject =>
  typeof value === "object" && value !== null && !Array.isArray(value)
