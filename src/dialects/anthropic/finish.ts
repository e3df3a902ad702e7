/** Anthropic's `stop_reason`, both ways. https://docs.anthropic.com/en/api/handling-stop-reasons */
import type { FinishReason } from "../form.ts"

const READ: Readonly<Record<string, FinishReason>> = {
  end_turn: "stop",
  stop_sequence: "stop_sequence",
  max_tokens: "length",
  model_context_window_exceeded: "context",
  tool_use: "calls",
  refusal: "refusal",
  pause_turn: "pause",
}

/** Some gateways say `end_turn` with calls too. */
export const readFinish = (word: string, hasCalled: boolean): FinishReason => {
  const reason = READ[word] ?? "stop"
  return reason === "stop" && hasCalled ? "calls" : reason
}

const WRITE: Readonly<Record<FinishReason, string>> = {
  stop: "end_turn",
  stop_sequence: "stop_sequence",
  length: "max_tokens",
  context: "model_context_window_exceeded",
  calls: "tool_use",
  filtered: "refusal",
  refusal: "refusal",
  pause: "pause_turn",
}

export const writeFinish = (reason: FinishReason): string => WRITE[reason]
