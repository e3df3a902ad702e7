/** The mock's answers on Anthropic's Messages and count_tokens routes. */

import { MOCK_USAGE, type MockAnswer, type MockOptions, namedEvents, oneBody, pieces } from "./mock-parts.ts"
import type { Asked } from "./request.ts"

export function mockAnthropic(asked: Asked, { text, id }: MockOptions): MockAnswer {
  if (asked.endpoint.operation === "count_tokens") return oneBody({ input_tokens: MOCK_USAGE.input })
  const base = { id: `msg_${id}`, type: "message", role: "assistant", model: asked.model }
  const stop = { stop_reason: "end_turn", stop_sequence: null }
  const input = { input_tokens: MOCK_USAGE.input, cache_creation_input_tokens: 0, cache_read_input_tokens: 0 }
  const usage = { ...input, output_tokens: MOCK_USAGE.output }
  if (!asked.stream) return oneBody({ ...base, content: [{ type: "text", text }], ...stop, usage })
  const begun = { ...base, content: [], stop_reason: null, stop_sequence: null, usage: { ...input, output_tokens: 1 } }
  const deltas = pieces(text).map((piece) => {
    return { type: "content_block_delta", index: 0, delta: { type: "text_delta", text: piece } }
  })
  return namedEvents([
    { type: "message_start", message: begun },
    { type: "content_block_start", index: 0, content_block: { type: "text", text: "" } },
    ...deltas,
    { type: "content_block_stop", index: 0 },
    { type: "message_delta", delta: stop, usage },
    { type: "message_stop" },
  ])
}
