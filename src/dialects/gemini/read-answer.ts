/** A whole GenerateContentResponse, read; and the errors of it and of its streams. https://cloud.google.com/apis/design/errors */
import type { ErrorType, Json, JsonObject } from "../../exchange.ts"
import { listOf, numberOf, objectOf, objectsOf, textOf, wordOf } from "../fields.ts"
import type { FormAnswer, ProviderError } from "../form.ts"
import { readFinish } from "./finish.ts"
import { joined, readPart } from "./parts.ts"
import { readUsage } from "./usage.ts"

export function readAnswer(body: JsonObject): FormAnswer {
  const candidate = objectsOf(body["candidates"])[0] ?? null
  const parts = joined(partsOf(candidate).map(readPart))
  const raw = wordOf(candidate?.["finishReason"])
  const blocked = wordOf(objectOf(body["promptFeedback"])?.["blockReason"])
  const usage = objectOf(body["usageMetadata"])
  const hasCalled = parts.some((part) => part.kind === "call")
  return {
    id: wordOf(body["responseId"]),
    model: wordOf(body["modelVersion"]),
    parts,
    finish: blocked !== null ? "filtered" : readFinish(raw ?? "STOP", hasCalled),
    rawFinish: blocked ?? raw,
    stopSequence: null,
    usage: usage && readUsage(usage),
    serviceTier: null,
  }
}

export const partsOf = (candidate: JsonObject | null) => objectsOf(objectOf(candidate?.["content"])?.["parts"])

const TYPES: Readonly<Record<string, ErrorType>> = {
  INVALID_ARGUMENT: "invalid_request",
  FAILED_PRECONDITION: "invalid_request",
  OUT_OF_RANGE: "invalid_request",
  UNAUTHENTICATED: "authentication",
  PERMISSION_DENIED: "permission",
  NOT_FOUND: "not_found",
  RESOURCE_EXHAUSTED: "rate_limit",
  DEADLINE_EXCEEDED: "timeout",
  UNAVAILABLE: "unavailable",
}

/** Streams without `alt=sse` put the error into an array. */
export function readError(body: Json): ProviderError | null {
  const error = objectOf(objectOf(Array.isArray(body) ? listOf(body)[0] : body)?.["error"])
  if (!error) return null
  const status = wordOf(error["status"])
  const code = numberOf(error["code"])
  return {
    type: TYPES[status ?? ""] ?? (code === 429 ? "rate_limit" : code === 503 ? "unavailable" : "upstream"),
    message: textOf(error["message"]) ?? JSON.stringify(error),
    code: status,
  }
}
