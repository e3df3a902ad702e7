/** `/api/quality`: how good the answers were, as the traffic and people's feedback show it. The report comes as it is said. */
import { Elysia } from "elysia"
import { answers, FILTER_PARAMETERS, parameter, QUALITY_SCHEMA } from "./documentation.ts"
import { DEFAULT_ROWS, QUALITY_GROUPS, readQualityQuery } from "./query.ts"
import { type AnalyticsDeps, jsonOf, searchOf } from "./requests.ts"

export interface QualityDeps extends AnalyticsDeps {
  /** how many answers wait to be looked at, and how many never were */
  backlog: () => { waiting: number; dropped: number }
}

export function qualityApi({ ledger, scope, backlog }: QualityDeps) {
  return new Elysia({ name: "api-quality" }).get(
    "/api/quality",
    async ({ request }) => {
      const report = await ledger.qualityJson(readQualityQuery(searchOf(request), scope(request)))
      const more = `,"backlog":${JSON.stringify(backlog())}}`
      return jsonOf(Buffer.concat([report.subarray(0, -1), Buffer.from(more)]))
    },
    {
      detail: {
        tags: ["analytics"],
        summary: "Response quality, measured in the traffic and by feedback, grouped",
        description:
          "Each signal with its n and 95 % interval (Wilson); `few` marks an n below 30. `quality` is the composite of 0 to 100 with its parts. " +
          "With `group_by=memory`, `holdout` compares sessions that memory was withheld from with the others.",
        parameters: [
          parameter("group_by", `one or two of ${QUALITY_GROUPS.join(", ")} (default model)`),
          parameter("tz", "IANA time zone of the days and hours, default UTC"),
          parameter(
            "limit",
            `the most rows, those of the most requests; default ${DEFAULT_ROWS.quality}, \`all\` for every one. \`rows_total\` says how many there are`,
          ),
          ...FILTER_PARAMETERS,
        ],
        responses: answers(QUALITY_SCHEMA, 400, 401, 403),
      },
    },
  )
}
