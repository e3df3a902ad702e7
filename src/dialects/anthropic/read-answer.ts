/** A whole Anthropic message, read; and the errors of it and of its streams. https://docs.anthropic.com/en/api/errors */
import type { ErrorType, Json, JsonObject } from "../../exchange.ts"
import { objectOf, objectsOf, textOf, wordOf } from "../fields.ts"
import type { FormAnswer, ProviderError } from "../form.ts"
import { readBlock } from "./blocks.ts"
import { readFinish } from "./finish.ts"
import { readUsage } from "./usage.ts"

export function readAnswer(body: JsonObject): FormAnswer {
  const said = wordOf(body["stop_reason"])
  const usage = objectOf(body["usage"])
  const parts = objectsOf(body["content"]).map(readBlock)
  const hasCalled = parts.some((part) => part.kind === "call")
  return {
    id: wordOf(body["id"]),
    model: wordOf(body["model"]),
    parts,
    finish: readFinish(said ?? "end_turn", hasCalled),
    rawFinish: said,
    stopSequence: wordOf(body["stop_sequence"]),
    usage: usage && readUsage(usage, null),
    serviceTier: wordOf(usage?.["service_tier"]),
  }
}

const TYPES: Readonly<Record<string, ErrorType>> = {
  invalid_request_error: "invalid_request",
  authentication_error: "authentication",
  billing_error: "permission",
  permission_error: "permission",
  not_found_error: "not_found",
  request_too_large: "too_large",
  rate_limit_error: "rate_limit",
  timeout_error: "timeout",
  overloaded_error: "overloaded",
}

export function readError(body: Json): ProviderError | null {
  const object = objectOf(body)
  const error = objectOf(object?.["error"])
  if (!error || (object?.["type"] !== undefined && object["type"] !== "error")) return null
  const code = wordOf(error["type"])
  return { type: TYPES[code ?? ""] ?? "upstream", message: textOf(error["message"]) ?? JSON.stringify(error), code }
}
