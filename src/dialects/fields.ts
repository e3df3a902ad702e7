/** Reading JSON that anybody may have written: each gives what was asked for, or null. Pure. */
import { type Json, type JsonObject, Refusal } from "../exchange.ts"

export const objectOf = (value: Json | undefined): JsonObject | null =>
  typeof value === "object" && value !== null && !Array.isArray(value) ? value : null

export const listOf = (value: Json | undefined): Json[] => (Array.isArray(value) ? value : [])

export const objectsOf = (value: Json | undefined): JsonObject[] =>
  listOf(value).filter((one): one is JsonObject => objectOf(one) !== null)

export const textOf = (value: Json | undefined): string | null => (typeof value === "string" ? value : null)

/** Null for the empty string too. */
export const wordOf = (value: Json | undefined): string | null =>
  typeof value === "string" && value !== "" ? value : null

export const numberOf = (value: Json | undefined): number | null => (typeof value === "number" ? value : null)

export const booleanOf = (value: Json | undefined): boolean | null => (typeof value === "boolean" ? value : null)

export const textsOf = (value: Json | undefined): string[] =>
  listOf(value).filter((one): one is string => typeof one === "string")

/** No request has a billion tokens; the ledger's sums have room for four billions a row. */
const MOST_TOKENS = 1e9

/** Token counts: whole and not negative. */
export const countOf = (value: Json | undefined): number | null =>
  Number.isInteger(value) && (value as number) >= 0 && (value as number) <= MOST_TOKENS ? (value as number) : null

/** The names of `body`'s members that say something and are not among `held`. */
export const unheldIn = (body: JsonObject, held: ReadonlySet<string>): string[] =>
  Object.keys(body).filter((name) => !held.has(name) && body[name] !== null)

export function invalid(param: string, what: string): Refusal {
  return new Refusal(400, "invalid_request", `Invalid parameter: ${param} ${what}.`, {
    code: "invalid_parameter",
    param,
  })
}

/** `data:image/png;base64,…` as its parts; null for any other URL. */
export function dataUrl(url: string): { mime: string; data: string } | null {
  if (!url.startsWith("data:")) return null
  const comma = url.indexOf(",")
  const head = url.slice(5, comma)
  if (comma < 0 || !head.endsWith(";base64")) return null
  return { mime: head.slice(0, -7).split(";", 1)[0] || "application/octet-stream", data: url.slice(comma + 1) }
}

/** Compact JSON, as a call's arguments are written; a string is taken for JSON already. */
export const jsonText = (value: Json | undefined): string =>
  value === undefined ? "" : typeof value === "string" ? value : JSON.stringify(value)

/** A call's arguments as the object that some dialects want; what is no object is put into one. */
export function argumentsObject(args: string): JsonObject {
  if (args.trim() === "") return {}
  try {
    const value = JSON.parse(args) as Json
    return objectOf(value) ?? { input: value }
  } catch {
    return { input: args } // what a model wrote in a hurry: kept, for the model to see
  }
}

/** A call's arguments where JSON is due. */
export function argumentsJson(args: string): string {
  if (args.trim() === "") return "{}"
  try {
    JSON.parse(args)
    return args
  } catch {
    return JSON.stringify({ input: args })
  }
}
