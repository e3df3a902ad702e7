/** What a recording says it used, read a second way: its own parser, its own rules. It is the judge of the product's meter. */
import { createParser } from "eventsource-parser"
import type { Fixture } from "./fixtures.ts"
import { type Loose, parseLoose } from "./json.ts"

/** Tokens in the ledger's sense. */
export interface RecordedUsage {
  input: number
  cacheRead: number
  cacheWrite: number
  cacheWrite1h: number
  output: number
  reasoning: number
}

/** Every JSON value of the answer: the events' data, the elements of a JSON array, or the whole. */
export function valuesOf(fixture: Fixture): Loose[] {
  const text = fixture.response?.toString() ?? ""
  if (!fixture.isSse) return [parseLoose(text)].flat()
  const values: Loose[] = []
  const parser = createParser({ onEvent: (event) => values.push(parseLoose(event.data)) })
  parser.feed(text)
  parser.feed("\n\n")
  return values.filter((value) => value !== null)
}

/** Null where the recording says nothing about usage (errors, cut streams). */
export function recordedUsage(fixture: Fixture): RecordedUsage | null {
  const values = valuesOf(fixture)
  if (fixture.provider === "openai-embeddings") return openAi(values[0]?.usage)
  if (fixture.provider === "anthropic-count-tokens") return null
  if (fixture.dialect === "openai-chat")
    return openAi(values.map((one) => one.usage ?? one.x_groq?.usage).findLast(Boolean))
  if (fixture.dialect === "openai-responses")
    return openAi(values.map((one) => one.response?.usage ?? one.usage).findLast(Boolean))
  if (fixture.dialect === "anthropic") return anthropic(values)
  return gemini(values.map((one) => one.usageMetadata).findLast(Boolean))
}

function openAi(usage: Loose): RecordedUsage | null {
  if (!usage) return null
  const input = usage.prompt_tokens_details ?? usage.input_tokens_details ?? {}
  const output = usage.completion_tokens_details ?? usage.output_tokens_details ?? {}
  return {
    input: usage.prompt_tokens ?? usage.input_tokens,
    cacheRead: input.cached_tokens ?? usage.prompt_cache_hit_tokens ?? 0,
    cacheWrite: input.cache_write_tokens ?? 0,
    cacheWrite1h: 0,
    output: usage.completion_tokens ?? usage.output_tokens ?? 0,
    reasoning: output.reasoning_tokens ?? 0,
  }
}

/** Cumulative and repeated: the last word on each field counts. */
function anthropic(values: Loose[]): RecordedUsage | null {
  const said = values.map((one) => one.message?.usage ?? one.usage).filter(Boolean)
  if (!said.length) return null
  const last = (name: string): number =>
    said.map((usage) => usage[name]).findLast((value) => typeof value === "number") ?? 0
  const oneHour =
    said
      .map((usage) => usage.cache_creation?.ephemeral_1h_input_tokens)
      .findLast((value) => typeof value === "number") ?? 0
  const cacheRead = last("cache_read_input_tokens")
  const cacheWrite = last("cache_creation_input_tokens")
  const reasoning =
    said.map((usage) => usage.output_tokens_details?.thinking_tokens).findLast((value) => typeof value === "number") ??
    0
  return {
    input: last("input_tokens") + cacheRead + cacheWrite,
    cacheRead,
    cacheWrite,
    cacheWrite1h: oneHour,
    output: last("output_tokens"),
    reasoning,
  }
}

function gemini(usage: Loose): RecordedUsage | null {
  if (!usage) return null
  return {
    input: (usage.promptTokenCount ?? 0) + (usage.toolUsePromptTokenCount ?? 0),
    cacheRead: usage.cachedContentTokenCount ?? 0,
    cacheWrite: 0,
    cacheWrite1h: 0,
    output: (usage.candidatesTokenCount ?? 0) + (usage.thoughtsTokenCount ?? 0),
    reasoning: usage.thoughtsTokenCount ?? 0,
  }
}
