/**
 * What happens to one request, in order. `handle` names the steps:
 *
 *     gate.open        whose key is it?                                            auth/
 *     receiveJson      the body's bytes, as the JSON that they are                 http/body.ts
 *     readRequest      its model and other members, found and not yet parsed       dialects/request.ts
 *     recognise        user, client, project, conversation                         pipeline/recognise.ts
 *     routes.choose    the deployment that is asked                                route/
 *     recall           what memory adds to the newest turn                         pipeline/memory.ts
 *     writeRequest     the client's own bytes, with the few edits that are needed  dialects/outgoing.ts
 *     callProvider     its URL, headers and timeouts; one HTTP exchange            pipeline/send.ts
 *     replyWith        the provider's bytes to the client, counted as they pass    http/reply.ts
 *     settle           once, however it ended: the row, its price, memory          pipeline/settle.ts
 *
 * Where client and provider speak different dialects `pipeline/translated.ts` takes over after `recall`; a provider's own API is `pipeline/passthrough.ts`,
 * and a model of the config's own words (`mock_response`) `pipeline/mock.ts`.
 * What fails before the answer's first byte is thrown, and written by `refuse` in the caller's dialect. What has come already is taken without a promise.
 */
import type { App, Exchange } from "./app.ts"
import type { Endpoint } from "./dialects/endpoints.ts"
import { changeFor } from "./dialects/fitting.ts"
import { needsChat, outboundDialect } from "./dialects/outbound-dialect.ts"
import { writeRequest } from "./dialects/outgoing.ts"
import { readRequest } from "./dialects/request.ts"
import type { Arrival } from "./exchange.ts"
import type { Answer } from "./http/answer.ts"
import { receiveJson } from "./http/body.ts"
import { refuse, replyWith } from "./http/reply.ts"
import { Prompt } from "./identify/prompt.ts"
import { bringsKey, noteChoice, noteRequest, openExchange } from "./pipeline/open-exchange.ts"
import { openMemory, recall } from "./pipeline/memory.ts"
import { recognise } from "./pipeline/recognise.ts"
import { callProvider } from "./pipeline/send.ts"
import type { Deployment } from "./settings.ts"

/** A model call: in by one of the dialects, answered by a deployment that speaks it. It never throws, and settles once. */
export async function handle(arrival: Arrival, endpoint: Endpoint, app: App): Promise<Answer> {
  const exchange = openExchange(arrival, endpoint, app)
  const { gate, routes } = exchange.snapshot
  try {
    exchange.caller = gate.open(arrival.headers, arrival.keysFromUrl)
    const body = receiveJson(arrival)
    const text = body instanceof Promise ? await body : body
    exchange.draft.tap?.request(text)
    const asked = readRequest(endpoint, text)
    noteRequest(exchange, text, asked.model, asked.stream)
    recognise(exchange, Prompt.ofScanned(text))
    const serves = (one: Deployment) => outboundDialect(endpoint, one) !== null
    const choice = routes.choose(asked.model, serves, app.random(), bringsKey(exchange))
    noteChoice(exchange, choice)
    const { model, deployment } = choice
    exchange.memory = openMemory(exchange, choice)
    const told = exchange.memory?.mode.reads ? await recall(exchange, exchange.memory, asked) : asked
    if (needsTranslation(exchange, deployment)) {
      const { handleTranslated } = await loadTranslated()
      return await handleTranslated(exchange, told, choice)
    }
    const written = writeRequest(told, changeFor(told, deployment, model))
    if (deployment.mock !== null) {
      const { answerMock } = await loadMock()
      return await answerMock(exchange, asked, deployment.mock, written.body)
    }
    const answer = await callProvider(exchange, choice, { method: "POST" }, written.body)
    if (endpoint.operation === "count_tokens" && CANNOT_COUNT.has(answer.status)) {
      const { countHere } = await loadTranslated()
      return await countHere(exchange, told, answer)
    }
    const reply = replyWith(exchange, answer, written.hideUsage)
    return reply instanceof Promise ? await reply : reply
  } catch (error) {
    return refuse(exchange, error)
  }
}

/** Kept: to ask for it anew costs 20 µs a call. */
function once<T>(load: () => Promise<T>): () => Promise<T> {
  let loading: Promise<T> | undefined
  return () => (loading ??= load())
}
const loadTranslated = once(() => import("./pipeline/translated.ts"))
const loadMock = once(() => import("./pipeline/mock.ts"))

/** What providers answer that know no such path. */
const CANNOT_COUNT: ReadonlySet<number> = new Set([404, 405, 501])

const needsTranslation = ({ draft, endpoint }: Exchange, deployment: Deployment) =>
  deployment.mock === null && (draft.row.dialect_out !== endpoint.dialect || needsChat(endpoint, deployment))
