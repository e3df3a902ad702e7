/**
 * What happens to one request, in order. `handle` names the steps:
 *
 *     gate.open        whose key is it?                                            auth/
 *     receiveBody      the body's bytes, and their text                            http/body.ts
 *     readRequest      its model and other members, found and not yet parsed       dialects/request.ts
 *     recognise        user, client, project, conversation                         identify/
 *     routes.choose    the deployment that is asked                                route/
 *     recall           what memory adds to the newest turn                         pipeline/memory.ts
 *     writeRequest     the client's own text, with the few edits that are needed   dialects/outgoing.ts
 *     callProvider     its URL, headers and timeouts; one HTTP exchange            pipeline/send.ts
 *     replyWith        the provider's bytes to the client, counted as they pass    http/reply.ts
 *     settle           once, however it ended: the row, its price, memory          pipeline/settle.ts
 *
 * Where client and provider speak different dialects `pipeline/translated.ts` takes over after `recall`. What fails before the answer's first byte is thrown and
 * written by `refuse`, in the caller's dialect.
 */
import type { App, Exchange, Snapshot } from "./app.ts"
import { createGate } from "./auth/gate.ts"
import { callProvider } from "./pipeline/send.ts"
import { type Endpoint, matchEndpoint } from "./dialects/endpoints.ts"
import { lastUserText } from "./dialects/mock.ts"
import { needsChat, outboundDialect } from "./dialects/outbound-dialect.ts"
import { changeFor } from "./dialects/fitting.ts"
import { bodyOf, writeRequest } from "./dialects/outgoing.ts"
import { readRequest } from "./dialects/request.ts"
import { type Arrival, type Identity, type JsonObject, type Project, Refusal } from "./exchange.ts"
import type { Config, Deployment } from "./settings.ts"
import type { Answer } from "./http/answer.ts"
import { bodyText, receiveBody } from "./http/body.ts"
import { refuse, replyMock, replyWith } from "./http/reply.ts"
import { type Identified, identify } from "./identify/identify.ts"
import { readTurns, type UserTurn } from "./identify/turns.ts"
import { noteMemory } from "./memory/call.ts"
import { redact } from "./memory/redact.ts"
import { openMemory, recall } from "./pipeline/memory.ts"
import { buildRoutes, type Choice, isReady, missingVariable } from "./route/routes.ts"
import { BodyTap } from "./usage/body-tap.ts"
import { openDraft } from "./usage/draft.ts"

