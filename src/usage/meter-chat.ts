/** Reads OpenAI Chat answers and what is shaped like them: completions, embeddings, and the many compatible providers' variants. */
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
  record,
  type Tally,
  word,
} from "./meter-tally.ts"

/**
 * A chunk (`delta`) or a whole answer (`message`). A stream is over at `[DONE]`; some providers send none, so at a
 * clean end a finish reason will do. OpenAI's usage chunk follows the finish reason with `choices: []`.
 */
export function readChat(tally: Tally, event: JsonObject): void {
  if (event["error"]) tally.errorType = errorWord(event["error"])
  tally.model = word(event["model"]) ?? tally.model
  tally.serviceTier = word(event["service_tier"]) ?? tally.serviceTier
  let said = record(event["usage"]) ?? record(record(event["x_groq"])?.["usage"])
  for (const item of list(event["choices"])) {
    const choice = record(item)
    if (!choice) continue
    readMessage(tally, record(choice["delta"]) ?? record(choice["message"]), choice["index"])
    addText(tally, choice["text"])
    tally.finishReason = word(choice["finish_reason"]) ?? tally.finishReason
    said ??= record(choice["usage"]) // Moonshot
  }
  tally.usage = (said && chatUsage(said)) ?? tally.usage
}

function readMessage(tally: Tally, message: JsonObject | null, choice: Json | undefined): void {
  if (!message) return
  const content = message["content"]
  const say = (choice ?? 0) === 0 ? addSpeech : addText
  if (Array.isArray(content)) for (const part of content) readPart(tally, record(part), say)
  else say(tally, content)
  addText(tally, message["refusal"])
  if (word(message["refusal"])) tally.refused = true
  // one thought under two names: DeepSeek's and OpenRouter's; a gateway that sends both sends it twice
  addText(tally, message["reasoning_content"] || message["reasoning"])
  addText(tally, record(message["audio"])?.["transcript"])
  const calls = message["tool_calls"]
  if (Array.isArray(calls)) calls.forEach((call, at) => readCall(tally, record(call), `${choice ?? 0}.`, at))
  const old = record(message["function_call"])
  if (!old) return
  if (word(old["name"])) tally.open = addCall(tally, undefined, old["name"])
  addArguments(tally, tally.open, old["arguments"])
}

/** Mistral's content lists: `{type: "text", text}` and `{type: "thinking", thinking: [{text}]}`. */
function readPart(tally: Tally, part: JsonObject | null, say: typeof addText): void {
  say(tally, part?.["text"])
  for (const thought of list(part?.["thinking"])) addText(tally, record(thought)?.["text"])
}

/**
 * A call is new at an index not seen yet, and at a seen one that gets another id and a name again: Gemini's compatible API gives every parallel call
 * index 0, others give none. An id that changes without a name continues its call.
 */
function readCall(tally: Tally, call: JsonObject | null, choice: string, at: number): void {
  if (!call) return
  const invoked = record(call["function"]) ?? record(call["custom"])
  const name = invoked?.["name"]
  const place = choice + (count(call["index"]) ?? at)
  const id = word(call["id"]) ?? ""
  const calls = (tally.openCalls ??= new Map())
  let open = calls.get(place)
  if (open === undefined || (id !== "" && id !== open.id && word(name))) {
    open = { id, call: addCall(tally, id, name, call["custom"] === undefined) }
    calls.set(place, open)
  }
  const given = invoked?.["arguments"] ?? invoked?.["input"]
  // Some servers give the arguments as a value.
  if (record(given)) addWhole(tally, open.call, given!)
  else addArguments(tally, open.call, given)
}

/**
 * `prompt_tokens` includes what was read from and written to the cache. `completion_tokens` should include reasoning: xAI's and Gemini's compatible APIs
 * leave it out, which shows where `total_tokens` is larger than the two by just that.
 */
export function chatUsage(said: JsonObject): Usage | null {
  const input = count(said["prompt_tokens"])
  const output = count(said["completion_tokens"])
  if (input === null && output === null) return null
  const read = record(said["prompt_tokens_details"])
  const wrote = record(said["completion_tokens_details"])
  const reasoning = count(wrote?.["reasoning_tokens"]) ?? count(said["reasoning_tokens"])
  const beyond = Math.max(0, (count(said["total_tokens"]) ?? 0) - (input ?? 0) - (output ?? 0))
  const leftOut = reasoning === null || reasoning === beyond ? beyond : 0
  return {
    input: input ?? 0,
    cacheRead:
      count(read?.["cached_tokens"]) ?? count(said["prompt_cache_hit_tokens"]) ?? count(said["cached_tokens"]) ?? 0,
    cacheWrite: count(read?.["cache_write_tokens"]) ?? count(said["cache_creation_input_tokens"]) ?? 0,
    cacheWrite1h: 0,
    output: (output ?? 0) + leftOut,
    reasoning: reasoning ?? leftOut,
    inputAudio: count(read?.["audio_tokens"]) ?? 0,
    cacheReadAudio: null,
    outputAudio: count(wrote?.["audio_tokens"]) ?? 0,
  }
}
