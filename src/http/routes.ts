/** The Elysia app: every route by name, thin. What a model route does is `pipeline.ts`. */
import { Elysia } from "elysia"
import { clientsApi } from "../api/clients.ts"
import { configApi } from "../api/config.ts"
import { feedbackApi } from "../api/feedback.ts"
import { memoriesApi } from "../api/memories.ts"
import { qualityApi } from "../api/quality.ts"
import { metricsApi } from "../api/metrics.ts"
import { requestsApi } from "../api/requests.ts"
import { spendApi } from "../api/spend.ts"
import { spendCalculateApi } from "../api/spend-calculate.ts"
import { sessionsApi } from "../api/sessions.ts"
import { tokenCounterApi } from "../api/token-counter.ts"
import { usageApi } from "../api/usage.ts"
import type { App } from "../app.ts"
import { dashboard } from "../dashboard/routes.ts"
import { matchEndpoint } from "../dialects/endpoints.ts"
import { type Arrival, Refusal } from "../exchange.ts"
import { traitsOf } from "../identify/clients.ts"
import { estimateTokens } from "../usage/estimate.ts"
import { bodyText, receiveBody } from "./body.ts"
import { health, healthInDetail, readiness } from "./health.ts"
import { routingInfo } from "./info.ts"
import { createDoor, login } from "./login.ts"
import { serveMcp } from "./mcp.ts"
import { MODEL_ROUTES, modelDetail, passthroughDetail, PLAIN } from "./model-docs.ts"
import { hintFor } from "./unsupported-routes.ts"
import { listModels, modelGroupInfo, modelInfo, showModel } from "./model-list.ts"
import { costOf, modelCalled } from "./model-prices.ts"
import { errorAt, JSON_TYPE } from "./model-routes.ts"
import type { Arrivals } from "./server.ts"
import { swagger } from "./swagger.ts"
import { version } from "../version.ts"

