/** A whole Response, read; and the errors of it and of its streams. */
import type { ErrorType, Json, JsonObject } from "../../exchange.ts"
import { objectOf, objectsOf, textOf, wordOf } from "../fields.ts"
import type { FinishReason, FormAnswer, ProviderError } from "../form.ts"
import { readError as readChatError } from "../openai-chat/read-answer.ts"
import { readOutput } from "./items.ts"
import { readUsage } from "./usage.ts"

export function readAnswer(body: JsonObject): FormAnswer {
  const parts = objectsOf(body["output"]).flatMap(readOutput)
  const usage = objectOf(body["usage"])
  return {
    id: wordOf(body["id"]),
    model: wordOf(body["model"]),
    parts,
    ...readFinish(
      body,
      parts.some((part) => part.kind === "call"),
      parts.some((part) => part.kind === "refusal"),
    ),
    stopSequence: null,
    usage: usage && readUsage(usage),
    serviceTier: wordOf(body["service_tier"]),
  }
}

/** The finish reason is why it is incomplete, else what it holds. */
export function readFinish(
  response: JsonObject,
  hasCalled: boolean,
  hasRefused: boolean,
): { finish: FinishReason; rawFinish: string | null } {
  const why = wordOf(objectOf(response["incomplete_details"])?.["reason"])
  if (why === "content_filter") return { finish: "filtered", rawFinish: why }
  if (why !== null || response["status"] === "incomplete") return { finish: "length", rawFinish: why }
  return { finish: hasCalled ? "calls" : hasRefused ? "refusal" : "stop", rawFinish: wordOf(response["status"]) }
}

const TYPES: Readonly<Record<string, ErrorType>> = {
  server_error: "upstream",
  rate_limit_exceeded: "rate_limit",
  insufficient_quota: "rate_limit",
  invalid_prompt: "invalid_request",
  context_length_exceeded: "invalid_request",
  server_is_overloaded: "overloaded",
  slow_down: "overloaded",
}

/** An HTTP error's body is Chat's; a failed response has its error inside; a stream's is an event of its own. */
export function readError(body: Json): ProviderError | null {
  const object = objectOf(body)
  if (!object) return null
  const response = objectOf(object["response"]) ?? object
  if (object["type"] === "error" && !objectOf(object["error"])) return errorOf(object)
  if (object["type"] === "error" || response["object"] !== "response") return readChatError(object)
  const inside = objectOf(response["error"])
  if (inside) return errorOf(inside)
  return response["status"] === "failed"
    ? { type: "upstream", message: "The provider's response failed.", code: null }
    : null
}

function errorOf(error: JsonObject): ProviderError {
  const code = wordOf(error["code"])
  return { type: TYPES[code ?? ""] ?? "upstream", message: textOf(error["message"]) ?? JSON.stringify(error), code }
}
