/** `/api/memories`: a user's memories by hand. Who may ask is decided by `scope`; what a memory is and which answers a query, by the engine. */
import { Elysia } from "elysia"
import { type JsonObject, Refusal } from "../exchange.ts"
import type { Memory } from "../memory/engine.ts"
import type { MemoryAdmin, MemoryDraft } from "../memory/admin.ts"
import { parseObject } from "./body.ts"
import { answers, type DetailSchema, MEMORY_BODY, MEMORY_SCHEMAS, parameter } from "./documentation.ts"
import type { Scope } from "./query.ts"
import { readInstant } from "./instant.ts"
import { searchOf } from "./requests.ts"

export interface MemoriesDeps {
  admin: MemoryAdmin
  /** @throws Refusal when the caller may not ask at all */
  scope: (request: Request) => Scope
  readBody: (request: Request) => Promise<string>
  /** epoch milliseconds of the request's arrival */
  arrivedAt: (request: Request) => number
}

const SAYS = "Invalid parameter: body must be a JSON object."
const NDJSON = "application/x-ndjson"
const tags = ["memory"]
const USER = parameter("user_id", "whose; left out with a key of one user")
const PROJECT = parameter("project", "project, by display name or key; `*`: those of all projects")
const SESSION = parameter("session_id", "session")

