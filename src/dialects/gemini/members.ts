/** Google's JSON may be written in camelCase or snake_case: https://protobuf.dev/programming-guides/json/ . Here it is read as camelCase. Pure. */
import type { Json, JsonObject } from "../../exchange.ts"
import { objectOf, objectsOf } from "../fields.ts"

/** `object[name]`, in either spelling. */
export function member(object: JsonObject | null, name: string): Json | undefined {
  if (!object) return undefined
  const value = object[name]
  return value !== undefined ? value : object[name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)]
}

export const objectIn = (object: JsonObject | null, name: string): JsonObject | null => objectOf(member(object, name))

/** A repeated field's messages; its only one may stand without the list, as in Google's own examples (`"parts": {"text": …}`). */
export function objectsIn(object: JsonObject | null, name: string): JsonObject[] {
  const value = member(object, name)
  return objectsOf(value === undefined || Array.isArray(value) ? value : [value])
}
