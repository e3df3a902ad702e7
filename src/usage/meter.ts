/**
 * Reads an answer's bytes as they pass: tokens, finish reason, tool calls, errors and the end, in all dialects and every form they come in (SSE, a JSON
 * array, one JSON body). It changes nothing, never throws on bad bytes and keeps no more than one event or one body.
 */
import type { Dialect, JsonObject, Meter, Metered, Operation } from "../exchange.ts"
import { readAnthropic } from "./meter-anthropic.ts"
import { readChat } from "./meter-chat.ts"
import { condense, parseJson } from "./meter-excess.ts"
import { arrayFrames, bodyFrames, eventFrames, type FrameHandler, type Frames } from "./meter-frames.ts"
import { readGemini } from "./meter-gemini.ts"
import { readResponses } from "./meter-responses.ts"
import { errorWord, newTally, noUsage, type Read, record, type Tally } from "./meter-tally.ts"

export interface MeterOptions {
  /** what the upstream speaks */
  dialect: Dialect
  operation: Operation
  /** the answer's header; its first bytes have the last word */
  contentType: string
}

const READERS: Readonly<Record<Dialect, Read>> = {
  "openai-chat": readChat,
  "openai-responses": readResponses,
  anthropic: readAnthropic,
  gemini: readGemini,
}

const MOST_BODY_BYTES = 8 << 20
/** Lists of embeddings are nearly all numbers: finding their usage takes a sixth of the time of reading them. */
const MOST_EMBEDDING_BYTES = 32 << 10

/**
 * How the fields are meant where dialects differ or say nothing:
 * - `usage`: null until the provider says one. A count_tokens answer is a count and consumed nothing: all zero. Of a stream that broke off: what was said so far.
 * - `terminal`: `message_stop`; `response.completed|incomplete|failed|cancelled`; Gemini's finish or block reason; Chat's `[DONE]`; a body
 *   that is one complete JSON value, error or not. At the end of a Chat stream a finish reason alone will do: the answer is whole, its usage unknown. An Anthropic
 *   `error` event or a bare error in a stream is no such end.
 * - `toolCalls`: those the client is to run. `started`: for one JSON body only once all of it is there.
 * - `errorType`: the provider's word (`overloaded_error`, `RESOURCE_EXHAUSTED`, `model_not_found`).
 */
export function createMeter({ dialect, operation, contentType }: MeterOptions): Meter {
  const tally = newTally()
  let read = READERS[dialect]
  let frames: Frames | null = null
  let isBody = false

  const on: FrameHandler = {
    json(text, event) {
      if (text.charCodeAt(0) === OPEN_BRACKET && read === readChat && text.startsWith("[DONE]")) tally.terminal = true
      if (event !== undefined && SAYS_NOTHING.test(event)) return true
      const value = parseJson(text)
      const answer = record(value)
      if (answer) take(answer)
      return value !== undefined
    },
    excess(head, tail) {
      tally.started = true
      take(condense(dialect, head, tail))
    },
  }

  function take(answer: JsonObject): void {
    if (operation === "passthrough") read = readerFor(answer) ?? read
    if (operation === "count_tokens") readCount(tally, answer)
    else read(tally, answer)
    if (isBody) readBody(tally, answer)
  }

  function open(bytes: Uint8Array): Frames | null {
    const first = bytes.find((byte) => !BLANK.has(byte))
    if (first === undefined) return null
    const form = formOf(String.fromCharCode(first), contentType)
    if (form === "events") return eventFrames(on)
    if (form === "array" && (dialect === "gemini" || operation === "passthrough")) return arrayFrames(on)
    isBody = form !== "opaque"
    return form === "opaque"
      ? OPAQUE
      : bodyFrames(operation === "embeddings" ? MOST_EMBEDDING_BYTES : MOST_BODY_BYTES, on)
  }

  return {
    push(bytes) {
      frames ??= open(bytes)
      frames?.push(bytes)
    },
    end() {
      frames?.end()
      if (isBody) tally.terminal = frames?.isWhole() ?? false
      else if (frames === OPAQUE) tally.terminal = operation === "passthrough"
      else if (read === readChat && tally.finishReason !== null) tally.terminal = true
      return metered(tally)
    },
    get terminal() {
      return isBody ? (frames?.isWhole() ?? false) : tally.terminal
    },
    get started() {
      return tally.started
    },
  }
}

type Form = "events" | "array" | "body" | "opaque"

/** Spaces, line ends and a byte order mark. */
const BLANK = new Set([9, 10, 13, 32, 0xef, 0xbb, 0xbf])
const OPEN_BRACKET = 91
/** Events whose content came before or comes again: not worth parsing. The names are Anthropic's and Responses'. */
const SAYS_NOTHING = /^(ping|content_block_stop|response\.in_progress|response\.[a-z_.]+\.(done|in_progress))$/
const OPAQUE: Frames = { push() {}, end() {}, isWhole: () => false }

/** JSON under an event stream's content type is common for errors, events under a JSON one for careless servers. */
function formOf(first: string, contentType: string): Form {
  if (first === "{") return "body"
  if (first === "[") return "array"
  const isText = /^(text\/plain|application\/octet-stream|)\s*(;|$)/i.test(contentType)
  if (/event-stream/i.test(contentType)) return "events"
  if (/json/i.test(contentType) || isText) return /[:deir]/.test(first) ? "events" : isText ? "opaque" : "body"
  return "opaque"
}

/** The provider's own API forwarded as it is: which of its calls it was shows in the answer. Null: the dialect's own. */
function readerFor(answer: JsonObject): Read | null {
  const { type, object } = answer
  if (answer["candidates"] || answer["usageMetadata"]) return readGemini
  if (object === "response" || (typeof type === "string" && type.startsWith("response."))) return readResponses
  if (object === "chat.completion" || object === "chat.completion.chunk") return readChat
  return null
}

function readCount(tally: Tally, answer: JsonObject): void {
  if (typeof (answer["input_tokens"] ?? answer["totalTokens"]) === "number") tally.usage = noUsage()
}

/** Errors have one shape in every dialect when they are all there is. */
function readBody(tally: Tally, answer: JsonObject): void {
  if (answer["error"] && tally.errorType === null) tally.errorType = errorWord(answer["error"])
}

function metered(tally: Tally): Metered {
  const { usage, apart } = tally
  if (usage && apart) {
    usage.input += apart.input
    usage.cacheRead += apart.cacheRead
    usage.cacheWrite += apart.cacheWrite
    usage.output += apart.output
  }
  const { finishReason, toolCalls, terminal, errorType, model, serviceTier, outputChars } = tally
  return { usage, finishReason, toolCalls, terminal, errorType, model, serviceTier, outputChars }
}
