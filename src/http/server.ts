/** The listening socket: guard, path prefixes, probes and preflights first, then the model routes or the Elysia app. */
import { isLoopback } from "../config/listen.ts"
import { type Arrival, type HeaderFields, Refusal } from "../exchange.ts"
import type { Config } from "../settings.ts"
import { Sweep } from "../event-loop/sweep.ts"
import { type Answer, answerOf, headerLines } from "./answer.ts"
import { arrive, type Door } from "./arrival.ts"
import { Connection, type Host } from "./connection.ts"
import { corsHeaders, guardHost, guardOrigin, preflightHeaders } from "./guard.ts"
import type { Inbound } from "./inbound.ts"
import { statusLine } from "./status-line.ts"

/** How the routes find the arrival that belongs to a request. */
export interface Arrivals {
  of(request: Request): Arrival
  /** the caller's IP address, as the socket says */
  addressOf(request: Request): string
}

export interface ServerOptions {
  config(): Config
  /** the model routes, where every microsecond counts: found in the dialects' own table; null for any other route. It never throws */
  answer(arrival: Arrival): Promise<Answer> | null
  /** the Elysia app's fetch */
  route(request: Request): Response | Promise<Response>
  /** an error before or behind routing, in the caller's dialect */
  refuse(error: unknown, path: string): Answer
  isModelRoute(path: string): boolean
  clock(): number
  now(): number
  log(line: string, error: unknown): void
}

/** How often slow and idle connections are looked for. */
const SWEEP_MS = 1_000
/** Of any other Bun's `Request` makes a GET, or throws; a provider could answer TRACE with its key. */
const METHODS = new Set(["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"])

export function createServer(options: ServerOptions) {
  const arrivals = new WeakMap<Request, { arrival: Arrival; inbound: Inbound }>()
  /** heads that the guard let pass under this config, on any route */
  const passed = new WeakMap<HeaderFields, Config>()
  const connections = new Sweep<Connection>(SWEEP_MS, options.now)
  const stopped = Promise.withResolvers<void>()
  let isLoopbackBind = true
  let isStopping = false
  const door: Door = {
    clock: options.clock,
    now: options.now,
    isLocal: (inbound) => isLoopbackBind || isLoopback(addressOf(inbound)),
  }

  function accept(inbound: Inbound): Answer | Promise<Answer> {
    const { headers, method } = inbound.head
    let path = "/"
    try {
      const config = options.config()
      const isKnown = passed.get(headers) === config
      if (!isKnown) guardHost(headers, config)
      const arrival = arrive(inbound, door)
      path = arrival.path
      const isModel = options.isModelRoute(path)
      if (!isKnown) {
        guardOrigin(headers, config, isModel)
        if (!headers.has("origin")) passed.set(headers, config)
      }
      if (method === "HEAD" && (path === "/" || path === "/api/hello")) return EMPTY
      if (method === "OPTIONS") return preflight(headers, isModel)
      if (!METHODS.has(method)) return NOT_ALLOWED
      const answer = options.answer(arrival) ?? route(arrival, inbound)
      const cors = isModel && !isKnown ? corsHeaders(headers, config) : null
      return cors ? withHeaders(answer, cors) : answer
    } catch (error) {
      return options.refuse(error, path)
    }
  }

  async function route(arrival: Arrival, inbound: Inbound): Promise<Answer> {
    const { method, path, query } = arrival
    try {
      if (!isDecodable(path))
        throw new Refusal(400, "invalid_request", "The path holds a malformed percent escape.", {
          code: "invalid_path",
        })
      const headers = new Headers()
      arrival.headers.forEach((value, name) => headers.append(name, value))
      const request = new Request(`http://localhost${path}${query}`, { method, headers })
      arrivals.set(request, { arrival, inbound })
      return await answerOf(await options.route(request))
    } catch (error) {
      return options.refuse(error, path)
    }
  }

  function preflight(fields: HeaderFields, isModelRoute: boolean): Answer {
    const headers = isModelRoute ? preflightHeaders(fields, options.config()) : null
    return headers ? { status: 204, head: headerLines(Object.entries(headers)), body: null } : NOT_ALLOWED
  }

  const found = (request: Request) => {
    const found = arrivals.get(request)
    if (!found) throw new Error("a request reached a route without passing the guard")
    return found
  }

  const host: Host = {
    answer: accept,
    now: options.now,
    start: createStart(options.clock),
    get isStopping() {
      return isStopping
    },
    closed(connection) {
      connections.forget(connection)
      if (isStopping && connections.size === 0) stopped.resolve()
    },
  }
  let listener: Bun.TCPSocketListener<Connection> | undefined

  /** Stops accepting; resolves when what is under way has ended. */
  function stop(): Promise<void> {
    isStopping = true
    listener?.stop()
    for (const connection of connections.all()) connection.retire()
    if (connections.size === 0) stopped.resolve()
    return stopped.promise
  }

  return {
    arrivals: {
      of: (request: Request): Arrival => found(request).arrival,
      addressOf: (request: Request) => addressOf(found(request).inbound),
    } satisfies Arrivals,

    /** @throws when the address cannot be bound */
    listen(hostname: string, port: number): URL {
      isLoopbackBind = isLoopback(hostname)
      listener = Bun.listen<Connection>({
        hostname,
        port,
        allowHalfOpen: true, // else a client whose request is refused half-way could not read why
        socket: {
          open(socket) {
            connections.watch((socket.data = new Connection(socket, host)))
          },
          data: (socket, packet) => socket.data.received(packet),
          drain: ({ data }) => data.drained(),
          end: ({ data }) => data.ended(),
          close: ({ data }) => data.closed(),
          // A handler of ours threw: a defect, which must not take the process down.
          error(socket, error) {
            options.log("a connection failed", error)
            socket.terminate()
          },
        },
      })
      const name = hostname.includes(":") ? `[${hostname}]` : hostname
      return new URL(`http://${name}:${listener.port}`)
    },

    stop,

    /** Stops, and cuts off what is under way. */
    terminate(): Promise<void> {
      const ended = stop()
      for (const connection of connections.all()) connection.terminate()
      return ended
    },
  }
}

/** Elysia's parameters are null where it is not. */
function isDecodable(path: string): boolean {
  try {
    decodeURIComponent(path)
    return true
  } catch {
    return false
  }
}

const addressOf = (inbound: Inbound) => inbound.remoteAddress.replace("::ffff:", "")

const EMPTY: Answer = { status: 200, head: "", body: null }
const NOT_ALLOWED: Answer = { status: 405, head: "allow: GET, POST\r\n", body: null }

async function withHeaders(answer: Promise<Answer>, headers: Record<string, string>): Promise<Answer> {
  const { head, ...rest } = await answer
  return { ...rest, head: head + headerLines(Object.entries(headers)) }
}

/** An answer's first two lines, written once a second for each status (RFC 9110 §6.6.1). */
function createStart(clock: () => number): Host["start"] {
  let second = 0
  let starts: Record<number, string> = {}
  return (status) => {
    const now = Math.floor(clock() / 1000)
    if (now !== second) starts = {}
    second = now
    return (starts[status] ??= `${statusLine(status)}date: ${new Date(now * 1000).toUTCString()}\r\n`)
  }
}

export type Server = ReturnType<typeof createServer>
