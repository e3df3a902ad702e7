/** Reads OpenAI Responses answers, streamed or whole. */
import { readUsage } from "../dialects/openai-responses/usage.ts"
import type { Json, JsonObject } from "../exchange.ts"
import {
  addSpeech,
  addText,
  countCall,
  errorWord,
  keepCall,
  list,
  pauseSpeech,
  record,
  setArguments,
  type Tally,
  word,
} from "./meter-tally.ts"

/** The calls the client answers. Web and file search, the code interpreter, MCP and image generation run at the provider. */
const CLIENT_CALLS = new Set([
  "function_call",
  "custom_tool_call",
  "local_shell_call",
  "shell_call",
  "apply_patch_call",
  "computer_call",
])

/** https://platform.openai.com/docs/api-reference/responses-streaming; an event without a known `type` is taken for a whole answer. */
export function readResponses(tally: Tally, event: JsonObject): void {
  const { type, delta } = event
  if (typeof type !== "string") return readWhole(tally, event)
  if (type === "response.output_text.delta") return addSpeech(tally, delta)
  if (type.endsWith(".delta")) {
    if (type === "response.refusal.delta") tally.refused = true
    if (type !== "response.audio.delta") addText(tally, delta) // audio is base64, its words come as a transcript
    return
  }
  switch (type) {
    case "response.output_item.added":
      if (isClientCall(event["item"])) countCall(tally)
      else pauseSpeech(tally)
      return
    case "response.output_item.done":
      return keepItem(tally, record(event["item"]))
    case "response.created":
    case "response.in_progress":
    case "response.queued":
      return readHead(tally, record(event["response"]))
    case "response.completed":
    case "response.incomplete":
    case "response.failed":
    case "response.cancelled":
      tally.terminal = true
      return readWhole(tally, record(event["response"]))
    case "error":
      tally.errorType = errorWord(record(event["error"]) ?? { code: event["code"] ?? null })
  }
}

function readHead(tally: Tally, response: JsonObject | null): void {
  tally.model = word(response?.["model"]) ?? tally.model
  tally.serviceTier = word(response?.["service_tier"]) ?? tally.serviceTier
}

/** The finish reason is why it is incomplete (`max_output_tokens`), else the status. */
function readWhole(tally: Tally, response: JsonObject | null): void {
  if (!response) return
  readHead(tally, response)
  const said = record(response["usage"])
  const output = list(response["output"])
  tally.usage = (said && readUsage(said)) ?? tally.usage
  noteSearches(tally, output)
  tally.finishReason =
    word(record(response["incomplete_details"])?.["reason"]) ?? word(response["status"]) ?? tally.finishReason
  if (response["error"]) tally.errorType = errorWord(response["error"])
  tally.toolCalls = Math.max(tally.toolCalls, output.filter(isClientCall).length)
  if (tally.toolCalls > 0) tally.started = true
  if (tally.calls.length === 0) for (const item of output) keepItem(tally, record(item))
  if (tally.outputChars === 0) for (const item of output) readItem(tally, record(item))
}

/**
 * "Search actions incur a tool call cost"; opening a page and looking through it do not.
 * https://platform.openai.com/docs/guides/tools-web-search
 */
function noteSearches(tally: Tally, output: readonly Json[]): void {
  const searches = output.filter((value) => {
    const item = record(value)
    return item?.["type"] === "web_search_call" && (record(item["action"])?.["type"] ?? "search") === "search"
  }).length
  if (searches > 0 && tally.usage) tally.usage.webSearches = searches
}

/** Tool search may be asked of either side. */
function isClientCall(value: Json | undefined): boolean {
  const item = record(value)
  const type = item?.["type"]
  return (
    typeof type === "string" &&
    (CLIENT_CALLS.has(type) || (type === "tool_search_call" && item?.["execution"] === "client"))
  )
}

/** Only function calls have JSON as arguments; shells and patches have fields of their own. */
function keepItem(tally: Tally, item: JsonObject | null): void {
  if (!item || !isClientCall(item)) return
  const { type, name, call_id, input, action, operation } = item
  const call = keepCall(tally, call_id, name ?? type, type === "function_call")
  const given = item["arguments"] ?? input ?? action ?? operation ?? ""
  if (call) setArguments(call, typeof given === "string" ? given : JSON.stringify(given))
}

function readItem(tally: Tally, item: JsonObject | null): void {
  if (item?.["type"] === "message") pauseSpeech(tally)
  for (const part of [...list(item?.["content"]), ...list(item?.["summary"])]) {
    const said = record(part)
    if (said?.["type"] === "output_text") addSpeech(tally, said["text"])
    else addText(tally, said?.["text"] ?? said?.["refusal"] ?? said?.["transcript"])
    if (said?.["type"] === "refusal") tally.refused = true
  }
  addText(tally, item?.["arguments"] ?? item?.["input"] ?? item?.["code"])
}