export function memoriesApi({ admin, scope, readBody, arrivedAt }: MemoriesDeps) {
  const bodyOf = async (request: Request) => parseObject(await readBody(request), SAYS)
  const owned = (request: Request, id: string): Memory => {
    const { userId } = scope(request)
    const memory = admin.get(id)
    if (!memory || (userId !== null && memory.user_id !== userId)) throw unknownId(id)
    return memory
  }
  const detail = (summary: string, schema: DetailSchema, more: object = {}) => ({
    parse: "none" as const,
    detail: { tags, summary, responses: answers(schema, 400, 401, 403), ...more },
  })
  return new Elysia({ name: "api-memories" })
    .post(
      "/api/memories",
      async ({ request }) => {
        const body = await bodyOf(request)
        const draft = readDraft(body, userIn(body["user_id"], scope(request)), arrivedAt(request), "api")
        return Response.json(admin.add(draft), { status: 201 })
      },
      detail("Keep a memory", MEMORY_SCHEMAS.memory, { requestBody: MEMORY_BODY }),
    )
    .get(
      "/api/memories",
      ({ request }) => {
        const query = searchOf(request)
        const limit = limitOf(query.get("limit"), 50, 1000)
        return Response.json(
          admin.list(filterOf(query, scope(request)), { limit, cursor: cursorOf(query.get("cursor")) }),
        )
      },
      detail("A user's memories, newest first", MEMORY_SCHEMAS.page, {
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
      detail("Forget all of a user, a project or a session", MEMORY_SCHEMAS.deleted, {
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
      detail("Whose memories there are, and of which projects", MEMORY_SCHEMAS.places, { parameters: [USER] }),
    )
    .get(
      "/api/memories/export",
      ({ request }) => {
        const query = searchOf(request)
        const userId = userIn(query.get("user_id") ?? undefined, scope(request))
        return new Response(exported(admin, userId), { headers: { "content-type": NDJSON } })
      },
      detail("All of a user's memories, one a line, as import takes them", "lines", { parameters: [USER] }),
    )
    .post(
      "/api/memories/search",
      async ({ request }) => {
        const body = await bodyOf(request)
        const userId = userIn(body["user_id"], scope(request))
        const query = textIn(body, "query", true)!
        const limit = limitOf(body["limit"], 10, 100)
        return Response.json(await admin.search(userId, textIn(body, "project") ?? null, query, limit))
      },
      detail("What answers a query, best first", MEMORY_SCHEMAS.results, { requestBody: MEMORY_BODY }),
    )
    .post(
      "/api/memories/import",
      async ({ request }) =>
        Response.json(await importLines(admin, await readBody(request), scope(request), arrivedAt(request))),
      detail("Keep many memories: one a line, each as POST /api/memories takes it", MEMORY_SCHEMAS.imported, {
        requestBody: MEMORY_BODY,
      }),
    )
    .get(
      "/api/memories/:id",
      ({ request, params }) => Response.json(owned(request, params.id)),
      detail("One memory", MEMORY_SCHEMAS.memory),
    )
    .patch(
      "/api/memories/:id",
      async ({ request, params }) => {
        const { id } = owned(request, params.id)
        const body = await bodyOf(request)
        return Response.json(admin.edit(id, { content: textIn(body, "content"), metadata: metadataIn(body) }))
      },
      detail("Change what a memory says", MEMORY_SCHEMAS.memory, { requestBody: MEMORY_BODY }),
    )
    .delete(
      "/api/memories/:id",
      ({ request, params }) => {
        admin.forgetOne(owned(request, params.id).id)
        return new Response(null, { status: 204 })
      },
      detail("Forget a memory", "nothing"),
    )
}

/** The body of a POST, or a line of an import. */
function readDraft(body: JsonObject, userId: string, now: number, source: Memory["source"]): MemoryDraft {
  const createdAt = body["created_at"]
  const moment = createdAt === undefined || createdAt === null ? now : momentOf(createdAt)
  if (moment === null) throw wrong("created_at", "must be ISO 8601 or epoch milliseconds")
  return {
    userId,
    project: textIn(body, "project") ?? null,
    content: textIn(body, "content", true)!,
    role: textIn(body, "role") ?? "user",
    speaker: textIn(body, "speaker") ?? null,
    sessionId: textIn(body, "session_id") ?? null,
    createdAt: moment,
    metadata: metadataIn(body) ?? null,
    source,
  }
}

const momentOf = (value: unknown): number | null => {
  if (typeof value === "number") return Number.isFinite(value) && Math.abs(value) <= 8.64e15 ? value : null
  return typeof value === "string" ? (readInstant(value) ?? null) : null
}

/** 10 to 30 ms' work. */
const BATCH = 500

/** A bad line is told of and left out; the good ones are kept. */
export async function importLines(admin: MemoryAdmin, text: string, scope: Scope, now: number) {
  const result = { imported: 0, duplicates: 0, errors: [] as { line: number; message: string }[] }
  let batch: MemoryDraft[] = []
  const flush = async () => {
    const imported = await admin.addAll(batch)
    result.imported += imported
    result.duplicates += batch.length - imported
    batch = []
  }
  let line = 0
  for (let at = 0; at < text.length;) {
    const end = text.indexOf("\n", at)
    const stop = end < 0 ? text.length : end
    const written = text.slice(at, stop).trim()
    at = stop + 1
    line++
    if (written === "") continue
    try {
      const body = parseObject(written, SAYS)
      batch.push(readDraft(body, userIn(body["user_id"], scope), now, "import"))
    } catch (error) {
      if (!(error instanceof Refusal)) throw error
      result.errors.push({ line, message: error.message })
    }
    if (batch.length >= BATCH) await flush()
  }
  await flush()
  return result
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

/** @throws Refusal 403 for another user than the key's, 400 where nobody says which */
function userIn(asked: unknown, { userId }: Scope): string {
  if (asked !== undefined && (typeof asked !== "string" || asked === "" || asked.length > 256))
    throw wrong("user_id", "must be a text of 1 to 256 characters")
  if (userId === null) {
    if (asked === undefined) throw wrong("user_id", "is missing; it says whose memories are meant")
    return asked
  }
  if (asked !== undefined && asked !== userId)
    throw new Refusal(403, "permission", "This key reaches the memories of its own user only.", { code: "other_user" })
  return userId
}

const MOST_CHARS = 1_000_000

function textIn(body: JsonObject, name: string, isNeeded = false): string | undefined {
  const value = body[name]
  if (value === undefined || value === null) {
    if (isNeeded) throw wrong(name, "is missing")
    return undefined
  }
  if (typeof value !== "string" || (isNeeded && value.trim() === "") || value.length > MOST_CHARS)
    throw wrong(name, "must be a text")
  return value
}

function metadataIn(body: JsonObject): JsonObject | undefined {
  const value = body["metadata"]
  if (value === undefined || value === null) return undefined
  if (typeof value !== "object" || Array.isArray(value)) throw wrong("metadata", "must be an object")
  return value
}

function limitOf(value: unknown, standard: number, most: number): number {
  if (value === undefined || value === null) return standard
  const limit = Number(value)
  if (!Number.isInteger(limit) || limit < 1 || limit > most)
    throw wrong("limit", `must be a whole number from 1 to ${most}`)
  return limit
}

function cursorOf(value: string | null): number | null {
  if (value === null || value === "") return null
  if (!/^\d{1,15}$/.test(value)) throw wrong("cursor", "is none that this list gave out")
  return Number(value)
}

const wrong = (param: string, what: string) =>
  new Refusal(400, "invalid_request", `Invalid parameter: ${param} ${what}.`, { code: "invalid_parameter", param })

const unknownId = (id: string) =>
  new Refusal(404, "not_found", `No memory has the id "${id.slice(0, 80)}".`, { code: "memory_not_found" })
