/** From the provider's answer, or a refusal, to the client's. How an exchange settles is `pipeline/settle.ts`. */
import type { App, Exchange } from "../app.ts"
import { renderError, renderErrorEvent } from "../dialects/errors.ts"
import { dropUsage } from "../dialects/drop-usage.ts"
import { keepAlive } from "../dialects/keepalive.ts"
import { WholeEvents } from "../dialects/whole-events.ts"
import { type AnswerListener, type Dialect, type Meter, type Metered, Refusal } from "../exchange.ts"
import { recognise } from "../identify/clients.ts"
import { MemoryFailure } from "../memory/engine.ts"
import { settle } from "../pipeline/settle.ts"
import { answerHeaders, routerHeaders } from "../upstream/answer-headers.ts"
import type { UpstreamAnswer } from "../upstream/answer.ts"
import { createMeter } from "../usage/meter.ts"
import { newTally } from "../usage/meter-tally.ts"
import { overheadMs } from "../usage/draft.ts"
import type { Answer } from "./answer.ts"
import { answerHead } from "./answer-head.ts"
import { withFirstBytes } from "./first-bytes.ts"
import type { Events, RelaySource } from "./relay.ts"

export const EVENTS = "text/event-stream"
const MAX_ANSWER_BYTES = 256 * 1024 * 1024
const CLIENT_CLOSED_REQUEST = 499 // nginx's number for it; nobody is left to read it but the ledger

/** The provider's answer, byte for byte. */
export function replyWith(
  exchange: Exchange,
  answer: UpstreamAnswer,
  isHidingUsage: boolean,
): Answer | Promise<Answer> {
  const { draft, endpoint, isRaw } = exchange
  const contentType = openAnswer(exchange, answer)
  draft.detail.router = draft.deployment?.router ? routerHeaders(answer.headers) : null
  const isEvents = contentType.startsWith(EVENTS)
  const isOk = isGood(answer)
  const { dialect, operation } = endpoint
  const meter = openMeter(exchange, dialect, contentType)
  const headers = answerHeaders(answer.headers)
  if (isRaw && operation === "passthrough")
    return replyStream(exchange, answer.status, headers, { source: answer.body, meter: UNMETERED, events: null })
  // Gemini streams a JSON array to those who do not ask for events.
  const isArray = draft.row.stream && dialect === "gemini" && isJson(contentType)
  if (isOk && (isEvents || isArray)) {
    const events = isEvents ? new WholeEvents(isHidingUsage ? dropUsage : null) : null
    return withFirstBytes(answer.body, emptyAnswer).then((source) =>
      replyStream(exchange, answer.status, headers, { source, meter, events }),
    )
  }
  const reply = (bytes: Uint8Array) => {
    meter.push(bytes)
    const metered = meter.end()
    // Google gives the error of a stream, one JSON body, the type of a stream; careless servers give none or `text/plain`.
    if (!isJson(contentType) && !isEvents && !metered.terminal && !isRaw) throw unreadable(answer)
    if (isOk && !metered.terminal && !isRaw) throw badAnswer("is not valid JSON", 502)
    return replyWhole(exchange, answer.status, headers, bytes, metered)
  }
  const bytes = receiveAnswer(exchange, answer)
  return bytes instanceof Promise ? bytes.then(reply) : reply(bytes)
}

/** Its head is there: what it says of its type. */
export function openAnswer({ app, draft }: Exchange, answer: UpstreamAnswer): string {
  draft.answeredAt = app.now()
  return contentTypeOf(answer)
}

/** `dialect` is the provider's. */
export function openMeter(
  { draft, endpoint }: Exchange,
  dialect: Dialect,
  contentType: string,
  operation = endpoint.operation,
  listener: AnswerListener | null = null,
): Meter {
  const meter = createMeter({ dialect, operation, contentType, keepsSpeech: operation === "generate", listener })
  return draft.tap ? draft.tap.answer(meter) : meter
}

/** All of an answer's body; what is awaited here is the provider's time. No promise where it has come with the head, as most do. */
export function receiveAnswer({ app, draft }: Exchange, { body }: UpstreamAnswer): Uint8Array | Promise<Uint8Array> {
  const bytes = body.whole(MAX_ANSWER_BYTES)
  if (!(bytes instanceof Promise)) return bytes
  return bytes.then((bytes) => {
    draft.answeredAt = app.now()
    return bytes
  })
}

/** `body` is what the client gets, `metered` what the provider said. @throws the abort, when the client left meanwhile */
export function replyWhole(
  exchange: Exchange,
  status: number,
  headers: readonly (readonly [string, string])[],
  body: Uint8Array | string,
  metered: Metered,
): Answer | Promise<Answer> {
  const { arrival } = exchange
  const isOk = status >= 200 && status < 300
  if (arrival.body.hasLeft) throw new DOMException("The client left.", "AbortError")
  const errorType = metered.errorType ?? (isOk ? null : "upstream")
  const outcome = errorType === null ? "done" : "upstream-failed"
  const pending = settle(exchange, { outcome, status, errorType, metered })
  const answer = () => ({ status, ...answerHead(exchange, headers, true), body })
  return pending ? pending.then(answer) : answer()
}

