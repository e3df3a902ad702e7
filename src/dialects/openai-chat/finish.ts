/** Chat's `finish_reason`, both ways. */
import type { FinishReason } from "../form.ts"

/** Groq, Mistral and others add words of their own. */
const READ: Readonly<Record<string, FinishReason>> = {
  stop: "stop",
  length: "length",
  model_length: "context",
  tool_calls: "calls",
  function_call: "calls",
  content_filter: "filtered",
}

export const readFinish = (word: string): FinishReason => READ[word] ?? "stop"

/** Some say `stop` with calls, and OpenAI with a refusal. */
export function settleFinish(finish: FinishReason, hasCalls: boolean, hasRefusal: boolean): FinishReason {
  if (finish !== "stop") return finish
  return hasCalls ? "calls" : hasRefusal ? "refusal" : "stop"
}

/** `pause` must not look finished: there is more to come. */
const WRITE: Readonly<Record<FinishReason, string>> = {
  stop: "stop",
  stop_sequence: "stop",
  length: "length",
  context: "length",
  calls: "tool_calls",
  filtered: "content_filter",
  refusal: "content_filter",
  pause: "length",
}

export const writeFinish = (reason: FinishReason): string => WRITE[reason]
