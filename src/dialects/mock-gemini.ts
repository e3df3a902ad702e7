/** The mock's answers on Gemini's routes: as one body, as SSE, or as the JSON array of a stream without `alt=sse`. */

import type { Json, JsonObject } from "../exchange.ts"
import { dataEvents, embed, MOCK_USAGE, type MockAnswer, type MockOptions, oneBody, pieces } from "./mock-parts.ts"
import { asObject } from "./params.ts"
import { type Asked, parseBody } from "./request.ts"

export function mockGemini(asked: Asked, options: MockOptions): MockAnswer {
  const { operation } = asked.endpoint
  if (operation === "count_tokens") return oneBody({ totalTokens: MOCK_USAGE.input })
  if (operation === "embeddings") return mockEmbeddings(asked)
  if (!asked.stream) return oneBody(answer(asked, options, options.text, true))
  const said = options.text === "" ? [""] : pieces(options.text)
  const parts = said.map((text, at) => answer(asked, options, text, at === said.length - 1))
  if (!options.arrayForm) return dataEvents(parts)
  const chunks = parts.map((part, at) => (at === 0 ? "[" : ",\n") + JSON.stringify(part))
  return { contentType: "application/json", chunks: [...chunks, "]"] }
}

function answer(asked: Asked, { id }: MockOptions, text: string, isLast: boolean): JsonObject {
  const content = { parts: [{ text }], role: "model" }
  const output = isLast ? MOCK_USAGE.output : 0
  return {
    candidates: [{ content, ...(isLast && { finishReason: "STOP" }), index: 0 }],
    usageMetadata: {
      promptTokenCount: MOCK_USAGE.input,
      ...(isLast && { candidatesTokenCount: output }),
      totalTokenCount: MOCK_USAGE.input + output,
    },
    modelVersion: asked.model,
    responseId: id,
  }
}

function mockEmbeddings(asked: Asked): MockAnswer {
  const body = parseBody(asked)
  if (Array.isArray(body.requests)) return oneBody({ embeddings: body.requests.map(embedding) })
  return oneBody({ embedding: embedding(body) })
}

function embedding(request: Json): JsonObject {
  const { content, outputDimensionality } = asObject(request)
  return { values: embed(JSON.stringify(content ?? null), outputDimensionality) }
}
