/** `/api/clients`: the programs that called, with their versions and what tells each. The telling itself is `identify/clients.ts`. */
import { Elysia } from "elysia"
import { answers, CLIENTS_SCHEMA, FILTER_PARAMETERS } from "./documentation.ts"
import { readLiveFilter } from "./query.ts"
import { type AnalyticsDeps, searchOf } from "./requests.ts"

export interface ClientsDeps extends AnalyticsDeps {
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
