/** A request that says nothing, to be filled by a test. */
import type { FormRequest } from "../../src/dialects/form.ts"

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
