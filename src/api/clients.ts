/** `/api/clients`: the programs that called, with their versions and what tells each. The telling itself is `identify/clients.ts`. */
import { Elysia } from "elysia"
import { answers, CLIENTS_SCHEMA, FILTER_PARAMETERS } from "./documentation.ts"
import { readLiveFilter } from "./query.ts"
import { type AnalyticsDeps, searchOf } from "./requests.ts"

export interface ClientsDeps extends AnalyticsDeps {
  /** in words, what a client is known by */
  traitsOf: (client: string) => string[]
}

/** Requests whose versions are looked at. */
const NEWEST = 100

export function clientsApi({ ledger, scope, traitsOf }: ClientsDeps) {
  return new Elysia({ name: "api-clients" }).get(
    "/api/clients",
    async ({ request }) => {
      const filter = readLiveFilter(searchOf(request), scope(request))
      const { rows } = await ledger.usage({ ...filter, groupBy: ["client"] })
      const data = []
      for (const { key, ...sums } of rows) {
        const client = typeof key === "string" ? key : null
        if (client === null) {
          data.push({ client, versions: [], guess: false, last_at: null, traits: [], ...sums })
          continue
        }
        const newest = (await ledger.list({ ...filter, client, limit: NEWEST })).data
        const versions = new Set(newest.flatMap(({ client_version }) => client_version ?? []))
        const { started_at: last_at = null, client_guess: guess = false } = newest[0] ?? {}
        data.push({ client, versions: [...versions], guess, last_at, traits: traitsOf(client), ...sums })
      }
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
