/** `/api/requests`: the ledger's rows, one by one. Who may ask is decided by `scope`; what a row means, by the ledger. */
import { Elysia } from "elysia"
import { type InjectedMemory, type LedgerRow, Refusal } from "../exchange.ts"
import type { BodyStore } from "../store/bodies.ts"
import type { Ledger } from "../store/ledger.ts"
import type { LedgerFilter } from "../store/filter.ts"
import { FILTER_PARAMETERS, ENTRY_SCHEMA, PAGE_SCHEMA } from "./request-documentation.ts"
import { answers, parameter } from "./documentation.ts"
import { createLiveRows } from "./live.ts"
import { readListQuery, readLiveFilter, type Scope } from "./query.ts"

export interface AnalyticsDeps {
  ledger: Ledger
  /** @throws Refusal when the caller may not ask at all */
  scope: (request: Request) => Scope
}

interface RequestsDeps extends AnalyticsDeps {
  bodies: Pick<BodyStore, "get">
  /** the words of a memory; null: it is forgotten, or kept elsewhere */
  contentOf?: (id: string) => string | null
  /** ends the live streams, so that a server can stop while somebody listens */
  stopping?: AbortSignal
  /** default 15 s */
  heartbeatMs?: number
}

const HEARTBEAT_MS = 15_000

export function requestsApi({ ledger, bodies, scope, stopping, contentOf, heartbeatMs = HEARTBEAT_MS }: RequestsDeps) {
  const live = createLiveRows()
  const told = (one: InjectedMemory) => ({ ...one, content: contentOf?.(one.id) ?? null })
  return new Elysia({ name: "api-requests" })
    .get(
      "/api/requests",
      async ({ request }) => Response.json(await ledger.list(readListQuery(searchOf(request), scope(request)))),
      {
        detail: {
          tags: ["analytics"],
          summary: "Requests, newest first",
          description:
            "Every model call has one row, refused ones too. Pages by cursor: rows that arrive meanwhile shift nothing.",
          parameters: [
            ...FILTER_PARAMETERS,
            parameter("cursor", "`next_cursor` of the page before"),
            parameter("limit", "1 to 1000, default 50"),
          ],
          responses: answers(PAGE_SCHEMA, 400, 401, 403),
        },
      },
    )
    .get(
      "/api/requests/stream",
      ({ request }) => {
        const matches = matcher(readLiveFilter(searchOf(request), scope(request)))
        return live.open({ ledger, matches, signal: stopping, heartbeatMs })
      },
      {
        detail: {
          tags: ["analytics"],
          summary: "New requests as they end",
          description:
            "Server-sent events; each `data` is one row, at most 50 ms old. A comment every 15 s of silence.",
          parameters: FILTER_PARAMETERS,
          responses: answers("events", 400, 401, 403, 503),
        },
      },
    )
    .get(
      "/api/requests/:id",
      async ({ request, params }) => {
        const { userId } = scope(request)
        const entry = await ledger.get(params.id)
        if (!entry || (userId !== null && entry.user_id !== userId)) {
          throw new Refusal(
            404,
            "not_found",
            `No request has the id "${params.id.slice(0, 80)}". Its id is in the x-memproxy-request-id header of the answer.`,
            { code: "request_not_found" },
          )
        }
        return Response.json({ ...entry, memories: entry.memories.map(told), bodies: bodies.get(entry.id) })
      },
      {
        detail: {
          tags: ["analytics"],
          summary: "One request with all that is known about it",
          responses: answers(ENTRY_SCHEMA, 401, 404),
        },
      },
    )
}

/** An answer that is JSON already. */
export const jsonOf = (json: Uint8Array<ArrayBuffer>) =>
  new Response(json, { headers: { "content-type": "application/json;charset=utf-8" } })

export const searchOf = (request: Request) => new URL(request.url).searchParams

/** The same filter as the list's, for a row in memory. It has no project key: a project is matched by its display name. */
function matcher(filter: LedgerFilter): (row: LedgerRow) => boolean {
  const wanted = [
    ["client", filter.client],
    ["user_id", filter.userId],
    ["project", filter.project],
    ["session_id", filter.sessionId],
    ["model", filter.model],
    ["key_alias", filter.key],
    ["outcome", filter.outcome],
    ["error_type", filter.errorType],
  ] as const
  const { from = Number.NEGATIVE_INFINITY, to = Number.POSITIVE_INFINITY } = filter
  return (row) => {
    const at = Date.parse(row.started_at)
    return at >= from && at < to && wanted.every(([name, value]) => value === undefined || row[name] === value)
  }
}
