/** A function's parameters as OpenAI takes them. Pure. */
import type { JsonObject } from "../exchange.ts"

/** "schema must be a JSON Schema of 'type: \"object\"', got 'type: \"None\"'"; and an object's members are not left out: "object schema missing properties". */
export function objectSchema(schema: JsonObject | null): JsonObject {
  if (schema?.["type"] === "object" && schema["properties"] !== undefined) return schema
  return { ...schema, type: "object", properties: schema?.["properties"] ?? {} }
}
