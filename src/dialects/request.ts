/** What a request body asks for, read from its top level alone. What the model is told is not looked at here. */

import { type JsonObject, Refusal } from "../exchange.ts"
import type { JsonText } from "../json/json-text.ts"
import type { Endpoint } from "./endpoints.ts"
import { invalid } from "./fields.ts"
import { isEmptyArray, lastMember, type Member, scanDocument, scanObject, valueText } from "../json/scan.ts"
import type { Edit } from "./splice.ts"

export interface Asked {
  endpoint: Endpoint
  /** the body as it came */
  text: JsonText
  /** the model's public name */
  model: string
  stream: boolean
  /** a Chat or completions stream whose client asked for `stream_options.include_usage` itself */
  wantsUsage: boolean
  /** the body's top level, in order, duplicates included */
  members: readonly Member[]
  /** `text` is another one's with these edits: who has more to edit can do all in one go, and `text` is put together only where it is asked for */
  edited: { from: Asked; edits: readonly Edit[] } | null
}

/** @throws Refusal 400 for what no provider could answer: no JSON object, no model, nothing to work on */
export function readRequest(endpoint: Endpoint, text: JsonText): Asked {
  const members = scanDocument(text)
  const model = endpoint.model ?? readModel(text, members)
  const stream = endpoint.stream ?? readBoolean(text, members, "stream")
  requireContent(endpoint, text, members)
  const wantsUsage = stream && readsUsage(endpoint, text, members)
  return { endpoint, text, model, stream, wantsUsage, members, edited: null }
}

/** The whole body; a Refusal for one that is malformed further down than `readRequest` looks. */
export function parseBody({ text }: Pick<Asked, "text">): JsonObject {
  try {
    return JSON.parse(text.toString()) as JsonObject
  } catch (cause) {
    const message = "The request body is not valid JSON."
    throw new Refusal(400, "invalid_request", message, { code: "invalid_json", cause })
  }
}

function readModel(text: JsonText, members: readonly Member[]): string {
  const member = lastMember(members, "model")
  const model = member && text.string(member.value.start, member.value.end)
  if (!model) throw missing("model", ". GET /v1/models lists what it may be.")
  return model
}

function readBoolean(text: JsonText, members: readonly Member[], key: string): boolean {
  const member = lastMember(members, key)
  const value = member ? valueText(text, member) : "null"
  if (value === "true") return true
  if (value === "false" || value === "null") return false
  throw invalid(key, "must be true or false")
}

/** The members of which one must be there. */
function contentMembers(endpoint: Endpoint): readonly string[] {
  if (endpoint.operation === "completions") return ["prompt"]
  switch (endpoint.dialect) {
    case "anthropic":
      return ["messages"]
    case "openai-chat":
      // Cursor sends a Responses body to the Chat route
      return endpoint.operation === "embeddings" ? ["input"] : ["messages", "input"]
    case "openai-responses":
      // the input may be kept at the provider: a stored prompt, an earlier response, a conversation
      return ["input", "prompt", "previous_response_id", "conversation"]
    case "gemini":
      if (endpoint.operation === "count_tokens") return ["contents", "generateContentRequest"]
      return endpoint.operation === "embeddings" ? ["content", "requests"] : ["contents"]
  }
}

function requireContent(endpoint: Endpoint, text: JsonText, members: readonly Member[]): void {
  const names = contentMembers(endpoint)
  for (const name of names) {
    const member = lastMember(members, name)
    if (!member) continue
    const { start } = member.value
    if (text.startsWith("n", start)) continue // null: of all values it alone begins so
    if (isTurns(name)) {
      if (!text.startsWith("[", start)) throw invalid(name, "must be an array")
      if (isEmptyArray(text, start)) continue
    }
    return
  }
  throw missing(names[0]!)
}

function isTurns(name: string): boolean {
  return name === "messages" || name === "requests"
}

function readsUsage(endpoint: Endpoint, text: JsonText, members: readonly Member[]): boolean {
  if (endpoint.dialect !== "openai-chat") return false
  const options = lastMember(members, "stream_options")
  if (!options || !text.startsWith("{", options.value.start)) return false
  const usage = lastMember(scanObject(text, options.value.start), "include_usage")
  return usage !== null && text.startsWith("true", usage.value.start)
}

function missing(param: string, hint = ""): Refusal {
  const message = `Missing required parameter: ${param}${hint}`
  return new Refusal(400, "invalid_request", message, { code: "missing_parameter", param })
}
