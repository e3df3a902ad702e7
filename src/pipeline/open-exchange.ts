/** One request under way: opened, and told what is found out about it. The order in which that happens is `pipeline.ts`'s. */
import type { App, Exchange, Snapshot } from "../app.ts"
import { createGate } from "../auth/gate.ts"
import type { Endpoint } from "../dialects/endpoints.ts"
import { outboundDialect } from "../dialects/outbound-dialect.ts"
import type { Arrival, Operation } from "../exchange.ts"
import type { JsonText } from "../json/json-text.ts"
import { keepLast } from "../keep-recent.ts"
import { redact } from "../memory/redact.ts"
import { buildRoutes, type Choice } from "../route/routes.ts"
import type { Config } from "../settings.ts"
import { BodyTap } from "../usage/body-tap.ts"
import { openDraft } from "../usage/draft.ts"

export function takeSnapshot(config: Config): Snapshot {
  const ownHeaders = new Set([config.users.customHeader, config.keyHeader ?? ""])
  return { config, gate: createGate(config), routes: buildRoutes(config), ownHeaders }
}

/** `operation`: the row's; `passthrough` where a provider's own API is meant, whatever is asked of it. */
export function openExchange(
  arrival: Arrival,
  endpoint: Endpoint,
  app: App,
  operation: Operation = endpoint.operation,
): Exchange {
  const draft = openDraft(app.newId(), arrival, endpoint.dialect, operation)
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
    isRaw: operation === "passthrough",
    body: null,
    turns: NO_TURNS,
    identity: null,
    isOwnSession: false,
    caller: null,
    memory: null,
    isSettled: false,
  }
}

const NO_TURNS = () => []

const withoutSecrets = keepLast(redact)

export function noteRequest({ draft }: Exchange, text: JsonText, model: string, isStream: boolean): void {
  draft.request = text
  draft.row.model = withoutSecrets(model) || null // until it is known to be one, it may be a key at the wrong place
  draft.row.stream = isStream
}

export function noteChoice({ draft, endpoint, caller, isRaw }: Exchange, { deployment, model, group }: Choice): void {
  draft.deployment = deployment
  draft.isSubscription = caller!.subscription !== null && deployment.key === null
  draft.detail.deployment_id = deployment.id
  draft.row.model = group || null
  draft.row.upstream_model = model || null
  draft.row.provider = deployment.provider
  draft.row.dialect_out = isRaw ? endpoint.dialect : outboundDialect(endpoint, deployment)
}

/** A Claude subscription, or a provider key that the file lets clients bring. */
export const bringsKey = ({ caller, snapshot }: Exchange) =>
  caller!.subscription !== null || snapshot.config.forwardProviderAuth
