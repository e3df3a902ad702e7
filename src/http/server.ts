/** The listening socket: guard, path prefixes, probes and preflights first, then the Elysia app. */
import type { Arrival, HeaderFields } from "../exchange.ts"
import type { Config } from "../settings.ts"
import { arrive, type Door } from "./arrival.ts"
import { Fields } from "./fields.ts"
import { corsHeaders, guardHost, guardOrigin, isLoopbackHost, preflightHeaders } from "./guard.ts"

/** How the routes find the arrival that belongs to a request. */
export interface Arrivals {
  of(request: Request): Arrival
  /** the caller's IP address, as the socket says */
  addressOf(request: Request): string
}

export interface ServerOptions {
  config(): Config
  /** the model routes, where every microsecond counts: found in the dialects' own table; null for any other route */
  answer(arrival: Arrival): Promise<Response> | null
  /** the Elysia app's fetch */
  route(request: Request): Response | Promise<Response>
  /** an error before routing, in the caller's dialect */
  refuse(error: unknown, path: string): Response
  isModelRoute(path: string): boolean
  clock(): number
  now(): number
}

/** Seconds without a byte before an unauthenticated connection is closed; lifted once the key was checked. */
const IDLE_TIMEOUT_S = 30
/** Our own limit answers in the caller's dialect (http/body.ts); the runtime's would answer in plain text. */
const NO_RUNTIME_LIMIT = Number.MAX_SAFE_INTEGER

export function createServer(options: ServerOptions) {
  const arrivals = new WeakMap<Request, Arrival>()
  let server: Bun.Server<undefined>
  let isLoopbackBind = true
  const door: Door = {
    clock: options.clock,
    now: options.now,
    lift: (request) => server.timeout(request, 0),
    isLocal: (request) =>
      isLoopbackBind || isLoopbackHost(server.requestIP(request)?.address.replace("::ffff:", "") ?? ""),
  }

  function accept(request: Request): Response | Promise<Response> {
    let path = "/"
    try {
      // A Host that breaks the URL must be refused before anything reads the path from it.
      const headers = new Fields(request.headers)
      guardHost(headers, options.config())
      const arrival = arrive(request, headers, door)
      path = arrival.path
      const isModel = options.isModelRoute(path)
      guardOrigin(headers, options.config(), isModel)
      if (request.method === "HEAD" && (path === "/" || path === "/api/hello")) return new Response(null)
      if (request.method === "OPTIONS") return preflight(headers, isModel)
      const answer = options.answer(arrival) ?? route(arrival)
      const cors = isModel ? corsHeaders(headers, options.config()) : null
      return cors ? withHeaders(answer, cors) : answer
    } catch (error) {
      return options.refuse(error, path)
    }
  }

  function route(arrival: Arrival): Response | Promise<Response> {
    const { request, path, query } = arrival
    const isRewritten = arrival.prefixUser !== null || arrival.prefixProject !== null || arrival.keysFromUrl.length > 0
    const routed = isRewritten
      ? new Request(`http://localhost${path}${query}`, { method: request.method, headers: request.headers })
      : request
    arrivals.set(routed, arrival)
    return options.route(routed)
  }

  function preflight(fields: HeaderFields, isModelRoute: boolean): Response {
    const headers = isModelRoute ? preflightHeaders(fields, options.config()) : null
    return headers
      ? new Response(null, { status: 204, headers })
      : new Response(null, { status: 405, headers: { allow: "GET, POST" } })
  }

  return {
    arrivals: {
      of(request: Request): Arrival {
        const arrival = arrivals.get(request)
        if (!arrival) throw new Error("a request reached a route without passing the guard")
        return arrival
      },
      addressOf: (request: Request) => server.requestIP(request)?.address ?? "",
    } satisfies Arrivals,

    /** @throws when the address cannot be bound */
    listen(host: string, port: number): URL {
      isLoopbackBind = isLoopbackHost(host)
      server = Bun.serve({
        hostname: host,
        port,
        reusePort: false,
        idleTimeout: IDLE_TIMEOUT_S,
        maxRequestBodySize: NO_RUNTIME_LIMIT,
        development: false,
        fetch: accept,
        error: (error) => options.refuse(error, "/"),
      })
      return server.url
    },

    /** Stops accepting and waits for what is under way; `now` cuts it off. */
    stop: (now = false) => server.stop(now),
  }
}

async function withHeaders(answer: Response | Promise<Response>, headers: Record<string, string>): Promise<Response> {
  const response = await answer
  for (const [name, value] of Object.entries(headers)) response.headers.set(name, value)
  return response
}

export type Server = ReturnType<typeof createServer>
