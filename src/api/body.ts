/** A request's JSON body as every route of the API takes it (an object, no deeper than a model route's may be), and the refusal of what is wrong in it. */
import { type Json, type JsonObject, Refusal } from "../exchange.ts"

/** What is deeper could overflow the stack of whoever walks through it. */
const MAX_DEPTH = 200

/** `says` is a sentence that tells what to send. @throws Refusal 400 */
export function parseObject(text: string, says: string): JsonObject {
  let body: Json
  try {
    body = JSON.parse(text) as Json
  } catch {
    body = null // no JSON: refused below, like every other body that is no object
  }
  if (!isObject(body)) throw invalid("body", says)
  if (isDeeper(body, MAX_DEPTH))
    throw invalid("body", `The body nests deeper than ${MAX_DEPTH} levels. Send it flatter.`)
  return body
}

export const isObject = (value: Json | undefined): value is JsonObject =>
  typeof value === "object" && value !== null && !Array.isArray(value)

const isDeeper = (value: Json, levels: number): boolean =>
  typeof value === "object" &&
  value !== null &&
  (levels === 0 || Object.values(value).some((inner) => isDeeper(inner, levels - 1)))

/** `message` is a sentence that says what `param` may be. */
export const invalid = (param: string, message: string) =>
  new Refusal(400, "invalid_request", message, { code: "invalid_parameter", param })
