/** `/api/memories`: a user's memories by hand. Who may ask is decided by `scope`; what a memory is and which answers a query, by the engine. */
import { Elysia } from "elysia"
import { Refusal } from "../exchange.ts"
import type { Memory } from "../memory/engine.ts"
import type { MemoryAdmin } from "../memory/admin.ts"
import { answers, created, parameter, type Responses } from "./documentation.ts"
import {
  importLines,
  metadataIn,
  neededTextIn,
  parseMemory,
  readDraft,
  textIn,
  userIn,
  wrong,
} from "./memory-drafts.ts"
import { MEMORY_BODIES, MEMORY_SCHEMAS } from "./memory-documentation.ts"
import { readWhole, type Scope } from "./query.ts"
import { searchOf } from "./requests.ts"

interface MemoriesDeps {
  admin: MemoryAdmin
  /** @throws Refusal when the caller may not ask at all */
  scope: (request: Request) => Scope
  readBody: (request: Request) => Promise<string>
  /** epoch milliseconds of the request's arrival */
  arrivedAt: (request: Request) => number
}

const NDJSON = "application/x-ndjson"
const tags = ["memory"]
const REFUSED = [400, 401, 403] as const
const USER = parameter("user_id", "whose; left out with a key of one user")
const PROJECT = parameter("project", "project, by display name or key; `*`: those of all projects")
const SESSION = parameter("session_id", "session")

export function memoriesApi({ admin, scope, readBody, arrivedAt }: MemoriesDeps) {
  const bodyOf = async (request: Request) => parseMemory(await readBody(request))
  const owned = (request: Request, id: string): Memory => {
    const { userId } = scope(request)
    const memory = admin.get(id)
    if (!memory || (userId !== null && memory.user_id !== userId)) throw unknownId(id)
    return memory
  }
  const detail = (summary: string, responses: Responses, more: object = {}) => ({
    parse: "none" as const,
    detail: { tags, summary, responses, ...more },
  })
  return new Elysia({ name: "api-memories" })
    .post(
      "/api/memories",
      async ({ request }) => {
        const body = await bodyOf(request)
        const draft = readDraft(body, userIn(body["user_id"], scope(request)), arrivedAt(request), "api")
        return Response.json(admin.add(draft), { status: 201 })
      },
      detail("Keep a memory", created(MEMORY_SCHEMAS.memory, ...REFUSED, 413), { requestBody: MEMORY_BODIES.keep }),
    )
    .get(
      "/api/memories",
      ({ request }) => {
        const query = searchOf(request)
        const limit = readWhole("limit", query.get("limit") ?? undefined, 50, 1000)
        return Response.json(
          admin.list(filterOf(query, scope(request)), { limit, cursor: cursorOf(query.get("cursor")) }),
        )
      },
      detail("A user's memories, newest first", answers(MEMORY_SCHEMAS.page, ...REFUSED), {
        parameters: [
          USER,
          PROJECT,
          SESSION,
          parameter("q", "words that are in it"),
          parameter("cursor", "`next_cursor` of the page before"),
          parameter("limit", "1 to 1000, default 50"),
        ],
      }),
    )
    .delete(
      "/api/memories",
      ({ request }) => Response.json({ deleted: admin.forget(filterOf(searchOf(request), scope(request))) }),
      detail("Forget all of a user, a project or a session", answers(MEMORY_SCHEMAS.deleted, ...REFUSED), {
        parameters: [USER, PROJECT, SESSION],
      }),
    )
    .get(
      "/api/memories/places",
      ({ request }) => {
        const asked = searchOf(request).get("user_id") ?? undefined
        const user = scope(request)
        return Response.json({
          data: admin.places(user.userId === null && asked === undefined ? null : userIn(asked, user)),
        })
      },
      detail("Whose memories there are, and of which projects", answers(MEMORY_SCHEMAS.places, ...REFUSED), {
        parameters: [USER],
      }),
    )
    .get(
      "/api/memories/export",
      ({ request }) => {
        const query = searchOf(request)
        const userId = userIn(query.get("user_id") ?? undefined, scope(request))
        return new Response(exported(admin, userId), { headers: { "content-type": NDJSON } })
      },
      detail("All of a user's memories, one a line, as import takes them", answers("lines", ...REFUSED), {
        parameters: [USER],
      }),
    )
    .post(
      "/api/memories/search",
      async ({ request }) => {
        const body = await bodyOf(request)
        const userId = userIn(body["user_id"], scope(request))
        const query = neededTextIn(body, "query")
        const limit = readWhole("limit", body["limit"]?.toString(), 10, 100)
        return Response.json(await admin.search(userId, textIn(body, "project") ?? null, query, limit))
      },
      detail("What answers a query, best first", answers(MEMORY_SCHEMAS.results, ...REFUSED, 413), {
        requestBody: MEMORY_BODIES.search,
      }),
    )
    .post(
      "/api/memories/import",
      async ({ request }) =>
        Response.json(await importLines(admin, await readBody(request), scope(request), arrivedAt(request))),
      detail(
        "Keep many memories: one a line, each as POST /api/memories takes it",
        answers(MEMORY_SCHEMAS.imported, ...REFUSED, 413),
        { requestBody: MEMORY_BODIES.lines },
      ),
    )
    .get(
      "/api/memories/:id",
      ({ request, params }) => Response.json(owned(request, params.id)),
      detail("One memory", answers(MEMORY_SCHEMAS.memory, ...REFUSED, 404)),
    )
    .patch(
      "/api/memories/:id",
      async ({ request, params }) => {
        const { id } = owned(request, params.id)
        const body = await bodyOf(request)
        return Response.json(admin.edit(id, { content: textIn(body, "content"), metadata: metadataIn(body) }))
      },
      detail("Change what a memory says", answers(MEMORY_SCHEMAS.memory, ...REFUSED, 404, 413), {
        requestBody: MEMORY_BODIES.edit,
      }),
    )
    .delete(
      "/api/memories/:id",
      ({ request, params }) => {
        admin.forgetOne(owned(request, params.id).id)
        return new Response(null, { status: 204 })
      },
      detail("Forget a memory", answers("nothing", ...REFUSED, 404)),
    )
}

function exported(admin: MemoryAdmin, userId: string): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder()
  const pages = admin.exportPages(userId)
  return new ReadableStream<Uint8Array>({
    pull(controller) {
      const { value, done } = pages.next()
      if (done) controller.close()
      else controller.enqueue(encoder.encode(value.map((memory) => `${JSON.stringify(memory)}\n`).join("")))
    },
  })
}

function filterOf(query: URLSearchParams, scope: Scope) {
  return {
    userId: userIn(query.get("user_id") ?? undefined, scope),
    project: query.get("project") ?? undefined,
    sessionId: query.get("session_id") ?? undefined,
    text: query.get("q") || undefined,
  }
}

function cursorOf(value: string | null): number | null {
  if (value === null || value === "") return null
  if (!/^\d{1,15}$/.test(value)) throw wrong("cursor", "is none that this list gave out")
  return Number(value)
}

const unknownId = (id: string) =>
  new Refusal(404, "not_found", `No memory has the id "${id.slice(0, 80)}".`, { code: "memory_not_found" })
