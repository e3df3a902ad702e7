/** Reads Anthropic Messages answers, streamed or whole. */
import type { Json, JsonObject, Usage } from "../exchange.ts"
import {
  addArguments,
  addCall,
  addSpeech,
  addText,
  addWhole,
  count,
  errorWord,
  list,
  noUsage,
  pauseSpeech,
  record,
  type Tally,
  word,
} from "./meter-tally.ts"

/** https://docs.anthropic.com/en/api/messages-streaming; `message` is the whole answer of a request without `stream`. */
export function readAnthropic(tally: Tally, event: JsonObject): void {
  switch (event["type"]) {
    case "content_block_delta": {
      const delta = record(event["delta"])
      if (delta?.["text"] !== undefined) return addSpeech(tally, delta["text"])
      if (delta?.["partial_json"] !== undefined) return addArguments(tally, tally.open, delta["partial_json"])
      return addText(tally, delta?.["thinking"])
    }
    case "content_block_start":
      return readBlock(tally, record(event["content_block"]), false)
    case "message_start":
      tally.toolCalls = 0 // a second one begins the answer anew
      tally.speech = ""
      tally.calls = []
      return readMessage(tally, record(event["message"]))
    case "message_delta":
      tally.finishReason = word(record(event["delta"])?.["stop_reason"]) ?? tally.finishReason
      return mergeUsage(tally, record(event["usage"]))
    case "message_stop":
      tally.terminal = true
      return
    case "message":
      return readMessage(tally, event)
    case "error":
      tally.errorType = errorWord(event["error"] ?? null)
  }
}

function readMessage(tally: Tally, message: JsonObject | null): void {
  if (!message) return
  tally.model = word(message["model"]) ?? tally.model
  tally.finishReason = word(message["stop_reason"])
  mergeUsage(tally, record(message["usage"]))
  for (const block of list(message["content"])) readBlock(tally, record(block), true)
}

/** Tool calls are those the client answers (`tool_use`); `server_tool_use` and `mcp_tool_use` run at the provider. */
function readBlock(tally: Tally, block: JsonObject | null, isWhole: boolean): void {
  if (!block) return
  const { type, input } = block
  tally.open = null
  if (type === "text") {
    pauseSpeech(tally)
    return addSpeech(tally, block["text"])
  }
  addText(tally, block["text"] ?? block["thinking"])
  if (type === "tool_use") tally.open = addCall(tally, block["id"], block["name"])
  else if (type !== "server_tool_use" && type !== "mcp_tool_use") return
  tally.started = true
  const isEmpty = input === undefined || (!isWhole && JSON.stringify(input) === "{}")
  if (!isEmpty) addWhole(tally, tally.open, input)
}

/**
 * Usage is cumulative and repeated: what comes last counts and nothing is added up. `message_delta` may bring all of it or `output_tokens` alone; the input's parts
 * are taken together, since a gateway that estimated them at the start splits them anew, and parts that are all zero say nothing new.
 * `input_tokens` is here what was neither read from nor written to the cache.
 */
function mergeUsage(tally: Tally, said: JsonObject | null): void {
  if (!said) return
  tally.serviceTier = tiersOf(said, tally.serviceTier)
  const fresh = count(said["input_tokens"])
  const output = count(said["output_tokens"])
  if (fresh === null && output === null) return
  const usage = (tally.usage ??= noUsage())
  const cacheRead = count(said["cache_read_input_tokens"])
  const cacheWrite = count(said["cache_creation_input_tokens"])
  if ((fresh ?? 0) + (cacheRead ?? 0) + (cacheWrite ?? 0) > 0) takeInput(usage, fresh, cacheRead, cacheWrite)
  usage.cacheWrite1h = count(record(said["cache_creation"])?.["ephemeral_1h_input_tokens"]) ?? usage.cacheWrite1h
  usage.output = output ?? usage.output
  usage.reasoning = count(record(said["output_tokens_details"])?.["thinking_tokens"]) ?? usage.reasoning
  const searches = count(record(said["server_tool_use"])?.["web_search_requests"])
  if (searches) usage.webSearches = searches
  if (said["iterations"]) tally.apart = compactions(said["iterations"])
}

/** Inference within the US and fast mode have prices of their own, beside the tier's. https://platform.claude.com/docs/en/about-claude/pricing */
function tiersOf(said: JsonObject, before: string | null): string | null {
  const [tier = null, ...more] = before?.split(" ") ?? []
  const flags = new Set(more)
  if (said["inference_geo"] === "us") flags.add("us")
  if (said["speed"] === "fast") flags.add("fast")
  const name = word(said["service_tier"]) ?? tier
  return flags.size === 0 ? name : [name ?? "standard", ...flags].join(" ")
}

/**
 * What summarising the conversation took, billed but left out of the top-level counts (`compact_20260112`): "sum across all entries in the `usage.iterations`
 * array". Entries of type `message` are those counts again.
 */
function compactions(iterations: Json): Usage {
  const sum = noUsage()
  for (const item of list(iterations)) {
    const step = record(item)
    if (step?.["type"] !== "compaction") continue
    const cacheRead = count(step["cache_read_input_tokens"]) ?? 0
    const cacheWrite = count(step["cache_creation_input_tokens"]) ?? 0
    sum.input += (count(step["input_tokens"]) ?? 0) + cacheRead + cacheWrite
    sum.cacheRead += cacheRead
    sum.cacheWrite += cacheWrite
    sum.output += count(step["output_tokens"]) ?? 0
  }
  return sum
}

function takeInput(usage: Usage, fresh: number | null, cacheRead: number | null, cacheWrite: number | null): void {
  const freshBefore = usage.input - usage.cacheRead - usage.cacheWrite
  usage.cacheRead = cacheRead ?? usage.cacheRead
  usage.cacheWrite = cacheWrite ?? usage.cacheWrite
  usage.input = (fresh ?? freshBefore) + usage.cacheRead + usage.cacheWrite
}
