/** Anthropic's token counts, both ways: `input_tokens` is here what was neither read from nor written to the cache. */
import type { JsonObject, Usage } from "../../exchange.ts"
import { countOf, objectOf } from "../fields.ts"
import { usageOf } from "../usage-count.ts"

/** Cumulative and repeated: `before` is what earlier events said; parts of the input that are all zero say nothing new. */
export function readUsage(said: JsonObject, before: Usage | null): Usage | null {
  const fresh = countOf(said["input_tokens"])
  const output = countOf(said["output_tokens"])
  if (fresh === null && output === null) return before
  const usage = before ? { ...before } : usageOf({ input: 0, output: 0 })
  const read = countOf(said["cache_read_input_tokens"])
  const written = countOf(said["cache_creation_input_tokens"])
  if ((fresh ?? 0) + (read ?? 0) + (written ?? 0) > 0) {
    const freshBefore = usage.input - usage.cacheRead - usage.cacheWrite
    usage.cacheRead = read ?? usage.cacheRead
    usage.cacheWrite = written ?? usage.cacheWrite
    usage.input = (fresh ?? freshBefore) + usage.cacheRead + usage.cacheWrite
  }
  usage.cacheWrite1h = countOf(objectOf(said["cache_creation"])?.["ephemeral_1h_input_tokens"]) ?? usage.cacheWrite1h
  usage.output = output ?? usage.output
  usage.reasoning = countOf(objectOf(said["output_tokens_details"])?.["thinking_tokens"]) ?? usage.reasoning
  return usage
}

export function writeUsage(usage: Usage | null): JsonObject {
  const { input, cacheRead, cacheWrite, cacheWrite1h, output, reasoning } = usage ?? usageOf({ input: 0, output: 0 })
  return {
    input_tokens: Math.max(0, input - cacheRead - cacheWrite),
    cache_creation_input_tokens: cacheWrite,
    cache_read_input_tokens: cacheRead,
    cache_creation: {
      ephemeral_5m_input_tokens: Math.max(0, cacheWrite - cacheWrite1h),
      ephemeral_1h_input_tokens: cacheWrite1h,
    },
    output_tokens: output,
    ...(reasoning > 0 && { output_tokens_details: { thinking_tokens: reasoning } }),
  }
}
