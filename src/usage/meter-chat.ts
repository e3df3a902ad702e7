/** Reads OpenAI Chat answers and what is shaped like them: completions, embeddings, and the many compatible providers' variants. */
import { readUsage } from "../dialects/openai-chat/usage.ts"
import type { Json, JsonObject } from "../exchange.ts"
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
    if (choice["error"]) tally.errorType = errorWord(choice["error"]) // OpenRouter, of a model that broke down while it spoke
    readMessage(tally, record(choice["delta"]) ?? record(choice["message"]), choice["index"])
    addText(tally, choice["text"])
    tally.finishReason = word(choice["finish_reason"]) ?? tally.finishReason
    said ??= record(choice["usage"]) // Moonshot
  }
  tally.usage = (said && readUsage(said)) ?? tally.usage
}

function readMessage(tally: Tally, message: JsonObject | null, choice: Json | undefined): void {
  if (!message) return
  const content = message["content"]
  const say = (choice ?? 0) === 0 ? addSpeech : addText
  if (Array.isArray(content)) for (const part of content) readPart(tally, record(part), say)
  else say(tally, record(content) ? JSON.stringify(content) : content)
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
