/** One call to the chosen deployment: its URL, its headers, its timeouts. What is said, and what becomes of the answer, is decided elsewhere. */
import type { Exchange } from "../app.ts"
import type { HeaderFields, Identity, Operation } from "../exchange.ts"
import type { Pieces } from "../json/pieces.ts"
import type { Config, Deployment } from "../settings.ts"
import { namespaceOf } from "../memory/namespace.ts"
import { containerTag } from "../memory/supermemory-tag.ts"
import type * as Cloud from "./cloud.ts"
import type { Choice } from "../route/routes.ts"
import { outgoingHeaders } from "../upstream/headers.ts"
import type { UpstreamAnswer, UpstreamRequest } from "../upstream/answer.ts"
import { type Call, target } from "../upstream/target.ts"

const CONNECT_TIMEOUT_MS = 10_000

/** What is asked of the provider. */
interface ProviderCall {
  method: string
  /** of a pass-through: the path behind the provider's own */
  rest?: string
  /** of a translated call: the provider's operation, which need not be the client's */
  operation?: Operation
  batch?: boolean
}

/** What a client's head became on its way to the deployment it last went to, and where that was; a deployment belongs to one config. */
interface Sent {
  deployment: Deployment
  group: string
  call: Call
  url: string
  headers: UpstreamRequest["headers"]
}
const lastSent = new WeakMap<HeaderFields, Sent>()

export function callProvider(
  exchange: Exchange,
  choice: Choice,
  to: ProviderCall,
  body: Pieces | null,
): Promise<UpstreamAnswer> {
  const { app, arrival, draft, endpoint, identity, snapshot } = exchange
  const { config } = snapshot
  const { deployment } = choice
  const isStream = draft.row.stream
  const dialect = draft.row.dialect_out!
  const isTranslated = to.operation !== undefined
  const call: Call = {
    dialect,
    operation: to.operation ?? endpoint.operation,
    model: choice.model,
    stream: isStream,
    batch: to.batch ?? endpoint.batch,
    version: isTranslated ? null : endpoint.version,
    // a query is a word of its dialect
    query: !isTranslated ? arrival.query : dialect === "gemini" && isStream ? "?alt=sse" : "",
    rest: to.rest,
  }
  const { key } = config.supermemory
  const router = deployment.router
    ? { key, userId: routerUser(config, identity!), conversationId: identity!.sessionId }
    : null
  const known = lastSent.get(arrival.headers)
  const isPlain = router === null && choice.features.length === 0 && arrival.keysFromUrl.length === 0
  const isKnown =
    isPlain && known?.deployment === deployment && known.group === choice.group && isSame(known.call, call)
  const url = isKnown ? known.url : target(deployment, call)
  const headers = isKnown
    ? known.headers
    : outgoingHeaders(deployment, call, withFeatures(arrival.headers, choice.features), {
        forwardClientHeaders:
          config.forwardClientHeaders === "all" || config.forwardClientHeaders.includes(choice.group),
        forwardProviderAuth: config.forwardProviderAuth,
        forwardTraceparent: config.forwardTraceparent,
        forwardOrganization: config.forwardOrganization,
        subscription: exchange.caller!.subscription,
        withheld: snapshot.ownHeaders,
        isOwnKey: snapshot.gate.isOwnKey,
        router,
        cookie: router && app.cookies.header(url, router.userId),
      })
  if (isPlain && !isKnown) lastSent.set(arrival.headers, { deployment, group: choice.group, call, url, headers })
  draft.tap?.sent(body)
  draft.sentAt = app.now()
  const request = {
    method: to.method,
    url,
    headers,
    body,
    signal: arrival.body,
    connectTimeoutMs: CONNECT_TIMEOUT_MS,
    firstByteTimeoutMs: firstByteTimeoutMs(config, choice, isStream),
    idleTimeoutMs: config.idleTimeoutMs,
    totalTimeoutMs: deployment.timeoutMs,
  }
  const sent =
    deployment.cloud === null
      ? app.upstream.send(request)
      : sendToCloud(app, { ...deployment, cloud: deployment.cloud }, call, request, arrival.startedAt)
  if (router === null) return sent
  return sent.then((answer) => {
    app.cookies.store(url, router.userId, answer.headers)
    return answer
  })
}

const isSame = (one: Call, other: Call) =>
  one.model === other.model &&
  one.dialect === other.dialect &&
  one.operation === other.operation &&
  one.stream === other.stream &&
  one.query === other.query &&
  one.rest === other.rest &&
  one.version === other.version &&
  one.batch === other.batch

const sendToCloud: typeof Cloud.sendToCloud = async (...call) => (await import("./cloud.ts")).sendToCloud(...call)

function firstByteTimeoutMs(config: Config, { deployment }: Choice, isStream: boolean): number {
  const own = isStream ? (deployment.streamTimeoutMs ?? deployment.timeoutMs) : deployment.timeoutMs
  return own ?? (isStream ? config.streamTimeoutMs : config.timeoutMs)
}

/** LiteLLM Memory Proxy's `model,feature` strings ask for Anthropic betas. */
function withFeatures(client: HeaderFields, features: readonly string[]): HeaderFields {
  if (features.length === 0) return client
  const headers = new Headers()
  client.forEach((value, name) => headers.set(name, value))
  for (const feature of features) headers.append("anthropic-beta", feature)
  return headers
}

/** The user's id, as LiteLLM Memory Proxy sent it; where the file writes `scope: project`, memories are kept apart by project too. */
function routerUser({ memory }: Config, { userId, project }: Identity): string {
  return memory.scopeWritten && memory.scope === "project"
    ? containerTag(namespaceOf("project", userId, project))
    : userId
}
