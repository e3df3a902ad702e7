/** `/api/sessions`: conversations with what they cost. Which request belongs to which was decided when it came in. */
import { Elysia } from "elysia"
import { amount, answers, count, list, object, orNull, parameter, text } from "./documentation.ts"
import { FILTER_PARAMETERS } from "./request-documentation.ts"
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

const SESSIONS_SCHEMA = object({
  data: list(
    object({
      session_id: text(),
      client: orNull(text("of the newest request, as the next four")),
      user_id: orNull(text()),
      project: orNull(text()),
      model: orNull(text()),
      started_at: text(),
      last_at: text("start of the newest request"),
      requests: count(),
      errors: count(),
      input_tokens: count(),
      cache_read_tokens: count(),
      output_tokens: count(),
      cost_usd: orNull(amount()),
      memories_injected: count(),
      quality: orNull(amount("mean of the rows that have one")),
    }),
  ),
  next_cursor: orNull(text("null on the last page; a page may be short")),
})