/** `events` is null where the client's stream is not made of events: then nothing of ours can be put into it. */
export function replyStream(
  exchange: Exchange,
  status: number,
  headers: readonly (readonly [string, string])[],
  carry: { source: RelaySource; meter: Meter; events: Events | null },
): Answer {
  const { app, arrival, draft, endpoint } = exchange
  const { dialect } = endpoint
  const id = draft.row.id
  draft.row.overhead_ms = overheadMs(draft, app.now())
  const isEvents = carry.events !== null && !carry.events.isArray
  const body = app.relays.open({
    ...carry,
    keepAlive: isEvents ? keepAlive(dialect) : null,
    errorEvent: (refusal) => (isEvents ? encoder.encode(renderErrorEvent(dialect, refusal, id)) : null),
    client: arrival.body,
    onFirstContent: () => (draft.row.ttft_ms = round(app.now() - draft.started)),
    onEnd: (outcome, refusal, metered, stalls) => {
      draft.stalls = stalls
      if (refusal) app.log(`${id} the provider's stream failed: ${refusal.message}`, refusal.cause)
      void settle(exchange, { outcome, status, errorType: refusal?.code ?? refusal?.type ?? null, metered })
    },
  })
  return { status, ...answerHead(exchange, headers), body }
}

/** An answer in the caller's dialect that is ours. */
export const replyJson = (exchange: Exchange, value: unknown): Promise<Answer> =>
  replyOwn(exchange, JSON.stringify(value), "application/json", false)

/** As `replyJson`, of what is written already; metered as a provider's answer would be. */
export async function replyOwn(
  exchange: Exchange,
  text: string,
  contentType: string,
  isStream: boolean,
): Promise<Answer> {
  const { app, draft, endpoint } = exchange
  const body = encoder.encode(text)
  const meter = openMeter(exchange, endpoint.dialect, contentType)
  meter.push(body)
  if (isStream) draft.row.ttft_ms = round(app.now() - draft.started)
  await settle(exchange, { outcome: "done", status: 200, errorType: null, metered: meter.end() })
  return { status: 200, ...answerHead(exchange, [["content-type", contentType]], !isStream), body }
}

/** Anything that went wrong before the first byte: a plain HTTP error in the caller's dialect. */
export function refuse(exchange: Exchange, error: unknown): Answer {
  const { app, arrival, draft, endpoint } = exchange
  if (arrival.body.hasLeft) {
    void settle(exchange, { outcome: "client-left", status: CLIENT_CLOSED_REQUEST, errorType: null, metered: null })
    return { status: CLIENT_CLOSED_REQUEST, head: "", body: null }
  }
  if (!exchange.identity) noteClient(exchange)
  const refusal = refusalOf(app, draft.row.id, error)
  const { status, body } = renderError(endpoint.dialect, refusal, draft.row.id)
  draft.tap?.refused(body)
  const outcome = refusal.origin === "upstream" || draft.sentAt !== null ? "upstream-failed" : "rejected"
  void settle(exchange, { outcome, status, errorType: refusal.code ?? refusal.type, metered: null })
  const headers = [["content-type", "application/json"] as const, ...Object.entries(refusal.headers)]
  return { status, ...answerHead(exchange, headers), body }
}

/** Refused before anybody looked who calls: the headers alone tell which program it was. */
function noteClient({ arrival, draft }: Exchange): void {
  const client = recognise(arrival.headers, null)
  draft.row.client = client?.name ?? null
  draft.row.client_version = client?.version ?? null
  draft.row.client_guess = client?.guess ?? false
}

/** What a client is told of any error. */
export function refusalOf(app: App, id: string, error: unknown): Refusal {
  if (error instanceof Refusal) return error
  if (error instanceof MemoryFailure) return new Refusal(503, "unavailable", error.message, { cause: error })
  app.log(`${id} internal error`, error)
  return new Refusal(500, "internal", `internal error, request ${id}`, { cause: error })
}

/** An answer of no JSON where JSON is due: a web server's page. */
export function unreadable(answer: UpstreamAnswer): Refusal {
  const status = answer.status >= 400 ? answer.status : 502
  const retryAfter = answer.headers.get("retry-after")
  return badAnswer(
    `is ${contentTypeOf(answer) || "without a content type"}, not JSON`,
    status,
    retryAfter ? { "retry-after": retryAfter } : {},
  )
}

export const badAnswer = (what: string, status: number, headers: Record<string, string> = {}) =>
  new Refusal(status, "upstream", `The provider's answer (HTTP ${status}) ${what}. Check api_base in the config.`, {
    code: "bad_response",
    origin: "upstream",
    headers,
  })

export const emptyAnswer = () => badAnswer("is empty", 502)

export const contentTypeOf = (answer: UpstreamAnswer) => answer.headers.get("content-type")?.toLowerCase() ?? ""

export const isGood = ({ status }: UpstreamAnswer) => status >= 200 && status < 300

export const isJson = (contentType: string) => contentType.includes("json")

/** A pass-through call that is no inference: its bytes go by unread. */
const UNMETERED: Meter = {
  push() {},
  end: () => ({ ...newTally(), terminal: true }),
  terminal: true,
  started: true,
}

const encoder = new TextEncoder()
const round = (ms: number) => Math.round(ms * 1000) / 1000
