/** Reads Gemini and Vertex answers: one GenerateContentResponse whole, or many of them as SSE events or elements of a JSON array. */
import { readUsage } from "../dialects/gemini/usage.ts"
import type { JsonObject } from "../exchange.ts"
import { addCall, addSpeech, addText, addWhole, errorWord, list, record, type Tally, word } from "./meter-tally.ts"

/** https://ai.google.dev/api/generate-content. The stream is over with a finish reason, or with the reason the prompt was blocked for. */
export function readGemini(tally: Tally, event: JsonObject): void {
  if (event["error"]) tally.errorType = errorWord(event["error"])
  tally.model = word(event["modelVersion"]) ?? tally.model
  takeUsage(tally, record(event["usageMetadata"]))
  let over = word(record(event["promptFeedback"])?.["blockReason"])
  for (const item of list(event["candidates"])) {
    const candidate = record(item)
    for (const part of list(record(candidate?.["content"])?.["parts"])) readPart(tally, record(part))
    over = word(candidate?.["finishReason"]) ?? over
  }
  if (over === null) return
  tally.finishReason = over
  tally.terminal = true
}

/** A call is a part with a function's name: Vertex streams arguments in further parts that have none. */
function readPart(tally: Tally, part: JsonObject | null): void {
  if (!part) return
  if (part["thought"] === true) addText(tally, part["text"])
  else addSpeech(tally, part["text"])
  addText(tally, record(part["executableCode"])?.["code"])
  const call = record(part["functionCall"])
  if (!call) return
  const named = word(call["name"]) ? addCall(tally, call["id"], call["name"], call["partialArgs"] === undefined) : null
  if (call["args"] !== undefined) addWhole(tally, named, call["args"])
  for (const argument of list(call["partialArgs"])) addText(tally, record(argument)?.["stringValue"])
}

/**
 * Each event repeats the counts so far and the last one counts, all of it: protobuf's JSON leaves zeros out, so a count that is missing is zero. Vertex sends
 * some events with no count at all.
 */
function takeUsage(tally: Tally, said: JsonObject | null): void {
  if (!said) return
  tally.serviceTier = word(said["serviceTier"]) ?? word(said["trafficType"]) ?? tally.serviceTier
  tally.usage = readUsage(said) ?? tally.usage
}
