/** Responses' token counts, both ways. */
import type { JsonObject, Usage } from "../../exchange.ts"
import { countOf, objectOf } from "../fields.ts"
import { usageOf } from "../usage-count.ts"

/** `input_tokens` includes what was read from and written to the cache, `output_tokens` includes reasoning. */
export function readUsage(said: JsonObject): Usage | null {
  const input = countOf(said["input_tokens"])
  const output = countOf(said["output_tokens"])
  if (input === null && output === null) return null
  const read = objectOf(said["input_tokens_details"])
  const wrote = objectOf(said["output_tokens_details"])
  return usageOf({
    input: input ?? 0,
    cacheRead: countOf(read?.["cached_tokens"]) ?? 0,
    cacheWrite: countOf(read?.["cache_write_tokens"]) ?? 0,
    output: output ?? 0,
    reasoning: countOf(wrote?.["reasoning_tokens"]) ?? 0,
    inputAudio: countOf(read?.["audio_tokens"]) ?? 0,
    outputAudio: countOf(wrote?.["audio_tokens"]) ?? 0,
  })
}

export function writeUsage({ input, output, cacheRead, cacheWrite, reasoning }: Usage): JsonObject {
  return {
    input_tokens: input,
    input_tokens_details: { cached_tokens: cacheRead, ...(cacheWrite > 0 && { cache_write_tokens: cacheWrite }) },
    output_tokens: output,
    output_tokens_details: { reasoning_tokens: reasoning },
    total_tokens: input + output,
  }
}
