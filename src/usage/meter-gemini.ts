/** Reads Gemini and Vertex answers: one GenerateContentResponse whole, or many of them as SSE events or elements of a JSON array. */
import type { Json, JsonObject } from "../exchange.ts"
import {
  addCall,
  addSpeech,
  addText,
  addWhole,
  count,
  errorWord,
  list,
  record,
  type Tally,
  word,
} from "./meter-tally.ts"

/** https://ai.google.dev/api/generate-content. The stream is over with a finish reason, or with the reason the prompt was blocked for. */
export function readGemini(tally: Tally, event: JsonObject): void {
  if (event["error"]) tally.errorType = errorWord(event["error"])
  tally.model = word(event["modelVersion"]) ?? tally.model
  readUsage(tally, record(event["usageMetadata"]))
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
 * some events with no count at all. Input: the prompt (cached part included) and what tools brought in. Output: candidates and thoughts, which
 * `candidatesTokenCount` leaves out.
 */
function readUsage(tally: Tally, said: JsonObject | null): void {
  if (!said) return
  tally.serviceTier = word(said["serviceTier"]) ?? word(said["trafficType"]) ?? tally.serviceTier
  const prompt = count(said["promptTokenCount"])
  const candidates = count(said["candidatesTokenCount"])
  const thoughts = count(said["thoughtsTokenCount"])
  if (prompt === null && candidates === null && thoughts === null) return
  tally.usage = {
    input: (prompt ?? 0) + (count(said["toolUsePromptTokenCount"]) ?? 0),
    cacheRead: count(said["cachedContentTokenCount"]) ?? 0,
    cacheWrite: 0,
    cacheWrite1h: 0,
    output: (candidates ?? 0) + (thoughts ?? 0),
    reasoning: thoughts ?? 0,
    inputAudio: audioTokens(said["promptTokensDetails"]),
    cacheReadAudio: said["cacheTokensDetails"] === undefined ? null : audioTokens(said["cacheTokensDetails"]),
    outputAudio: audioTokens(said["candidatesTokensDetails"]),
  }
}

function audioTokens(details: Json | undefined): number {
  let sum = 0
  for (const item of list(details)) {
    const detail = record(item)
    if (detail?.["modality"] === "AUDIO") sum += count(detail["tokenCount"]) ?? 0
  }
  return sum
}
