/** What is answered without Elysia, which is loaded after the start: the model routes, and refusals in the dialect of their path. */
import type { App } from "../app.ts"
import { matchEndpoint } from "../dialects/endpoints.ts"
import { renderError } from "../dialects/errors.ts"
import type { Arrival, Dialect } from "../exchange.ts"
import { handle } from "../pipeline.ts"
import { handlePassthrough } from "../pipeline/passthrough.ts"
import type { Config } from "../settings.ts"
import { type Answer, headerLines } from "./answer.ts"
import { refusalOf } from "./reply.ts"

/** The model routes, by the dialects' own table, and the pass-throughs; null for any other route. The app's routes of the same paths document them. */
export function answerModel(arrival: Arrival, app: App): Promise<Answer> | null {
  const endpoint = matchEndpoint(arrival.method, arrival.path)
  if (endpoint) return handle(arrival, endpoint, app)
  const provider = PASSTHROUGH.exec(arrival.path)?.[1] as keyof Config["passthrough"] | undefined
  return provider ? handlePassthrough(arrival, provider, app) : null
}

const PASSTHROUGH = /^\/(anthropic|openai|gemini)\//

interface ErrorParts {
  status: number
  headers: Record<string, string>
  body: string
}

/** An error outside a model call, in the dialect its path belongs to. */
export function errorAt(app: App, error: unknown, path: string): ErrorParts {
  const id = app.newId()
  const refusal = refusalOf(app, id, error)
  const headers = { ...JSON_TYPE, "x-memproxy-request-id": id, ...refusal.headers }
  return { ...renderError(dialectOf(path), refusal, id), headers }
}

export function refuseAt(app: App, error: unknown, path: string): Answer {
  const { status, headers, body } = errorAt(app, error, path)
  return { status, head: headerLines(Object.entries(headers)), body }
}

export const isModelRoute = (path: string) =>
  /^\/(v1|v1beta|models|chat|completions|embeddings|responses|messages|engines|openai|anthropic|gemini)(\/|$)/.test(
    path,
  )

function dialectOf(path: string): Dialect | null {
  const endpoint = matchEndpoint("POST", path)
  if (endpoint) return endpoint.dialect
  if (path.startsWith("/v1beta/") || path.startsWith("/gemini/")) return "gemini"
  if (path.includes("/messages") || path.startsWith("/anthropic/")) return "anthropic"
  return null
}

export const JSON_TYPE = { "content-type": "application/json" }
