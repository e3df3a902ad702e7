/** The common form for tests: a request that says nothing, to be filled, and the parts to fill it with; and what a dialect reads in a stream's events. */
import type { Codec, FormEvent, FormRequest, FunctionTool, Part, Turn } from "../../src/dialects/form.ts"
import type { Json } from "../../src/exchange.ts"

/** `isDone`: `[DONE]` ended it. */
export function readEvents(codec: Codec, values: readonly Json[], isDone = false): FormEvent[] {
  const events: FormEvent[] = []
  const reader = codec.streamReader((event) => events.push(event))
  for (const value of values) reader.read("", value)
  reader.finish(isDone)
  return events
}

export const emptyForm = (): FormRequest => ({
  system: [],
  turns: [],
  tools: [],
  toolChoice: null,
  parallelCalls: null,
  maxTokens: null,
  temperature: null,
  topP: null,
  topK: null,
  stop: [],
  seed: null,
  presencePenalty: null,
  frequencyPenalty: null,
  candidates: null,
  topLogprobs: null,
  thinking: null,
  format: null,
  verbosity: null,
  serviceTier: null,
  endUser: null,
  cacheKey: null,
  unheld: [],
})

const text = (said: string): Part => ({ kind: "text", text: said })
export const user = (...parts: (string | Part)[]): Turn => turn("user", parts)
export const model = (...parts: (string | Part)[]): Turn => turn("assistant", parts)
export const turn = (role: Turn["role"], parts: (string | Part)[]): Turn => ({
  role,
  parts: parts.map((part) => (typeof part === "string" ? text(part) : part)),
})
export const tool: FunctionTool = {
  kind: "function",
  name: "f",
  description: null,
  schema: null,
  strict: null,
  form: "json",
}
