/** `/api/usage`: what was used and spent, by model, client, day and so on. The sums are the store's. */
import { Elysia } from "elysia"
import { GROUP_NAMES } from "../store/groups.ts"
import { amount, answers, count, list, object, orNull, parameter, text, type Schema } from "./documentation.ts"
import { FILTER_PARAMETERS } from "./request-documentation.ts"
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

const percentiles = object({ p50: orNull(amount()), p95: orNull(amount()) })

export const SUMS = {
  requests: count(),
  errors: count("rejected or failed upstream"),
  input_tokens: count(),
  cache_read_tokens: count(),
  cache_write_tokens: count(),
  output_tokens: count(),
  reasoning_tokens: count(),
  cost_usd: orNull(amount()),
  billed_usd: orNull(amount()),
  unpriced: count("rows that cost something but have no known price"),
  duration_ms: percentiles,
  ttft_ms: percentiles,
  tokens_per_second: orNull(amount("output tokens per second of streaming")),
  quality: orNull(amount("mean of the rows that have one")),
}

const word = orNull(text())
const KEY = {
  description: "a pair with two groups; null where the rows say nothing",
  oneOf: [word, list(word)],
} as unknown as Schema

const USAGE_SCHEMA = object({
  rows: list(object({ key: KEY, ...SUMS })),
  rows_total: count("how many rows there are without the limit"),
  totals: object(SUMS),
})
