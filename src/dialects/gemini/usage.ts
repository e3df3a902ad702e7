/** Gemini's token counts, both ways. */
import type { Json, JsonObject, Usage } from "../../exchange.ts"
import { countOf, objectsOf } from "../fields.ts"
import { usageOf } from "../usage-count.ts"

/** Input: the prompt, cached part included, and what tools brought in. Output: candidates and thoughts, which `candidatesTokenCount` leaves out. A missing count is zero. */
export function readUsage(said: JsonObject): Usage | null {
  const prompt = countOf(said["promptTokenCount"])
  const candidates = countOf(said["candidatesTokenCount"])
  const thoughts = countOf(said["thoughtsTokenCount"])
  if (prompt === null && candidates === null && thoughts === null) return null
  return usageOf({
    input: (prompt ?? 0) + (countOf(said["toolUsePromptTokenCount"]) ?? 0),
    cacheRead: countOf(said["cachedContentTokenCount"]) ?? 0,
    output: (candidates ?? 0) + (thoughts ?? 0),
    reasoning: thoughts ?? 0,
    inputAudio: audioOf(said["promptTokensDetails"]),
    cacheReadAudio: said["cacheTokensDetails"] === undefined ? null : audioOf(said["cacheTokensDetails"]),
    outputAudio: audioOf(said["candidatesTokensDetails"]),
  })
}

function audioOf(details: Json | undefined): number {
  let sum = 0
  for (const detail of objectsOf(details)) if (detail["modality"] === "AUDIO") sum += countOf(detail["tokenCount"]) ?? 0
  return sum
}

export function writeUsage({ input, output, reasoning, cacheRead }: Usage): JsonObject {
  return {
    promptTokenCount: input,
    candidatesTokenCount: Math.max(0, output - reasoning),
    totalTokenCount: input + output,
    ...(reasoning > 0 && { thoughtsTokenCount: reasoning }),
    ...(cacheRead > 0 && { cachedContentTokenCount: cacheRead }),
  }
}
