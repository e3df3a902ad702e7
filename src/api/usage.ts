/** `/api/usage`: what was used and spent, by model, client, day and so on. The sums are the store's. */
import { Elysia } from "elysia"
import { GROUP_NAMES } from "../store/groups.ts"
import { answers, FILTER_PARAMETERS, parameter, USAGE_SCHEMA } from "./documentation.ts"
import { DEFAULT_ROWS, readUsageQuery } from "./query.ts"
import { type AnalyticsDeps, jsonOf, searchOf } from "./requests.ts"

export function usageApi({ ledger, scope }: AnalyticsDeps) {
  return new Elysia({ name: "api-usage" }).get(
    "/api/usage",
    async ({ request }) => jsonOf(await ledger.usageJson(readUsageQuery(searchOf(request), scope(request)))),
    {
      detail: {
        tags: ["analytics"],
        summary: "Usage and cost, grouped",
        description:
          "Rows by time first, then the dearest first. `cost_usd` is null where no price is known; `unpriced` counts the rows that are missing in it.",
        parameters: [
          parameter("group_by", `one or two of ${GROUP_NAMES.join(", ")} (default model)`),
          parameter(
            "tz",
            "IANA time zone of the days and hours, default UTC; also of `from` and `to` where they name none",
          ),
          parameter(
            "limit",
            `the most rows, the dearest of all; default ${DEFAULT_ROWS.usage}, \`all\` for every one. \`rows_total\` says how many there are, \`totals\` is of all`,
          ),
          ...FILTER_PARAMETERS,
        ],
        responses: answers(USAGE_SCHEMA, 400, 401, 403),
      },
    },
  )
}