export function createRoutes(app: App, arrivals: Arrivals) {
  const keyed = (request: Request) => {
    const arrival = arrivals.of(request)
    return { arrival, caller: app.snapshot().gate.open(arrival.headers, arrival.keysFromUrl) }
  }
  const readBody = async (request: Request, limit?: number) => bodyText(await receiveBody(arrivals.of(request), limit))
  const arrivedAt = (request: Request) => arrivals.of(request).startedAt
  const door = createDoor(app, arrivals)
  /** All of `/api` belongs to the master key; a virtual key sees its own user's rows. */
  const scope = (request: Request) => ({ userId: door.enter(request).userId })

  const elysia = new Elysia()
    .onError(({ error, request, code }) => {
      const arrival = arrivals.of(request)
      return code === "NOT_FOUND" ? notFound(arrival) : refuse(error, arrival)
    })
    .get("/health", ({ request }) => (door.isOperator(request) ? healthInDetail(app) : health(app)), {
      detail: PLAIN.health,
    })
    .get("/health/liveliness", () => new Response('"I\'m alive!"', { headers: JSON_TYPE }), {
      detail: PLAIN.liveliness,
    })
    .get("/health/liveness", () => new Response('"I\'m alive!"', { headers: JSON_TYPE }), { detail: PLAIN.liveliness })
    .get("/health/readiness", () => readiness(app), { detail: PLAIN.readiness })
    .get("/memory-routing/info", ({ request }) => routingInfo(arrivals.of(request), app), { detail: PLAIN.info })
    .get("/v1/models", ({ request }) => listModels(keyed(request).arrival, app), { detail: PLAIN.models })
    .get("/models", ({ request }) => listModels(keyed(request).arrival, app), { detail: PLAIN.models })
    .get("/v1beta/models", ({ request }) => listModels(keyed(request).arrival, app), { detail: PLAIN.geminiModels })
    .get("/v1/models/*", ({ request }) => showModel(keyed(request).arrival, app), { detail: PLAIN.model })
    .get("/models/*", ({ request }) => showModel(keyed(request).arrival, app), { detail: PLAIN.model })
    .get("/v1beta/models/*", ({ request }) => showModel(keyed(request).arrival, app), { detail: PLAIN.geminiModel })
    .get("/model/info", ({ request }) => modelInfo(keyed(request).arrival, app), { detail: PLAIN.modelInfo })
    .get("/v1/model/info", ({ request }) => modelInfo(keyed(request).arrival, app), { detail: PLAIN.modelInfo })
    .get("/model_group/info", ({ request }) => modelGroupInfo(keyed(request).arrival, app), {
      detail: PLAIN.modelGroupInfo,
    })
    .get("/v1/responses", ({ request }) => noWebSocket(request), { detail: { hide: true } })
    .get("/responses", ({ request }) => noWebSocket(request), { detail: { hide: true } })
    .post("/mcp", ({ request }) => serveMcp(request, arrivals.of(request), app), { parse: "none", detail: PLAIN.mcp })
    .all("/mcp", ({ request }) => serveMcp(request, arrivals.of(request), app), {
      parse: "none",
      detail: { hide: true },
    })
    .use(metricsApi({ ledger: app.ledger, active: app.relays.active, admit: door.operate }))
    .use(
      requestsApi({
        ledger: app.ledger,
        bodies: app.bodies,
        scope,
        stopping: app.stopping,
        contentOf: app.memories.contentOf,
      }),
    )
    .use(dashboard())
    .use(login(app, arrivals, door))
    .use(usageApi({ ledger: app.ledger, scope }))
    .use(spendApi({ ledger: app.ledger, admit: door.operate }))
    .use(
      spendCalculateApi({
        admit: door.operate,
        readBody,
        costOf: (model, usage) => costOf(app, model, usage),
        estimate: estimateTokens,
      }),
    )
    .use(
      tokenCounterApi({
        admit: keyed,
        readBody,
        upstreamOf: (model) => modelCalled(app.snapshot().config, model).model,
        estimate: estimateTokens,
      }),
    )
    .use(sessionsApi({ ledger: app.ledger, scope }))
    .use(clientsApi({ ledger: app.ledger, scope, traitsOf }))
    .use(
      configApi({
        config: () => app.snapshot().config,
        health: app.ledger.health,
        version,
        operate: door.operate,
        scope,
      }),
    )
    .use(
      memoriesApi({
        admin: app.memories.admin,
        scope,
        readBody,
        arrivedAt,
      }),
    )
    .use(
      qualityApi({
        ledger: app.ledger,
        scope,
        backlog: app.appraiser.backlog,
      }),
    )
    .use(
      feedbackApi({
        ledger: app.ledger,
        scope,
        readBody: (request) => readBody(request, MOST_FEEDBACK_BYTES),
        arrivedAt,
      }),
    )
  for (const [path, route, where] of MODEL_ROUTES) {
    elysia.post(path, ({ request }: { request: Request }) => notFound(arrivals.of(request)), {
      parse: "none",
      detail: modelDetail(route, where),
    })
  }
  for (const provider of ["anthropic", "openai", "gemini"] as const) {
    elysia.all(`/${provider}/*`, ({ request }: { request: Request }) => notFound(arrivals.of(request)), {
      parse: "none",
      detail: passthroughDetail(provider),
    })
  }
  return elysia.use(swagger(() => elysia.routes))

  function notFound(arrival: Arrival): Response {
    const { method, path } = arrival
    const allowed = methodsOf(path)
    const refusal =
      allowed.length > 0 && !allowed.includes(method)
        ? new Refusal(
            405,
            "method_not_allowed",
            `${method} is not allowed on ${path.slice(0, 200)}; use ${allowed.join(", ")}.`,
            {
              headers: { allow: allowed.join(", ") },
            },
          )
        : new Refusal(
            404,
            "not_found",
            `There is no ${method} ${path.slice(0, 200)} here. ${hintFor(path) ?? "/swagger lists the routes."}`,
            { code: "route_not_found" },
          )
    return refuse(refusal, arrival)
  }

  function refuse(error: unknown, { path }: Arrival): Response {
    const { status, headers, body } = errorAt(app, error, path)
    return new Response(body, { status, headers })
  }

  function methodsOf(path: string): string[] {
    if (matchEndpoint("POST", path) !== null) return ["POST"]
    const { static: fixed, http: patterns } = elysia.router
    return METHODS.filter((method) => fixed[path]?.[method] !== undefined || patterns.find(method, path) !== null)
  }
}

/** Codex tries `GET /v1/responses` as a WebSocket first, and falls back to POST at once when told 426. */
function noWebSocket(request: Request): never {
  if (request.headers.get("upgrade") === null)
    throw new Refusal(405, "method_not_allowed", "Use POST.", { headers: { allow: "POST" } })
  throw new Refusal(426, "invalid_request", "WebSockets are not supported here; send POST /v1/responses.", {
    code: "upgrade_not_supported",
  })
}

const METHODS = ["GET", "POST", "PATCH", "DELETE"]
const MOST_FEEDBACK_BYTES = 64 * 1024
