/** What `mock_response` answers with: an answer that no provider made, written as a translated one is. Pure. */
import type { Dialect, Json, JsonObject } from "../../exchange.ts"
import { type FormAnswer, type FormEvent, Losses } from "../form.ts"
import { asObject } from "../params.ts"
import { type Asked, parseBody } from "../request.ts"
import { usageOf } from "../usage-count.ts"
import { replay } from "./collect.ts"
import { writeCount } from "./count.ts"
import { geminiAnswer, openAiAnswer } from "./embeddings.ts"
import { ArrayFraming } from "./stream.ts"
import { clientOf } from "./translation.ts"

interface MockOptions {
  /** what the model says */
  text: string
  /** of the exchange; each dialect's ids are made from it */
  id: string
  /** seconds since 1970 */
  created: number
  /** a Gemini stream asked for without `alt=sse` is one JSON array */
  wantsArray: boolean
}

interface MockAnswer {
  contentType: string
  text: string
}

/** LiteLLM's numbers for a mock, in tokens. */
const USAGE = usageOf({ input: 10, output: 20 })

/** Streamed in several deltas where a stream was asked for. */
export function mockAnswer(asked: Asked, { text, id, created, wantsArray }: MockOptions): MockAnswer {
  const { endpoint, model, wantsUsage } = asked
  const { dialect, operation } = endpoint
  if (operation === "count_tokens") return json(writeCount(dialect, USAGE.input))
  const body = parseBody(asked)
  if (operation === "embeddings") return json(mockEmbeddings(dialect, body, model))
  const client = clientOf(dialect, operation)
  const reception = { id, created, model, body, wantsUsage, losses: new Losses() }
  const answer: FormAnswer = {
    id: null,
    model: null,
    parts: [{ kind: "text", text }],
    finish: "stop",
    rawFinish: null,
    stopSequence: null,
    usage: USAGE,
    serviceTier: null,
  }
  if (!asked.stream) return json(client.writeAnswer(answer, reception))
  const writer = client.streamWriter(reception)
  const written = replay(answer)
    .flatMap(inPieces)
    .map((event) => writer.write(event))
    .join("")
  if (!wantsArray) return { contentType: "text/event-stream", text: written }
  const array = new ArrayFraming()
  return { contentType: "application/json", text: array.frame(written) + array.last() }
}

const json = (body: JsonObject): MockAnswer => ({ contentType: "application/json", text: JSON.stringify(body) })

/** Words with the blanks before them. */
const inPieces = (event: FormEvent): FormEvent[] =>
  event.type === "delta"
    ? (event.text.match(/\s*\S+\s*$|\s*\S+|\s+/g) ?? []).map((text) => ({ type: "delta", text }))
    : [event]

function mockEmbeddings(dialect: Dialect, body: JsonObject, model: string): JsonObject {
  if (dialect === "gemini") {
    const requests = Array.isArray(body.requests) ? body.requests.map(asObject) : null
    const vectors = (requests ?? [body]).map((one) => embed(one.content, one.outputDimensionality))
    return geminiAnswer(vectors, requests === null)
  }
  const { input, encoding_format, dimensions } = body
  // a text, several, the tokens of one text, or of several
  const inputs = Array.isArray(input) && typeof input[0] !== "number" ? input : [input]
  const vectors = inputs.map((one) => embed(one, dimensions))
  return openAiAnswer(vectors, encoding_format === "base64", model, USAGE.input)
}

/** The numbers depend on nothing but what is embedded; their length is 1. */
function embed(what: Json | undefined, dimensions: Json | undefined): number[] {
  const count = typeof dimensions === "number" && dimensions >= 1 && dimensions <= 4096 ? Math.floor(dimensions) : 8
  const text = JSON.stringify(what ?? "")
  let state = 2_166_136_261 // FNV-1a, then a linear congruence
  for (let at = 0; at < text.length; at++) state = Math.imul(state ^ text.charCodeAt(at), 16_777_619) >>> 0
  const values: number[] = []
  for (let at = 0; at < count; at++) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    values.push(state / 2_147_483_648 - 1)
  }
  const length = Math.hypot(...values)
  return values.map((value) => Math.fround(value / length))
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
