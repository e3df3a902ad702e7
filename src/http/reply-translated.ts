/** From the answer of a provider that speaks another dialect to the client's Response. How an exchange settles is `reply.ts`'s. */
import type { Exchange } from "../app.ts"
import { providerRefusal } from "../dialects/provider-error.ts"
import type { StreamedTranslation, Translation } from "../dialects/translation/call.ts"
import type { Json } from "../exchange.ts"
import { answerHeaders } from "../upstream/answer-headers.ts"
import type { UpstreamAnswer } from "../upstream/send.ts"
import { withFirstBytes } from "./first-bytes.ts"
import {
  badAnswer,
  contentTypeOf,
  emptyAnswer,
  EVENTS,
  isGood,
  isJson,
  openMeter,
  receiveAnswer,
  replyOwn,
  replyStream,
  replyWhole,
  unreadable,
} from "./reply.ts"

export async function replyTranslated(
  exchange: Exchange,
  answer: UpstreamAnswer,
  translation: Translation,
): Promise<Response> {
  const { row } = exchange.draft
  const { operation, local, streamed } = translation
  const dialect = row.dialect_out!
  const contentType = contentTypeOf(answer)
  const isEvents = contentType.startsWith(EVENTS)
  if (!isGood(answer)) {
    const bytes = await receiveAnswer(exchange, answer)
    if (local) return await replyOwn(exchange, JSON.stringify(local()), "application/json", false)
    throw providerRefusal(dialect, answer.status, bytes, answer.headers)
  }
  const meter = openMeter(exchange, dialect, contentType, operation)
  const isSse = row.stream && streamed !== undefined && !streamed.isArray
  const headers = withType(answerHeaders(answer.headers), isSse ? EVENTS : "application/json")

  if (row.stream && streamed && isEvents) {
    const source = await withFirstBytes(answer.body, emptyAnswer)
    failBeforeFirstByte(source.first, streamed)
    return replyStream(exchange, 200, headers, { source, meter, events: streamed.open() })
  }
  const bytes = await receiveAnswer(exchange, answer)
  if (!isEvents && !isJson(contentType)) throw unreadable(answer)
  meter.push(bytes)
  const metered = meter.end()
  const body =
    row.stream && streamed
      ? streamed.replayed(parse(bytes))
      : JSON.stringify(isEvents && streamed ? streamed.collected(bytes) : translation.whole(parse(bytes)))
  return replyWhole(exchange, 200, headers, body, metered)
}

/** A provider that answers 200 and then says nothing but that it failed: still a plain HTTP error. */
function failBeforeFirstByte(first: Uint8Array | null, streamed: StreamedTranslation): void {
  if (first === null || !Buffer.prototype.includes.call(first, '"error"')) return
  const trial = streamed.open()
  if (trial.push(first).length === 0 && trial.failure) throw trial.failure
}

function parse(bytes: Uint8Array): Json {
  try {
    return JSON.parse(new TextDecoder().decode(bytes)) as Json
  } catch {
    throw badAnswer("is not valid JSON", 502)
  }
}

const withType = (headers: readonly [string, string][], type: string): [string, string][] => [
  ...headers.filter(([name]) => name !== "content-type"),
  ["content-type", type],
]
