/** `/api/quality`: how good the answers were, as the traffic and people's feedback show it. The report comes as it is said. */
import { Elysia } from "elysia"
import { amount, answers, count, flag, list, object, orNull, parameter, text, type Schema } from "./documentation.ts"
import { FILTER_PARAMETERS } from "./request-documentation.ts"
import { DEFAULT_ROWS, QUALITY_GROUPS, readQualityQuery } from "./query.ts"
import { type AnalyticsDeps, jsonOf, searchOf } from "./requests.ts"

interface QualityDeps extends AnalyticsDeps {
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

const RATE = {
  rate: orNull(amount("0 to 1; of a mean of counts the mean; null: never seen")),
  hits: amount(),
  n: count("of how many"),
  low: orNull(amount("95 % interval, Wilson")),
  high: orNull(amount()),
  few: { ...flag, description: "n is below 30" },
}
const rates = (description: string): Schema => ({ type: "object", additionalProperties: object(RATE), description })
const spread = object({ n: count(), p50: orNull(amount()), p90: orNull(amount()), p99: orNull(amount()) })

const QUALITY = {
  requests: count(),
  quality: object({
    score: orNull(amount("0 to 100, of the parts that were measured")),
    low: orNull(amount()),
    high: orNull(amount()),
    n: count(),
    few: flag,
    parts: rates("delivery, tools, acceptance, form, explicit; each with its `weight`"),
  }),
  signals: rates("by name; what each means is in `signals` of the whole answer"),
  speed: object({
    ttft_ms: spread,
    tpot_ms: spread,
    overhead_ms: spread,
    memory_ms: spread,
    tokens_per_second: object({ n: count(), p50: orNull(amount()), p10: orNull(amount()), p1: orNull(amount()) }),
  }),
  efficiency: object({
    turns_done: count("answers that asked for no tool"),
    cost_per_turn_usd: orNull(amount()),
    cache_hit_ratio: orNull(amount("cache reads by all input tokens")),
    output_input_ratio: orNull(amount()),
    reasoning_share: orNull(amount("of the output tokens")),
    delivered_at_abort: orNull(amount("tokens of answers whose client left, by those of whole answers")),
    memory_tokens: count(),
    memory_input_share: orNull(amount()),
  }),
  cost_usd: orNull(amount()),
}

const QUALITY_SCHEMA = object({
  rows: list(object({ key: orNull(text("a pair with two groups")), ...QUALITY })),
  rows_total: count("how many rows there are without the limit"),
  totals: object(QUALITY),
  holdout: orNull({ type: "object", description: "with group_by=memory: each signal with memory against held out" }),
  signals: list(
    object({
      name: text(),
      group: text(),
      good: orNull(flag),
      heuristic: flag,
      mean: orNull(text()),
      definition: text(),
    }),
  ),
  backlog: object({ waiting: count("answers not looked at yet"), dropped: count("never looked at: too much to do") }),
})
