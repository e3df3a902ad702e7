/** A complete answer that no provider made, in the dialect the request came in: what `mock_response` answers with. */

import type { Dialect, JsonObject } from "../exchange.ts"
import { mockAnthropic } from "./mock-anthropic.ts"
import { mockGemini } from "./mock-gemini.ts"
import { mockChat, mockCompletion, mockEmbeddings } from "./mock-openai.ts"
import type { MockAnswer, MockOptions } from "./mock-parts.ts"
import { mockResponses } from "./mock-responses.ts"
import { asObject } from "./params.ts"
import type { Asked } from "./request.ts"

/** Valid to the official SDKs, streamed in several deltas where a stream was asked for. */
export function mockAnswer(asked: Asked, options: MockOptions): MockAnswer {
  switch (asked.endpoint.dialect) {
    case "anthropic":
      return mockAnthropic(asked, options)
    case "gemini":
      return mockGemini(asked, options)
    case "openai-responses":
      return mockResponses(asked, options)
    case "openai-chat":
      if (asked.endpoint.operation === "completions") return mockCompletion(asked, options)
      return asked.endpoint.operation === "embeddings" ? mockEmbeddings(asked) : mockChat(asked, options)
  }
}

/** The text of the newest user message that has any: what `mock_response: echo` says back. Text parts are joined by line breaks. */
export function lastUserText(dialect: Dialect, body: JsonObject): string {
  if (typeof body.prompt === "string") return body.prompt
  if (typeof body.input === "string") return body.input
  const turns = dialect === "gemini" ? body.contents : (body.messages ?? body.input ?? body.prompt)
  for (const turn of Array.isArray(turns) ? turns.toReversed() : []) {
    const text = typeof turn === "string" ? turn : userText(asObject(turn))
    if (text !== "") return text
  }
  return ""
}

/** A turn's text is in `content`, or Gemini's `parts`; Gemini may leave out the role of a user. */
function userText(turn: JsonObject): string {
  if ((turn.role ?? "user") !== "user") return ""
  const content = turn.content ?? turn.parts
  if (typeof content === "string") return content
  const texts = Array.isArray(content) ? content.map((part) => asObject(part).text) : []
  return texts.filter((text) => typeof text === "string" && text !== "").join("\n")
}
