/** Chat's token counts, both ways. */
import type { JsonObject, Usage } from "../../exchange.ts"
import { countOf, objectOf } from "../fields.ts"
import { usageOf } from "../usage-count.ts"

/**
 * `prompt_tokens` includes what was read from and written to the cache, `completion_tokens` reasoning; xAI's and Gemini's compatible APIs leave that out, which
 * shows where `total_tokens` is larger than the two by just as much.
 */
export function readUsage(said: JsonObject): Usage | null {
  const input = countOf(said["prompt_tokens"])
  const output = countOf(said["completion_tokens"])
  if (input === null && output === null) return null
  const read = objectOf(said["prompt_tokens_details"])
  const wrote = objectOf(said["completion_tokens_details"])
  const reasoning = countOf(wrote?.["reasoning_tokens"]) ?? countOf(said["reasoning_tokens"])
  const beyond = Math.max(0, (countOf(said["total_tokens"]) ?? 0) - (input ?? 0) - (output ?? 0))
  const leftOut = reasoning === null || reasoning === beyond ? beyond : 0
  return usageOf({
    input: input ?? 0,
    cacheRead:
      countOf(read?.["cached_tokens"]) ??
      countOf(said["prompt_cache_hit_tokens"]) ??
      countOf(said["cached_tokens"]) ??
      0,
    cacheWrite: countOf(read?.["cache_write_tokens"]) ?? countOf(said["cache_creation_input_tokens"]) ?? 0,
    output: (output ?? 0) + leftOut,
    reasoning: reasoning ?? leftOut,
    inputAudio: countOf(read?.["audio_tokens"]) ?? 0,
    outputAudio: countOf(wrote?.["audio_tokens"]) ?? 0,
  })
}

export function writeUsage(usage: Usage): JsonObject {
  const { input, output, cacheRead, cacheWrite, reasoning, inputAudio, outputAudio } = usage
  return {
    prompt_tokens: input,
    completion_tokens: output,
    total_tokens: input + output,
    prompt_tokens_details: {
      cached_tokens: cacheRead,
      audio_tokens: inputAudio,
      // OpenRouter's name for what OpenAI does not bill
      ...(cacheWrite > 0 && { cache_write_tokens: cacheWrite }),
    },
    completion_tokens_details: {
      reasoning_tokens: reasoning,
      audio_tokens: outputAudio,
      accepted_prediction_tokens: 0,
      rejected_prediction_tokens: 0,
    },
  }
}
