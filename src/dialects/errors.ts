/** A refusal as each dialect's clients expect it. Whether and when to refuse is not decided here. */

import { OVERFLOW, overflowWords } from "./context-overflow.ts"
import type { Dialect, ErrorType, JsonObject, Refusal } from "../exchange.ts"

/** OpenAI's `type`, its `code` where the refusal names none, Anthropic's `type`, google.rpc's status. */
type Names = readonly [openAi: string, code: string, anthropic: string, google: string]

/**
 * Anthropic: https://docs.anthropic.com/en/api/errors, google.rpc: https://cloud.google.com/apis/design/errors.
 * An upstream that is unavailable is no `overloaded_error`: that one says Anthropic itself is.
 */
const NAMES: Readonly<Record<ErrorType, Names>> = {
  invalid_request: ["invalid_request_error", "invalid_request", "invalid_request_error", "INVALID_ARGUMENT"],
  authentication: ["authentication_error", "invalid_api_key", "authentication_error", "UNAUTHENTICATED"],
  permission: ["permission_error", "permission_denied", "permission_error", "PERMISSION_DENIED"],
  not_found: ["not_found_error", "not_found", "not_found_error", "NOT_FOUND"],
  method_not_allowed: ["invalid_request_error", "method_not_allowed", "invalid_request_error", "INVALID_ARGUMENT"],
  timeout: ["timeout_error", "request_timeout", "timeout_error", "DEADLINE_EXCEEDED"],
  too_large: ["invalid_request_error", "request_too_large", "request_too_large", "INVALID_ARGUMENT"],
  unsupported_media: ["invalid_request_error", "unsupported_media_type", "invalid_request_error", "INVALID_ARGUMENT"],
  rate_limit: ["rate_limit_error", "rate_limit_exceeded", "rate_limit_error", "RESOURCE_EXHAUSTED"],
  unavailable: ["service_unavailable_error", "service_unavailable", "api_error", "UNAVAILABLE"],
  overloaded: ["service_unavailable_error", "overloaded", "overloaded_error", "UNAVAILABLE"],
  upstream: ["api_error", "upstream_error", "api_error", "UNAVAILABLE"],
  internal: ["internal_error", "internal_error", "api_error", "INTERNAL"],
}

/** Null dialect: a route of no provider, answered in OpenAI's shape. The body is one line of JSON. */
export function renderError(
  dialect: Dialect | null,
  refusal: Refusal,
  requestId: string,
): { status: number; body: string } {
  const status = statusIn(dialect, refusal)
  return { status, body: JSON.stringify(errorBody(dialect, refusal, status, requestId)) }
}

/** The same after the first byte: whole SSE events, to be written between events, with nothing after them (no `[DONE]`). */
export function renderErrorEvent(dialect: Dialect, refusal: Refusal, requestId: string): string {
  const body = errorBody(dialect, refusal, statusIn(dialect, refusal), requestId)
  if (dialect === "anthropic") return event("error", body)
  if (dialect !== "openai-responses") return `data: ${JSON.stringify(body)}\n\n`
  const { origin } = refusal
  const code = refusal.code ?? NAMES[refusal.type][1]
  const error = { code, message: wordsFor(dialect, refusal), origin }
  // Codex asks again for ever unless the stream ends with one of Responses' own endings
  const response = { id: `resp_${requestId}`, object: "response", status: "failed", output: [], error }
  return (
    event("error", { type: "error", ...error, param: refusal.param, request_id: requestId, sequence_number: 0 }) +
    event("response.failed", { type: "response.failed", response, sequence_number: 1 })
  )
}

function event(name: "error" | "response.failed", data: JsonObject): string {
  return `event: ${name}\ndata: ${JSON.stringify(data)}\n\n`
}

/** LiteLLM's and LiteLLM Memory Proxy's clients know timeouts as 408; 529 is Anthropic's own number. */
function statusIn(dialect: Dialect | null, refusal: Refusal): number {
  if (refusal.type === "timeout") return dialect === "anthropic" || dialect === "gemini" ? 504 : 408
  if (refusal.type === "overloaded") return dialect === "anthropic" ? 529 : 503
  return refusal.status
}

function errorBody(dialect: Dialect | null, refusal: Refusal, status: number, requestId: string): JsonObject {
  const { origin, param } = refusal
  const message = wordsFor(dialect, refusal)
  const [type, code, anthropicType, googleStatus] = NAMES[refusal.type]
  if (dialect === "anthropic") {
    return { type: "error", error: { type: anthropicType, message, origin }, request_id: requestId }
  }
  if (dialect === "gemini") {
    const error: JsonObject = { code: status, message, status: googleStatus, origin, request_id: requestId }
    const details = retryInfo(refusal)
    return { error: details ? { ...error, details } : error }
  }
  return { error: { message, type, param, code: refusal.code ?? code, origin, request_id: requestId } }
}

/** A provider's own words, but where programs look for their own provider's. */
const wordsFor = (dialect: Dialect | null, { code, message, origin }: Refusal): string =>
  code === OVERFLOW && origin === "upstream" ? overflowWords(dialect, message) : message

/** Gemini's clients look for the pause in the body: https://cloud.google.com/apis/design/errors#retry_info */
function retryInfo(refusal: Refusal): JsonObject[] | null {
  const milliseconds = refusal.headers["retry-after-ms"]
  const seconds = Number(refusal.headers["retry-after"] ?? (milliseconds ? Number(milliseconds) / 1000 : Number.NaN))
  if (!(seconds >= 0)) return null
  return [{ "@type": "type.googleapis.com/google.rpc.RetryInfo", retryDelay: `${seconds}s` }]
}
