/** Anthropic's token counts, both ways: `input_tokens` is here what was neither read from nor written to the cache. */
import type { JsonObject, Usage } from "../../exchange.ts"
import { countOf, objectOf, objectsOf } from "../fields.ts"
import { usageOf } from "../usage-count.ts"

/**
 * Cumulative and repeated: `before` is what earlier events said. `message_delta` may bring all of it or `output_tokens` alone; the input's parts are taken
 * together, since a gateway that estimated them at the start splits them anew, and parts that are all zero say nothing new.
 */
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
  const searches = countOf(objectOf(said["server_tool_use"])?.["web_search_requests"])
  if (searches) usage.webSearches = searches
  return usage
}

/**
 * What summarising the conversation took: billed, but left out of the counts above, and no part of what fills the context. "sum across all entries in the
 * `usage.iterations` array" (`compact_20260112`); entries of type `message` are those counts again. Null where nothing was summarised.
 */
export function compactedUsage(said: JsonObject): Usage | null {
  const steps = objectsOf(said["iterations"]).filter(({ type }) => type === "compaction")
  if (steps.length === 0) return null
  const sum = usageOf({ input: 0, output: 0 })
  for (const step of steps) {
    const took = readUsage(step, null)
    if (!took) continue
    sum.input += took.input
    sum.cacheRead += took.cacheRead
    sum.cacheWrite += took.cacheWrite
    sum.output += took.output
  }
  return sum
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
