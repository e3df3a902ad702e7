/** Reads Anthropic Messages answers, streamed or whole. */
import { compactedUsage, readUsage } from "../dialects/anthropic/usage.ts"
import type { JsonObject } from "../exchange.ts"
import {
  addArguments,
  addCall,
  addSpeech,
  addText,
  addWhole,
  errorWord,
  list,
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
      return takeUsage(tally, record(event["usage"]))
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
  takeUsage(tally, record(message["usage"]))
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

/** What comes last counts and nothing is added up but a compaction, which the counts leave out. */
function takeUsage(tally: Tally, said: JsonObject | null): void {
  if (!said) return
  tally.serviceTier = tiersOf(said, tally.serviceTier)
  tally.usage = readUsage(said, tally.usage)
  tally.apart = compactedUsage(said) ?? tally.apart
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