/** A model call: in by one of the dialects, answered by a deployment that speaks it. It never throws, and settles once. */
export async function handle(arrival: Arrival, endpoint: Endpoint, app: App): Promise<Answer> {
  const exchange = openExchange(arrival, endpoint, app)
  const { gate, routes } = exchange.snapshot
  try {
    exchange.caller = gate.open(arrival.headers, arrival.keysFromUrl)
    const body = receiveBody(arrival)
    const bytes = body instanceof Promise ? await body : body
    const text = bodyText(bytes)
    exchange.draft.tap?.request(text)
    const asked = readRequest(endpoint, text)
    noteRequest(exchange, asked.model, asked.stream, asked.text)
    recognise(exchange, asked.text)
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
    exchange.draft.tap?.sent(written.text)
    if (deployment.mock !== null)
      return await replyMock(exchange, asked, mockText(deployment.mock, endpoint, written.text))
    const sent = bodyOf(written, asked, bytes)
    const answer = await callProvider(exchange, choice, { method: "POST" }, sent)
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

/** A provider's own API (`/anthropic/*` …): the same bytes to the same path, only the key is exchanged. It never throws, and settles once. */
export async function handlePassthrough(
  arrival: Arrival,
  provider: keyof Config["passthrough"],
  app: App,
): Promise<Answer> {
  const rest = arrival.path.slice(provider.length + 1)
  const inference = matchEndpoint(arrival.method, rest)
  const exchange = openExchange(arrival, inference ?? { ...RAW, dialect: RAW_DIALECT[provider] }, app, true)
  const { config, gate } = exchange.snapshot
  try {
    exchange.caller = gate.open(arrival.headers, arrival.keysFromUrl)
    const bytes = await receiveBody(arrival)
    const text = inference ? bodyText(bytes) : ""
    exchange.draft.tap?.request(text)
    const body = parseObject(text)
    const model = inference?.model ?? (typeof body?.["model"] === "string" ? body["model"] : "")
    noteRequest(exchange, model, inference?.stream ?? body?.["stream"] === true, text)
    recognise(exchange, text)
    const deployment = config.passthrough[provider]
    if (!deployment) throw noProvider(provider)
    if (!isReady(deployment, bringsKey(exchange))) throw missingVariable(provider, deployment)
    const choice: Choice = { deployment, model, group: model, features: [] }
    noteChoice(exchange, choice)
    if (app.memories.engine(config)) noteMemory(exchange.draft, "skip", "passthrough")
    const answer = await callProvider(
      exchange,
      choice,
      { method: arrival.method, rest },
      bytes.length > 0 ? bytes : null,
    )
    return await replyWith(exchange, answer, false)
  } catch (error) {
    return refuse(exchange, error)
  }
}

const importTranslated = () => import("./pipeline/translated.ts")
let translated: ReturnType<typeof importTranslated> | undefined
/** Kept: to ask for it anew costs 20 µs a call. */
const loadTranslated = () => (translated ??= importTranslated())

/** What providers answer that know no such path. */
const CANNOT_COUNT: ReadonlySet<number> = new Set([404, 405, 501])
const RAW = { operation: "passthrough", model: null, stream: null, version: null } as const
const RAW_DIALECT = { anthropic: "anthropic", openai: "openai-chat", gemini: "gemini" } as const

export function takeSnapshot(config: Config): Snapshot {
  const ownHeaders = new Set([config.users.customHeader, config.keyHeader ?? ""])
  return { config, gate: createGate(config), routes: buildRoutes(config), ownHeaders }
}

function openExchange(arrival: Arrival, endpoint: Endpoint, app: App, isRaw = false): Exchange {
  const draft = openDraft(app.newId(), arrival, endpoint.dialect, isRaw ? "passthrough" : endpoint.operation)
  if (!app.prices.ready) void app.prices.load()
  const snapshot = app.snapshot()
  const traceparent = snapshot.config.telemetry && arrival.headers.get("traceparent")
  if (traceparent) draft.detail.trace = { parent: traceparent, state: arrival.headers.get("tracestate") }
  const { bodies } = snapshot.config.logging
  if (bodies !== "off") draft.tap = new BodyTap(bodies === "redacted" ? redact : (text) => text)
  return {
    app,
    snapshot,
    arrival,
    draft,
    endpoint,
    isRaw,
    text: "",
    body: () => null,
    turns: () => [],
    identity: null,
    isOwnSession: false,
    caller: null,
    memory: null,
    isSettled: false,
  }
}

function noteRequest({ draft }: Exchange, model: string, isStream: boolean, text: string): void {
  draft.row.model = model || null
  draft.row.stream = isStream
  draft.requestChars = text.length
}

/** Who is calling, from where, in which conversation. */
function recognise(exchange: Exchange, text: string): void {
  const { app, arrival, draft, endpoint, snapshot } = exchange
  const caller = exchange.caller!
  exchange.text = text
  let parsed: JsonObject | null | undefined
  const body = (exchange.body = () => (parsed === undefined ? (parsed = parseObject(text)) : parsed))
  const { dialect } = endpoint
  let turns: readonly UserTurn[] | undefined
  exchange.turns = () => (turns ??= readTurns(dialect, body()))
  const { headers, prefixUser, prefixProject } = arrival
  const found = identify(
    { headers, dialect, body, prefixUser, prefixProject, caller },
    snapshot.config.users,
    app.patterns,
  )
  const named = found.project && resolveProject(app, found, found.project, arrival.isLocal)
  const sessionId = found.sessionId ?? sessionFromTurns(exchange, found, named)
  // Two people may begin with the same words, and so may one in two places: only a session that the client named tells a place.
  const project = found.sessionId === null ? named : projectOfSession(app, found.userId, sessionId, named)
  exchange.identity = { ...found, project, sessionId }
  exchange.isOwnSession = found.sessionId !== null
  const { row } = draft
  draft.detail.project_key = project?.key ?? null
  row.client = found.client
  row.client_version = found.clientVersion
  row.client_guess = found.clientGuess
  row.user_id = found.userId
  row.project = project?.name ?? null
  row.session_id = sessionId
  row.key_alias = caller.alias
}

/** What a client on this machine calls a path, this machine's own repositories may know by its remote. */
export function resolveProject(app: App, found: Identified, project: Project, isLocal: boolean): Project {
  const path = found.clue?.path
  const repository = path && isLocal ? app.repositories.lookup(path) : null
  return app.projects.resolve(project, repository, found)
}

/** A call that names no place belongs where its conversation's other calls do, those that ended already too. */
function projectOfSession(
  { sessionProjects, ledger }: App,
  userId: string,
  sessionId: string | null,
  named: Project | null,
): Project | null {
  if (sessionId === null) return named
  if (named === null) return sessionProjects.of(userId, sessionId)
  const waiting = sessionProjects.learn(userId, sessionId, named)
  if (waiting.length > 0) void ledger.nameProject(waiting, named)
  return named
}

/** Clients without a conversation id resend the conversation: the session is found by its turns. */
function sessionFromTurns(exchange: Exchange, identity: Identity, project: Project | null): string | null {
  if (exchange.body() === null || exchange.endpoint.operation !== "generate") return null
  return exchange.app.sessions.find(
    `${identity.userId}\n${identity.client}\n${project?.key}`,
    exchange.turns().map(({ hash }) => hash),
  )
}

function parseObject(text: string): JsonObject | null {
  if (text === "") return null
  try {
    return JSON.parse(text) as JsonObject
  } catch {
    return null // the provider answers for what is inside a body; nothing can be recognised in this one
  }
}

const needsTranslation = ({ draft, endpoint }: Exchange, deployment: Deployment) =>
  deployment.mock === null && (draft.row.dialect_out !== endpoint.dialect || needsChat(endpoint, deployment))

function noteChoice({ draft, endpoint, caller, isRaw }: Exchange, { deployment, model, group }: Choice): void {
  draft.deployment = deployment
  draft.isSubscription = caller!.subscription !== null && deployment.key === null
  draft.detail.deployment_id = deployment.id
  draft.row.model = group || null
  draft.row.upstream_model = model || null
  draft.row.provider = deployment.provider
  draft.row.dialect_out = isRaw ? endpoint.dialect : outboundDialect(endpoint, deployment)
}

/** A Claude subscription, or a provider key that the file lets clients bring. */
const bringsKey = ({ caller, snapshot }: Exchange) =>
  caller!.subscription !== null || snapshot.config.forwardProviderAuth

/** `echo` answers with the last user message as the provider would have received it. */
function mockText(mock: string, endpoint: Endpoint, sent: string): string {
  return mock === "echo" ? lastUserText(endpoint.dialect, parseObject(sent) ?? {}) : mock
}

const noProvider = (provider: string) =>
  new Refusal(
    404,
    "not_found",
    `No ${provider} deployment is configured, so there is no key to call ${provider} with. Add one to model_list.`,
    {
      code: "provider_not_configured",
    },
  )
