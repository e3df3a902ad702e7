/** The mock's answer on OpenAI's Responses route. */

import type { Json, JsonObject } from "../exchange.ts"
import { MOCK_USAGE, type MockAnswer, type MockOptions, namedEvents, oneBody, pieces } from "./mock-parts.ts"
import type { Asked } from "./request.ts"

/** Every member that the API always sends. */
const SETTINGS: JsonObject = {
  error: null,
  incomplete_details: null,
  instructions: null,
  max_output_tokens: null,
  max_tool_calls: null,
  metadata: {},
  parallel_tool_calls: true,
  previous_response_id: null,
  reasoning: { effort: null, summary: null },
  store: false,
  temperature: 1,
  text: { format: { type: "text" } },
  tool_choice: "auto",
  tools: [],
  top_p: 1,
  truncation: "disabled",
}

const USAGE: JsonObject = {
  input_tokens: MOCK_USAGE.input,
  input_tokens_details: { cached_tokens: 0 },
  output_tokens: MOCK_USAGE.output,
  output_tokens_details: { reasoning_tokens: 0 },
  total_tokens: MOCK_USAGE.input + MOCK_USAGE.output,
}

export function mockResponses(asked: Asked, { text, id, created }: MockOptions): MockAnswer {
  if (asked.endpoint.operation === "count_tokens")
    return oneBody({ object: "response.input_tokens", input_tokens: MOCK_USAGE.input })
  const base = { id: `resp_${id}`, object: "response", created_at: created, model: asked.model, ...SETTINGS }
  const part = (said: string): JsonObject => ({ type: "output_text", text: said, annotations: [], logprobs: [] })
  const item = (status: string, content: Json[]): JsonObject => {
    return { type: "message", id: `msg_${id}`, status, role: "assistant", content }
  }
  const done = item("completed", [part(text)])
  const whole = { ...base, status: "completed", completed_at: created, output: [done], usage: USAGE }
  if (!asked.stream) return oneBody(whole)
  const begun = { ...base, status: "in_progress", completed_at: null, output: [], usage: null }
  const place = { item_id: `msg_${id}`, output_index: 0, content_index: 0 }
  const steps: (JsonObject & { type: string })[] = [
    { type: "response.created", response: begun },
    { type: "response.in_progress", response: begun },
    { type: "response.output_item.added", output_index: 0, item: item("in_progress", []) },
    { type: "response.content_part.added", ...place, part: part("") },
    ...pieces(text).map((delta) => ({ type: "response.output_text.delta", ...place, delta, logprobs: [] })),
    { type: "response.output_text.done", ...place, text, logprobs: [] },
    { type: "response.content_part.done", ...place, part: part(text) },
    { type: "response.output_item.done", output_index: 0, item: done },
    { type: "response.completed", response: whole },
  ]
  return namedEvents(steps.map((step, at) => ({ ...step, sequence_number: at })))
}
