/** A whole Chat completion, read; and the errors of it and of its streams. */
import type { ErrorType, Json, JsonObject } from "../../exchange.ts"
import { numberOf, objectOf, objectsOf, textOf, wordOf } from "../fields.ts"
import type { FormAnswer, Part, ProviderError } from "../form.ts"
import { readCall } from "./calls.ts"
import { readFinish, settleFinish } from "./finish.ts"
import { readImage } from "./media.ts"
import { readReasoning } from "./reasoning.ts"
import { readUsage } from "./usage.ts"

export function readAnswer(body: JsonObject): FormAnswer {
  const choice = objectsOf(body["choices"])[0] ?? {}
  const message = objectOf(choice["message"]) ?? {}
  const parts = readParts(message)
  const said = wordOf(choice["finish_reason"])
  const usage = objectOf(body["usage"]) ?? objectOf(objectOf(body["x_groq"])?.["usage"])
  return {
    id: wordOf(body["id"]),
    model: wordOf(body["model"]),
    parts,
    finish: settleFinish(
      said === null ? "stop" : readFinish(said),
      parts.some(({ kind }) => kind === "call"),
      parts.some(({ kind }) => kind === "refusal"),
    ),
    rawFinish: said,
    stopSequence: null,
    usage: usage && readUsage(usage),
    serviceTier: wordOf(body["service_tier"]),
  }
}

/** Cloudflare gives the content of a structured answer as a value. */
function readParts(message: JsonObject): Part[] {
  const parts: Part[] = readReasoning(message)
  const { content } = message
  if (typeof content === "string") {
    if (content !== "") parts.push({ kind: "text", text: content })
  } else if (objectOf(content)) parts.push({ kind: "text", text: JSON.stringify(content) })
  else for (const part of objectsOf(content)) parts.push(...readPart(part))
  const refusal = wordOf(message["refusal"])
  if (refusal) parts.push({ kind: "refusal", text: refusal })
  parts.push(...objectsOf(message["images"]).map(readImage))
  const old = objectOf(message["function_call"])
  if (old) parts.push(readCall({ function: old }))
  for (const call of objectsOf(message["tool_calls"])) parts.push(readCall(call))
  return parts
}

/** Mistral's content lists. */
function readPart(part: JsonObject): Part[] {
  const thoughts = objectsOf(part["thinking"]).map((one) => textOf(one["text"]) ?? "")
  if (thoughts.length > 0) return [{ kind: "reasoning", text: thoughts.join(""), signature: null, redacted: false }]
  const text = textOf(part["text"])
  return text ? [{ kind: "text", text }] : []
}

/** OpenAI's words for errors, and those of servers that speak its dialect. */
const TYPES: readonly (readonly [pattern: RegExp, type: ErrorType])[] = [
  [/insufficient_quota|rate_limit|too_many_requests|tokens_exceeded/, "rate_limit"],
  [/invalid_api_key|authentication/, "authentication"],
  [/permission|forbidden/, "permission"],
  [/not_found/, "not_found"],
  [/overloaded|engine_overloaded/, "overloaded"],
  [/unavailable/, "unavailable"],
  [/timeout/, "timeout"],
  [/invalid|context_length|bad_request|unsupported|failed_generation|tool_use_failed/, "invalid_request"],
]

/** Gateways put HTTP statuses into `code`. */
const STATUSES: Readonly<Record<number, ErrorType>> = {
  400: "invalid_request",
  401: "authentication",
  402: "rate_limit",
  403: "permission",
  404: "not_found",
  408: "timeout",
  413: "too_large",
  422: "invalid_request",
  429: "rate_limit",
  503: "unavailable",
  529: "overloaded",
}

/** OpenRouter's, of a model that broke down while it spoke. */
function choiceError(body: JsonObject): Json | undefined {
  const { choices } = body
  return Array.isArray(choices) ? objectOf(choices[0])?.["error"] : undefined
}

/** `{error: {message, type, code}}`, `{error: "words"}`, or vLLM's `{object: "error", message}`. */
export function readError(body: Json): ProviderError | null {
  const object = objectOf(body)
  if (!object) return null
  const error = object["object"] === "error" ? object : (object["error"] ?? choiceError(object))
  if (typeof error === "string" && error !== "") return { type: "upstream", message: error, code: null }
  const said = objectOf(error)
  if (!said) return null
  const code = wordOf(said["code"]) ?? (numberOf(said["code"]) === null ? null : String(said["code"]))
  const words = `${code ?? ""} ${wordOf(said["type"]) ?? ""}`
  const type = STATUSES[Number(code)] ?? TYPES.find(([pattern]) => pattern.test(words))?.[1] ?? "upstream"
  return { type, message: textOf(said["message"]) ?? JSON.stringify(said), code }
}
