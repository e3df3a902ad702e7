/** Gemini's `finishReason`, both ways. https://ai.google.dev/api/generate-content#FinishReason */
import type { FinishReason } from "../form.ts"

const READ: Readonly<Record<string, FinishReason>> = {
  STOP: "stop",
  MAX_TOKENS: "length",
  SAFETY: "filtered",
  RECITATION: "filtered",
  LANGUAGE: "filtered",
  BLOCKLIST: "filtered",
  PROHIBITED_CONTENT: "filtered",
  SPII: "filtered",
  IMAGE_SAFETY: "filtered",
  IMAGE_PROHIBITED_CONTENT: "filtered",
  IMAGE_RECITATION: "filtered",
}

/** A call that cannot be read (`MALFORMED_FUNCTION_CALL`) ends an answer like any other that says too little. */
export const readFinish = (word: string, hasCalled: boolean): FinishReason => {
  const reason = READ[word] ?? "stop"
  return reason === "stop" && hasCalled ? "calls" : reason
}

const WRITE: Readonly<Record<FinishReason, string>> = {
  stop: "STOP",
  stop_sequence: "STOP",
  length: "MAX_TOKENS",
  context: "MAX_TOKENS",
  calls: "STOP",
  filtered: "SAFETY",
  refusal: "SAFETY",
  pause: "MAX_TOKENS",
}

export const writeFinish = (reason: FinishReason): string => WRITE[reason]
