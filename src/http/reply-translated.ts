/** From the answer of a provider that speaks another dialect to the client's. How an exchange settles is `reply.ts`'s. */
import type { Exchange } from "../app.ts"
import { providerRefusal } from "../dialects/provider-error.ts"
import type { Translation } from "../dialects/translation/call.ts"
import type { TranslatedStream } from "../dialects/translation/stream.ts"
import type { AnswerListener, Dialect, Json } from "../exchange.ts"
import { answerHeaders } from "../upstream/answer-headers.ts"
import type { UpstreamAnswer } from "../upstream/answer.ts"
import { createMeter } from "../usage/meter.ts"
import type { Answer } from "./answer.ts"
import { withFirstBytes } from "./first-bytes.ts"
import {
  badAnswer,
  emptyAnswer,
  EVENTS,
  isGood,
  isJson,
  openAnswer,
  openMeter,
  receiveAnswer,
  replyJson,
  replyStream,
  replyWhole,
  unreadable,
} from "./reply.ts"

export async function replyTranslated(
  exchange: Exchange,
  answer: UpstreamAnswer,
  translation: Translation,
): Promise<Answer> {
  const { row } = exchange.draft
  const { operation, local, streamed } = translation
  const dialect = row.dialect_out!
  const contentType = openAnswer(exchange, answer)
  const isEvents = contentType.startsWith(EVENTS)
  if (!isGood(answer)) {
    const bytes = await receiveAnswer(exchange, answer)
    if (local) return await replyJson(exchange, local())
    throw providerRefusal(dialect, answer.status, bytes, answer.headers)
  }
  const isSse = row.stream && streamed !== undefined && !streamed.isArray
  const headers = withType(answerHeaders(answer.headers), isSse ? EVENTS : "application/json")
  const metering = (listener: AnswerListener) => openMeter(exchange, dialect, contentType, operation, listener)

  let begun: Uint8Array | null = null
  if (row.stream && streamed && isEvents) {
    const source = await withFirstBytes(answer.body, emptyAnswer)
    begun = source.first
    if (begun?.[0] !== OPEN_BRACE) {
      failBeforeFirstByte(begun, streamed.open(), dialect)
      const events = streamed.open()
      return replyStream(exchange, 200, headers, { source, meter: metering(events), events })
    }
  }
  const rest = await receiveAnswer(exchange, answer)
  const bytes = begun ? Buffer.concat([begun, rest]) : rest
  if (!isEvents && !isJson(contentType)) throw unreadable(answer)
  // Careless servers give one JSON body the type of a stream.
  const stream = isEvents && bytes[0] !== OPEN_BRACE ? streamed?.collector() : undefined
  const said = new WholeAnswer()
  const meter = metering(stream ?? said)
  meter.push(bytes)
  const metered = meter.end()
  if (streamed && stream) return replyWhole(exchange, 200, headers, JSON.stringify(streamed.collected(stream)), metered)
  const value = said.in(bytes)
  const body = row.stream && streamed ? streamed.replayed(value) : JSON.stringify(translation.whole(value))
  return replyWhole(exchange, 200, headers, body, metered)
}

/** A provider that answers 200 and then says nothing but that it failed: still a plain HTTP error. `trial` is a stream for this look alone. */
function failBeforeFirstByte(first: Uint8Array | null, trial: TranslatedStream, dialect: Dialect): void {
  if (first === null || !Buffer.prototype.includes.call(first, '"error"')) return
  createMeter({ dialect, operation: "generate", contentType: EVENTS, listener: trial }).push(first)
  if (trial.push().length === 0 && trial.failure) throw trial.failure
}

/** An answer that is no stream. */
class WholeAnswer implements AnswerListener {
  #value: Json | undefined

  event(_name: string, data: Json): void {
    this.#value = data
  }

  done(): void {}
  unreadable(): void {}

  /** As the meter parsed it; a list, and what is too long for the meter, are parsed here. @throws Refusal for what is not JSON */
  in(bytes: Uint8Array): Json {
    if (bytes[0] === OPEN_BRACE && this.#value !== undefined) return this.#value
    try {
      return JSON.parse(new TextDecoder().decode(bytes)) as Json
    } catch {
      throw badAnswer("is not valid JSON", 502)
    }
  }
}

const OPEN_BRACE = 123

const withType = (headers: readonly [string, string][], type: string): [string, string][] => [
  ...headers.filter(([name]) => name !== "content-type"),
  ["content-type", type],
]
