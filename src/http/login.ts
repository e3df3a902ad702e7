/** The dashboard's door: `/api/login`, `/api/logout`, and who may see what under `/api`. What a session is, `auth/logins.ts` knows. */
import { Elysia } from "elysia"
import { errors, type Responses } from "../api/documentation.ts"
import type { App } from "../app.ts"
import { SESSION_SECONDS } from "../auth/logins.ts"
import { type Caller, Refusal, Secret } from "../exchange.ts"
import { bodyText, receiveBody } from "./body.ts"
import type { Arrivals } from "./server.ts"

const COOKIE = "memproxy_session"
const MOST_BODY_BYTES = 16 * 1024

/** Opens `/api`: the dashboard's session is the master key's. */
export interface Door {
  /** @throws Refusal 401 without key and session, 403 for a change by session from no page of ours */
  enter(request: Request): Caller
  /** As `enter`. @throws Refusal 403 for a key that is not the master key */
  operate(request: Request): Caller
  /** Whether a key or session for all of it was sent; none is needed to ask. */
  isOperator(request: Request): boolean
}

export function createDoor(app: App, arrivals: Arrivals): Door {
  const enter = (request: Request): Caller => {
    const { headers, keysFromUrl } = arrivals.of(request)
    const { config, gate } = app.snapshot()
    const token = sessionToken(request)
    if (token === null || !app.logins.holds(token, config.masterKey)) return gate.open(headers, keysFromUrl)
    // The guard has seen to it that an Origin, where there is one, is ours.
    if (request.method !== "GET" && request.method !== "HEAD" && !headers.has("origin"))
      throw new Refusal(
        403,
        "permission",
        "A change by the dashboard's session needs an Origin; send the master key.",
        { code: "origin_required" },
      )
    return { kind: "master", alias: "master", userId: null, subscription: null }
  }
  const operate = (request: Request): Caller => {
    const caller = enter(request)
    if (caller.kind !== "virtual") return caller
    throw new Refusal(403, "permission", "This needs the master key.", { code: "master_key_required" })
  }
  const isOperator = (request: Request) => {
    try {
      return enter(request).kind === "master"
    } catch (error) {
      if (error instanceof Refusal) return false
      throw error
    }
  }
  return { enter, operate, isOperator }
}

export function login(app: App, arrivals: Arrivals, door: Door) {
  return new Elysia({ name: "login" })
    .get("/api/login", ({ request }) => Response.json({ needed: isLoginNeeded(request) }), {
      detail: {
        tags: ["dashboard"],
        summary: "Does this browser have to log in?",
        security: [],
        responses: {
          200: {
            description: "`needed`: neither a session nor a key came with the request, and one is needed.",
            content: {
              "application/json": { schema: { type: "object", properties: { needed: { type: "boolean" } } } },
            },
          },
          ...errors(400),
        } as Responses,
      },
    })
    .post(
      "/api/login",
      async ({ request }) => {
        const address = arrivals.addressOf(request)
        app.logins.admit(address)
        const key = readKey(bodyText(await receiveBody(arrivals.of(request), MOST_BODY_BYTES)))
        const { config, gate } = app.snapshot()
        if (gate.open(new Headers(), [key]).kind === "virtual")
          throw new Refusal(403, "permission", "The dashboard opens with the master key.", {
            code: "master_key_required",
          })
        const token = app.logins.begin(address, config.masterKey)
        return cookieAnswer(request, token, SESSION_SECONDS)
      },
      {
        parse: "none",
        detail: {
          tags: ["dashboard"],
          summary: "Begin a dashboard session",
          description: `Sets the cookie ${COOKIE} for 12 hours; it opens all that the master key opens, but for the model routes.`,
          security: [],
          requestBody: KEY_BODY,
          responses: {
            204: { description: "The cookie is set." },
            ...errors(400, 401, 403, 413, 429),
          } as Responses,
        },
      },
    )
    .post(
      "/api/logout",
      ({ request }) => {
        const token = sessionToken(request)
        if (token !== null) app.logins.end(token, app.snapshot().config.masterKey)
        return cookieAnswer(request, "", 0)
      },
      {
        parse: "none",
        detail: {
          tags: ["dashboard"],
          summary: "End the dashboard session",
          security: [],
          responses: { 204: { description: "There is no session any more." }, ...errors(403) } as Responses,
        },
      },
    )

  function isLoginNeeded(request: Request): boolean {
    try {
      door.enter(request)
      return false
    } catch (error) {
      if (error instanceof Refusal && error.status === 401) return true
      throw error
    }
  }
}

const sessionToken = (request: Request) => {
  const cookies = request.headers.get("cookie")
  return cookies === null ? null : new Bun.CookieMap(cookies).get(COOKIE)
}

function readKey(text: string): Secret {
  let body: unknown
  try {
    body = JSON.parse(text)
  } catch {
    body = null // refused below, like every other body without a key
  }
  const key = typeof body === "object" && body !== null && "key" in body ? body.key : null
  if (typeof key === "string" && key !== "") return new Secret(key)
  throw new Refusal(400, "invalid_request", 'Send {"key": "…"} with the master key.', { param: "key" })
}

function cookieAnswer(request: Request, value: string, maxAge: number): Response {
  const cookie = new Bun.Cookie(COOKIE, value, {
    path: "/",
    httpOnly: true,
    sameSite: "strict",
    maxAge,
    secure: request.headers.get("origin")?.startsWith("https:") ?? false,
  })
  return new Response(null, { status: 204, headers: { "set-cookie": cookie.toString(), "cache-control": "no-store" } })
}

const KEY_BODY = {
  required: true,
  content: {
    "application/json": {
      schema: { type: "object" as const, required: ["key"], properties: { key: { type: "string" as const } } },
    },
  },
}
