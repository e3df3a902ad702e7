/** `/api/sessions`: conversations with what they cost. Which request belongs to which was decided when it came in. */
import { Elysia } from "elysia"
import { answers, FILTER_PARAMETERS, parameter, SESSIONS_SCHEMA } from "./documentation.ts"
import { readSessionsQuery } from "./query.ts"
import { type AnalyticsDeps, searchOf } from "./requests.ts"

export function sessionsApi({ ledger, scope }: AnalyticsDeps) {
  return new Elysia({ name: "api-sessions" }).get(
    "/api/sessions",
    async ({ request }) => Response.json(await ledger.sessions(readSessionsQuery(searchOf(request), scope(request)))),
    {
      detail: {
        tags: ["analytics"],
        summary: "Conversations, the one with the newest request first",
        description: "The filter says which requests a conversation must have; its sums are of all its requests.",
        parameters: [
          ...FILTER_PARAMETERS,
          parameter("cursor", "`next_cursor` of the page before"),
          parameter("limit", "1 to 100, default 25"),
        ],
        responses: answers(SESSIONS_SCHEMA, 400, 401, 403),
      },
    },
  )
}
