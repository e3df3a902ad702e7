/**
 * Reads an answer's bytes as they pass: tokens, finish reason, tool calls, errors and the end, in all dialects and every form they come in (SSE, a JSON
 * array, one JSON body). It changes nothing, never throws on bad bytes and keeps no more than one event or one body.
 */
import type { AnswerListener, Dialect, JsonObject, Meter, Metered, Operation } from "../exchange.ts"
import { readAnthropic } from "./meter-anthropic.ts"
import { readChat } from "./meter-chat.ts"
import { condense, parseJson } from "./meter-excess.ts"
import { arrayFrames, BodyFrames, EventFrames, type FrameHandler, type Frames } from "./meter-frames.ts"
import { readGemini } from "./meter-gemini.ts"
import { RepeatedEvent, type Said } from "./meter-repeated.ts"
import { readResponses } from "./meter-responses.ts"
import { errorWord, newTally, noUsage, type Read, record, type Tally } from "./meter-tally.ts"

export interface MeterOptions {
  /** what the upstream speaks */
  dialect: Dialect
  operation: Operation
  /** the answer's header; its first bytes have the last word */
  contentType: string
  /** the answer's words and tool calls are wanted, not only their number */
  keepsSpeech?: boolean
  listener?: AnswerListener | null
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
export function createMeter(options: MeterOptions): Meter {
  return new AnswerMeter(options)
}

class AnswerMeter implements Meter, FrameHandler {
  readonly #options: MeterOptions
  readonly #tally: Tally
  #read: Read
  #frames: Frames | null = null
  #isBody = false
  /** what the event just read said, where the next may say it again */
  #said: Said | null = null
  #repeated: RepeatedEvent | null = null

  constructor(options: MeterOptions) {
    this.#options = options
    this.#tally = newTally(options.keepsSpeech)
    this.#read = READERS[options.dialect]
  }

  push(bytes: Uint8Array): void {
    this.#frames ??= this.#open(bytes)
    this.#frames?.push(bytes)
  }

  end(): Metered {
    const tally = this.#tally
    this.#frames?.end()
    this.#forgetRepeated()
    if (this.#isBody) tally.terminal = this.#frames?.isWhole() ?? false
    else if (this.#frames === OPAQUE) tally.terminal = this.#options.operation === "passthrough"
    else if (this.#read === readChat && tally.finishReason !== null) tally.terminal = true
    return metered(tally)
  }

  get terminal(): boolean {
    return this.#isBody ? (this.#frames?.isWhole() ?? false) : this.#tally.terminal
  }

  get started(): boolean {
    return this.#tally.started
  }

  json(text: string, name?: string): boolean {
    const { listener } = this.#options
    if (listener && !this.#isBody) return this.#told(listener, text, name)
    this.#forgetRepeated()
    const tally = this.#tally
    if (text.charCodeAt(0) === OPEN_BRACKET && this.#read === readChat && text.startsWith("[DONE]"))
      tally.terminal = true
    if (name !== undefined && SAYS_NOTHING.test(name)) return true
    const value = parseJson(text)
    if (value !== undefined) listener?.event("", value)
    const answer = record(value)
    if (!answer) return value !== undefined
    const { toolCalls, outputChars, speech } = tally
    tally.text = ""
    tally.into = null
    this.#take(answer)
    const { text: said, into } = tally
    const isAll = tally.outputChars - outputChars === said.length && tally.toolCalls === toolCalls
    if (said !== "" && isAll && !this.#isBody) this.#said = { text: said, isSpeech: tally.speech !== speech, into }
    return true
  }

  /** An event that somebody else wants too: all of it, whatever it says. */
  #told(listener: AnswerListener, text: string, name = ""): boolean {
    if (text === "") return false
    if (text.startsWith("[DONE]")) {
      if (this.#read === readChat) this.#tally.terminal = true
      listener.done()
      return true
    }
    const value = parseJson(text)
    if (value === undefined) listener.unreadable("holds an event that is not JSON")
    else listener.event(name, value)
    const answer = record(value)
    if (answer && !SAYS_NOTHING.test(name)) this.#take(answer)
    return value !== undefined
  }

  /** What differs from the event before in nothing but the text does the same again. */
  again(bytes: Uint8Array, from: number, to: number): boolean {
    return this.#repeated !== null && this.#repeated.count(bytes, from, to)
  }

  was(bytes: Uint8Array, from: number, to: number): void {
    if (this.#said !== null) this.#repeated = RepeatedEvent.learn(this.#tally, this.#said, bytes, from, to)
    this.#said = null
  }

  #forgetRepeated(): void {
    this.#repeated?.tell()
    this.#repeated = null
    this.#said = null
  }

  excess(head: string, tail: string): void {
    this.#forgetRepeated()
    this.#tally.started = true
    if (!this.#isBody) this.#options.listener?.unreadable("holds an event of over 1 MiB")
    this.#take(condense(this.#options.dialect, head, tail))
  }

  #take(answer: JsonObject): void {
    const { operation } = this.#options
    if (operation === "passthrough") this.#read = readerFor(answer) ?? this.#read
    if (operation === "count_tokens") readCount(this.#tally, answer)
    else this.#read(this.#tally, answer)
    if (this.#isBody) readBody(this.#tally, answer)
  }

  #open(bytes: Uint8Array): Frames | null {
    const { contentType, dialect, operation } = this.#options
    let at = 0
    while (BLANK.has(bytes[at]!)) at++
    if (at === bytes.length) return null
    const form = formOf(String.fromCharCode(bytes[at]!), contentType)
    if (form === "events") return new EventFrames(this)
    if (form === "array" && (dialect === "gemini" || operation === "passthrough")) return arrayFrames(this)
    this.#isBody = form !== "opaque"
    if (form === "opaque") return OPAQUE
    return new BodyFrames(operation === "embeddings" ? MOST_EMBEDDING_BYTES : MOST_BODY_BYTES, this)
  }
}

type Form = "events" | "array" | "body" | "opaque"

/** Spaces, line ends and a byte order mark. */
const BLANK = new Set([9, 10, 13, 32, 0xef, 0xbb, 0xbf])
const OPEN_BRACKET = 91
/** Events whose content came before or comes again: not worth parsing. The names are Anthropic's and Responses'. */
const SAYS_NOTHING =
  /^(ping|content_block_stop|response\.in_progress|response\.(?!output_item\.done)[a-z_.]+\.(done|in_progress))$/
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
  const { speech, calls, refused } = tally
  return {
    usage,
    finishReason,
    toolCalls,
    terminal,
    errorType,
    model,
    serviceTier,
    outputChars,
    speech,
    calls,
    refused,
  }
}
