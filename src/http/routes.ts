/** The Elysia app: every route by name, thin. What a model route does is `pipeline.ts`. */
import { Elysia } from "elysia"
import { feedbackApi } from "../api/feedback.ts"
import { qualityApi } from "../api/quality.ts"
import { metricsApi } from "../api/metrics.ts"
import { requestsApi } from "../api/requests.ts"
import { spendApi } from "../api/spend.ts"
import { usageApi } from "../api/usage.ts"
import type { App } from "../app.ts"
import { matchEndpoint } from "../dialects/endpoints.ts"
import { type Arrival, Refusal } from "../exchange.ts"
import { handlePassthrough } from "../pipeline.ts"
import { describeQuality } from "../usage/quality-report.ts"
import { bodyText, receiveBody } from "./body.ts"
import { health, healthInDetail, readiness } from "./health.ts"
import { routingInfo } from "./info.ts"
import { createDoor, login } from "./login.ts"
import { serveMcp } from "./mcp.ts"
import { listModels, modelInfo, showModel } from "./model-list.ts"
import { JSON_TYPE, refuseAt } from "./model-routes.ts"
import type { Arrivals } from "./server.ts"
import { swagger } from "./swagger.ts"

/** The model routes as documented. `answerModel` has answered them before: what still comes to one of these is a path that only looks like it. */
const MODEL_ROUTES: readonly [path: string, summary: string][] = [
  ["/v1/chat/completions", "OpenAI Chat Completions"],
  ["/chat/completions", "OpenAI Chat Completions"],
  ["/openai/deployments/:model/chat/completions", "OpenAI Chat Completions, Azure's path"],
  ["/openai/deployments/:model/completions", "OpenAI Completions, Azure's path"],
  ["/openai/deployments/:model/embeddings", "OpenAI Embeddings, Azure's path"],
  ["/engines/:model/chat/completions", "OpenAI Chat Completions, engine path"],
  ["/engines/:model/completions", "OpenAI Completions, engine path"],
  ["/engines/:model/embeddings", "OpenAI Embeddings, engine path"],
  ["/v1/responses", "OpenAI Responses"],
  ["/responses", "OpenAI Responses"],
  ["/v1/embeddings", "OpenAI Embeddings"],
  ["/embeddings", "OpenAI Embeddings"],
  ["/v1/completions", "OpenAI Completions"],
  ["/completions", "OpenAI Completions"],
  ["/v1/messages", "Anthropic Messages"],
  ["/messages", "Anthropic Messages"],
  ["/v1/messages/count_tokens", "Anthropic token counting"],
  ["/messages/count_tokens", "Anthropic token counting"],
  ["/v1beta/models/*", "Gemini: {model}:generateContent, :streamGenerateContent, :countTokens, :embedContent"],
  ["/v1/models/*", "Gemini, under /v1"],
  ["/models/*", "Gemini, without a version"],
]

