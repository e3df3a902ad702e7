/** `/api/clients`: the programs that called, with their versions and what tells each. The telling itself is `identify/clients.ts`. */
import { Elysia } from "elysia"
import { answers, flag, list, object, orNull, text } from "./documentation.ts"
import { FILTER_PARAMETERS } from "./request-documentation.ts"
import { readLiveFilter } from "./query.ts"
import { type AnalyticsDeps, searchOf } from "./requests.ts"
import { SUMS } from "./usage.ts"

interface ClientsDeps extends AnalyticsDeps {
  /** in words, what a client is known by */
  traitsOf: (client: string) => string[]
}

export function clientsApi({ ledger, scope, traitsOf }: ClientsDeps) {
  return new Elysia({ name: "api-clients" }).get(
    "/api/clients",
    async ({ request }) => {
      const filter = readLiveFilter(searchOf(request), scope(request))
      const used = await ledger.clients(filter)
      const data = used.map((one) => ({ ...one, traits: one.client === null ? [] : traitsOf(one.client) }))
      return Response.json({ data })
    },
    {
      detail: {
        tags: ["analytics"],
        summary: "Clients, how each is recognised, and what it used",
        parameters: FILTER_PARAMETERS,
        responses: answers(CLIENTS_SCHEMA, 400, 401, 403),
      },
    },
  )
}

const CLIENTS_SCHEMA = object({
  data: list(
    object({
      client: orNull(text("null: of requests that no row of the client table knows")),
      versions: list(text("of the newest requests, newest first")),
      guess: { ...flag, description: "the name is likely, not certain" },
      last_at: text(),
      traits: list(text("what tells this client, in words")),
      ...SUMS,
    }),
  ),
})
