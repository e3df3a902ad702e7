/** The mock's answers on OpenAI's Chat, completions and embeddings routes. */

import type { Json, JsonObject } from "../exchange.ts"
import { dataEvents, embed, MOCK_USAGE, type MockAnswer, type MockOptions, oneBody, pieces } from "./mock-parts.ts"
import { type Asked, parseBody } from "./request.ts"

const USAGE: JsonObject = {
  prompt_tokens: MOCK_USAGE.input,
  completion_tokens: MOCK_USAGE.output,
  total_tokens: MOCK_USAGE.input + MOCK_USAGE.output,
}

export function mockChat(asked: Asked, { text, id, created }: MockOptions): MockAnswer {
  const base = { id: `chatcmpl-${id}`, created, model: asked.model }
  if (!asked.stream) {
    const message = { role: "assistant", content: text, refusal: null }
    const choices = [{ index: 0, message, logprobs: null, finish_reason: "stop" }]
    return oneBody({ ...base, object: "chat.completion", choices, usage: USAGE })
  }
  const choice = (delta: JsonObject, finish: Json) => [{ index: 0, delta, logprobs: null, finish_reason: finish }]
  const steps = [
    choice({ role: "assistant", content: "", refusal: null }, null),
    ...pieces(text).map((content) => choice({ content }, null)),
    choice({}, "stop"),
  ]
  return stream(asked, { ...base, object: "chat.completion.chunk" }, steps)
}

export function mockCompletion(asked: Asked, { text, id, created }: MockOptions): MockAnswer {
  const base = { id: `cmpl-${id}`, object: "text_completion", created, model: asked.model }
  const choice = (piece: string, finish: Json) => [{ text: piece, index: 0, logprobs: null, finish_reason: finish }]
  if (!asked.stream) return oneBody({ ...base, choices: choice(text, "stop"), usage: USAGE })
  return stream(asked, base, [...pieces(text).map((piece) => choice(piece, null)), choice("", "stop")])
}

/** Usage only for those who ask, in a chunk of its own: no upstream, nothing to hide. */
function stream(asked: Asked, base: JsonObject, steps: readonly Json[][]): MockAnswer {
  const chunks = steps.map((choices): JsonObject => ({ ...base, choices, ...(asked.wantsUsage && { usage: null }) }))
  if (asked.wantsUsage) chunks.push({ ...base, choices: [], usage: USAGE })
  const answer = dataEvents(chunks)
  return { ...answer, chunks: [...answer.chunks, "data: [DONE]\n\n"] }
}

export function mockEmbeddings(asked: Asked): MockAnswer {
  const { input, encoding_format, dimensions } = parseBody(asked)
  const data = embeddingInputs(input).map((each, index) => {
    const values = embed(JSON.stringify(each), dimensions)
    // what the official SDK asks for unless it is told otherwise
    const embedding = encoding_format === "base64" ? toBase64(values) : values
    return { object: "embedding", index, embedding }
  })
  const usage = { prompt_tokens: MOCK_USAGE.input, total_tokens: MOCK_USAGE.input }
  return oneBody({ object: "list", data, model: asked.model, usage })
}

/** A text, several, the tokens of one text, or of several. */
function embeddingInputs(input: Json | undefined): Json[] {
  return Array.isArray(input) && typeof input[0] !== "number" ? input : [input ?? ""]
}

function toBase64(values: readonly number[]): string {
  return Buffer.from(new Float32Array(values).buffer).toString("base64")
}