export function createRoutes(app: App, arrivals: Arrivals) {
  const keyed = (request: Request) => {
    const arrival = arrivals.of(request)
    return { arrival, caller: app.snapshot().gate.open(arrival.headers, arrival.keysFromUrl) }
  }
  const door = createDoor(app, arrivals)
  /** All of `/api` belongs to the master key; a virtual key sees its own user's rows. */
  const scope = (request: Request) => ({ userId: door.enter(request).userId })

  const elysia = new Elysia()
    .onError(({ error, request, code }) => {
      const arrival = arrivals.of(request)
      if (code === "NOT_FOUND") return notFound(arrival)
      return refuseAt(app, error, arrival.path)
    })
    .get("/health", ({ request }) => (door.isOperator(request) ? healthInDetail(app) : health(app)), {
      detail: {
        summary: "Is it up? With the master key, each deployment too, as LiteLLM tells it; no provider is called",
        tags: ["health"],
      },
    })
    .get("/health/liveliness", () => new Response('"I\'m alive!"', { headers: JSON_TYPE }), {
      detail: { summary: "LiteLLM's liveliness probe", tags: ["health"] },
    })
    .get("/health/liveness", () => new Response('"I\'m alive!"', { headers: JSON_TYPE }), { detail: { hide: true } })
    .get("/health/readiness", () => readiness(app), {
      detail: { summary: "Ready to serve, and the state of the ledger", tags: ["health"] },
    })
    .get("/memory-routing/info", ({ request }) => routingInfo(arrivals.of(request), app), {
      detail: { summary: "How this caller is recognised, and why", tags: ["identity"] },
    })
    .get("/", () => new Response(GREETING, { headers: { "content-type": "text/plain; charset=utf-8" } }), {
      detail: { hide: true },
    })
    .get("/v1/models", ({ request }) => listModels(keyed(request).arrival, app), {
      detail: { summary: "Model list, in the caller's dialect", tags: ["models"] },
    })
    .get("/models", ({ request }) => listModels(keyed(request).arrival, app), { detail: { hide: true } })
    .get("/v1beta/models", ({ request }) => listModels(keyed(request).arrival, app), {
      detail: { summary: "Model list, Gemini's", tags: ["models"] },
    })
    .get("/v1/models/*", ({ request }) => showModel(keyed(request).arrival, app), {
      detail: { summary: "One model", tags: ["models"] },
    })
    .get("/models/*", ({ request }) => showModel(keyed(request).arrival, app), { detail: { hide: true } })
    .get("/v1beta/models/*", ({ request }) => showModel(keyed(request).arrival, app), {
      detail: { summary: "One model, Gemini's", tags: ["models"] },
    })
    .get("/model/info", ({ request }) => (keyed(request), modelInfo(app)), {
      detail: { summary: "LiteLLM's model info", tags: ["models"] },
    })
    .get("/v1/model/info", ({ request }) => (keyed(request), modelInfo(app)), { detail: { hide: true } })
    .get("/v1/responses", ({ request }) => noWebSocket(request), { detail: { hide: true } })
    .get("/responses", ({ request }) => noWebSocket(request), { detail: { hide: true } })
    .all("/mcp", ({ request }) => serveMcp(arrivals.of(request), app), {
      parse: "none",
      detail: { summary: "MCP over streamable HTTP: memory and usage as tools", tags: ["memory"] },
    })
    .use(login(app, arrivals))
    .use(metricsApi({ ledger: app.ledger, active: app.relays.active, admit: door.operate }))
    .use(requestsApi({ ledger: app.ledger, bodies: app.bodies, scope, stopping: app.stopping }))
    .use(usageApi({ ledger: app.ledger, scope }))
    .use(spendApi({ ledger: app.ledger, admit: door.operate }))
    .use(
      qualityApi({
        ledger: app.ledger,
        scope,
        describe: describeQuality,
        backlog: app.appraiser.backlog,
      }),
    )
    .use(
      feedbackApi({
        ledger: app.ledger,
        scope,
        readBody: async (request) => bodyText(await receiveBody(arrivals.of(request).request, MOST_FEEDBACK_BYTES)),
        arrivedAt: (request) => arrivals.of(request).startedAt,
      }),
    )
  for (const [path, summary] of MODEL_ROUTES) {
    elysia.post(path, ({ request }: { request: Request }) => notFound(arrivals.of(request)), {
      parse: "none",
      detail: { summary, tags: ["models"], requestBody: JSON_BODY },
    })
  }
  for (const provider of ["anthropic", "openai", "gemini"] as const) {
    elysia.all(
      `/${provider}/*`,
      ({ request }: { request: Request }) => handlePassthrough(arrivals.of(request), provider, app),
      {
        parse: "none",
        detail: { summary: `${provider}'s own API, as it is`, tags: ["pass-through"] },
      },
    )
  }
  return elysia.use(swagger(() => elysia.routes))

  function notFound(arrival: Arrival): Response {
    const isKnown = matchEndpoint("POST", arrival.path) !== null
    const refusal = isKnown
      ? new Refusal(405, "method_not_allowed", `${arrival.method} is not allowed on ${arrival.path}; use POST.`, {
          headers: { allow: "POST" },
        })
      : new Refusal(
          404,
          "not_found",
          `There is no ${arrival.method} ${arrival.path.slice(0, 200)} here. /swagger lists the routes.`,
          { code: "route_not_found" },
        )
    return refuseAt(app, refusal, arrival.path)
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

const JSON_BODY = { required: true, content: { "application/json": { schema: { type: "object" as const } } } }
const MOST_FEEDBACK_BYTES = 64 * 1024
const GREETING = "memproxy is running. /swagger lists its routes, /memory-routing/info says how you are recognised.\n"
