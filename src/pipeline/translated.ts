/** A call whose client and provider speak different dialects: read, written anew, sent, and the answer written back. Loaded by the first such call. */
import type { Exchange } from "../app.ts"
import { callProvider } from "./send.ts"
import { fitBody, type Habits, habitsOf } from "../dialects/fitting.ts"
import type { MediaPart } from "../dialects/form.ts"
import { isOfType, mediaToFetch, mimeOf } from "../dialects/media-needs.ts"
import { writeRequest } from "../dialects/outgoing.ts"
import { type Asked, parseBody, readRequest } from "../dialects/request.ts"
import type { Translation } from "../dialects/translation/call.ts"
import { isOwnError, localCount } from "../dialects/translation/count.ts"
import { readCall, translate } from "../dialects/translation/translation.ts"
import { type Dialect, Refusal } from "../exchange.ts"
import { JsonText } from "../json/json-text.ts"
import type { Pieces } from "../json/pieces.ts"
import type { Answer } from "../http/answer.ts"
import { contentTypeOf, openMeter, receiveAnswer, replyJson, replyWhole } from "../http/reply.ts"
import { replyTranslated } from "../http/reply-translated.ts"
import type { Deployment } from "../settings.ts"
import type { Choice } from "../route/routes.ts"
import { answerHeaders } from "../upstream/answer-headers.ts"
import type { UpstreamAnswer } from "../upstream/answer.ts"
import { estimateTokens } from "../usage/estimate.ts"

export async function handleTranslated(exchange: Exchange, asked: Asked, choice: Choice): Promise<Answer> {
  const translation = await translateCall(exchange, asked, choice)
  const { body, local, operation } = translation
  const here = () => replyJson(exchange, local!())
  if (body === null) return await here()
  try {
    const to = { method: "POST", operation, batch: operation === "embeddings" }
    const answer = await callProvider(exchange, choice, to, writeTranslated(exchange, asked, translation, choice))
    return await replyTranslated(exchange, answer, translation)
  } catch (error) {
    if (local && error instanceof Refusal && error.origin === "upstream") return await here()
    throw error
  }
}

/** A provider of the client's own dialect that knows no such path: a count there is all the same. What it says of its own accord passes. */
export async function countHere(exchange: Exchange, asked: Asked, answer: UpstreamAnswer): Promise<Answer> {
  const { dialect } = exchange.endpoint
  const bytes = await receiveAnswer(exchange, answer)
  if (isOwnError(dialect, bytes)) {
    const meter = openMeter(exchange, dialect, contentTypeOf(answer))
    meter.push(bytes)
    return replyWhole(exchange, answer.status, answerHeaders(answer.headers), bytes, meter.end())
  }
  return replyJson(exchange, localCount(dialect, parseBody(asked), estimateTokens))
}

async function translateCall(exchange: Exchange, asked: Asked, { deployment, model }: Choice): Promise<Translation> {
  const { app, arrival, draft, endpoint, identity } = exchange
  const reading = readCall(endpoint.dialect, endpoint.operation, parseBody(asked))
  if (reading.form && endpoint.operation !== "count_tokens")
    await fillMedia(
      exchange,
      mediaToFetch(reading.form, { dialect: draft.row.dialect_out!, provider: deployment.provider }),
    )
  const { userId } = identity!
  const remembered = reading.keys.length > 0 ? app.reasoning.find(userId, reading.keys) : NOTHING_KEPT
  const client = {
    dialect: endpoint.dialect,
    id: draft.row.id,
    created: Math.floor(arrival.startedAt / 1000),
    wantsUsage: asked.wantsUsage,
    wantsArray: endpoint.dialect === "gemini" && asked.stream && !arrival.query.includes("alt=sse"),
    estimate: estimateTokens,
  }
  const dialect = draft.row.dialect_out!
  const translation = translate(
    reading,
    client,
    { dialect, provider: deployment.provider, model, stream: asked.stream },
    remembered,
    (key, kept) => app.reasoning.keep(userId, [[key, kept]]),
  )
  draft.row.lossy = translation.losses.paths
  return translation
}

/** What the provider would not fetch is put into the request. */
async function fillMedia({ arrival, snapshot }: Exchange, parts: readonly MediaPart[]): Promise<void> {
  if (parts.length === 0) return
  const { fetchMedia, refused } = await import("../upstream/media.ts")
  const urls = parts.map(({ source }) => (source.by === "url" ? source.url : ""))
  const allowedHosts = snapshot.config.mediaHosts
  const fetched = await fetchMedia(urls, { allowedHosts, signal: arrival.body.watch() })
  for (const [at, part] of parts.entries()) {
    const { bytes, contentType } = fetched[at]!
    const mime = mimeOf(bytes, contentType)
    if (mime === null || !isOfType(part, mime)) throw refused(urls[at]!, `holds no ${part.type}`)
    part.source = { by: "data", mime, data: Buffer.from(bytes).toString("base64") }
  }
}

/** The config's own parameters are set and dropped as in a request that came in the provider's dialect. */
function writeTranslated(
  exchange: Exchange,
  asked: Asked,
  { body, operation, losses }: Translation,
  { deployment, model }: Choice,
): Pieces {
  const { row } = exchange.draft
  const dialect = row.dialect_out!
  const { params, dropParams, fitting } = deployment
  const drop = [...dropParams]
  if (operation === "generate") {
    const client = fitting.allowed.length > 0 ? parseBody(asked) : {}
    const fitted = fitBody(body!, knownHabits(deployment, dialect, model), fitting.allowed, client, params)
    drop.push(...fitted.drop)
    for (const name of fitted.lost) losses.note(name)
  }
  const text = JSON.stringify(body)
  if (drop.length === 0 && Object.keys(params).length === 0) return [text]
  const endpoint = { dialect, operation, model, stream: row.stream, version: null } as const
  return writeRequest(readRequest(endpoint, JsonText.from(text)), { model, params, drop }).body
}

const NOTHING_KEPT = new Map<string, never>()

/** Of each deployment those of the model last asked for: mostly there is no other. */
const known = new WeakMap<Deployment, { model: string; habits: Habits }>()

function knownHabits(deployment: Deployment, dialect: Dialect, model: string): Habits {
  let last = known.get(deployment)
  if (last?.model !== model || last.habits.dialect !== dialect) {
    last = { model, habits: habitsOf({ dialect, provider: deployment.provider, model }) }
    known.set(deployment, last)
  }
  return last.habits
}
