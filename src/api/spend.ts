/**
 * LiteLLM's own spend routes over our ledger, for the tools that ask for them: `/spend/…`, `/global/…`, `/user/daily/activity`. `spend` is what was billed; what has no
 * known price adds nothing to it. Shapes: https://docs.litellm.ai/docs/proxy/cost_tracking and LiteLLM's `spend_management_endpoints.py`.
 */
import { Elysia } from "elysia"
import type { LedgerRow } from "../exchange.ts"
import type { Group } from "../store/groups.ts"
import type { Ledger } from "../store/ledger.ts"
import type { UsageKey, UsageReport, UsageSums } from "../store/usage.ts"
import { answers, list, object, parameter, type Schema } from "./documentation.ts"
import { readDates, readParameters, readWhole } from "./query.ts"
import { searchOf } from "./requests.ts"

export interface SpendDeps {
  ledger: Pick<Ledger, "list" | "usage" | "get">
  /** @throws Refusal for whoever does not hold the master key */
  admit: (request: Request) => void
}

const DATES = ["start_date", "end_date"] as const
const MOST_LOGS = 1_000

export function spendApi({ ledger, admit }: SpendDeps) {
  const by = async (request: Request, groupBy: readonly Group[], more: readonly string[] = []) => {
    admit(request)
    const given = readParameters(searchOf(request), [...DATES, ...more])
    return { given, report: await ledger.usage({ groupBy, ...readDates(given) }) }
  }
  const first = (report: UsageReport, limit: number) => report.rows.slice(0, limit)

  return new Elysia({ name: "spend" })
    .get(
      "/spend/logs",
      async ({ request }) => {
        admit(request)
        const given = readParameters(searchOf(request), [
          ...DATES,
          "request_id",
          "api_key",
          "user_id",
          "summarize",
          "limit",
        ])
        if (given.request_id !== undefined) {
          const row = await ledger.get(given.request_id)
          return Response.json(row ? [logOf(row)] : [])
        }
        const filter = { ...readDates(given), userId: given.user_id, key: given.api_key }
        if (given.start_date === undefined || given.summarize === "false") {
          const { data } = await ledger.list({ ...filter, limit: readWhole("limit", given.limit, 100, MOST_LOGS) })
          return Response.json(data.map(logOf))
        }
        const [models, users] = await Promise.all(
          (["model", "user"] as const).map((group) => ledger.usage({ ...filter, groupBy: ["day", group] })),
        )
        return Response.json(daysOf(models!, users!))
      },
      described("Spend by request, or by day with `start_date`", list(object({ request_id: text, spend: number })), [
        parameter("request_id", "one request's"),
        parameter("api_key", "alias of the key"),
        parameter("user_id", "user"),
        parameter("summarize", "false: rows instead of days"),
        parameter("limit", `rows, 1 to ${MOST_LOGS}, default 100`),
      ]),
    )
    .get(
      "/spend/keys",
      async ({ request }) => {
        const { report } = await by(request, ["key"])
        return Response.json(
          spenders(report).map(({ key, ...sums }) => ({ token: key, key_name: key, key_alias: key, ...sums })),
        )
      },
      described("Keys by what was spent with them", list(object({ key_alias: text, spend: number }))),
    )
    .get(
      "/spend/users",
      async ({ request }) => {
        const { given, report } = await by(request, ["user"], ["user_id"])
        const users = spenders(report).map(({ key, ...sums }) => ({ user_id: key, user_email: null, ...sums }))
        return Response.json(
          given.user_id === undefined ? users : users.filter(({ user_id }) => user_id === given.user_id),
        )
      },
      described("Users by what they spent", list(object({ user_id: text, spend: number })), [
        parameter("user_id", "one user's"),
      ]),
    )
    .get(
      "/spend/tags",
      async ({ request }) => {
        const { report } = await by(request, ["client"])
        return Response.json(
          report.rows
            .filter(({ key }) => key !== null)
            .map(({ key, requests, billed_usd }) => ({
              individual_request_tag: tagOf(String(key)),
              log_count: requests,
              total_spend: billed_usd ?? 0,
            })),
        )
      },
      described(
        "Spend by tag. Each request has one, of the client that sent it",
        list(object({ individual_request_tag: text, log_count: number, total_spend: number })),
      ),
    )
    .get(
      "/global/spend",
      async ({ request }) => {
        const { report } = await by(request, [])
        return Response.json({ spend: report.totals.billed_usd ?? 0, max_budget: null })
      },
      described("All that was spent", object({ spend: number })),
    )
    .get(
      "/global/spend/logs",
      async ({ request }) => {
        const { report } = await by(request, ["day"], ["api_key"])
        return Response.json(report.rows.map((row) => ({ date: row.key, spend: row.billed_usd ?? 0 })))
      },
      described("Spend by day", list(object({ date: text, spend: number }))),
    )
    .get(
      "/global/spend/models",
      async ({ request }) => {
        const { given, report } = await by(request, ["model"], ["limit"])
        const rows = first(report, readWhole("limit", given.limit, 10, MOST_LOGS))
        return Response.json(rows.map((row) => ({ model: row.key ?? "", total_spend: row.billed_usd ?? 0 })))
      },
      described("Spend by model", list(object({ model: text, total_spend: number })), [
        parameter("limit", "default 10"),
      ]),
    )
    .get(
      "/global/spend/keys",
      async ({ request }) => {
        const { given, report } = await by(request, ["key"], ["limit"])
        const rows = first(report, readWhole("limit", given.limit, 10, MOST_LOGS))
        return Response.json(
          rows.map(({ key, billed_usd }) => ({
            api_key: key ?? "",
            key_alias: key,
            key_name: key,
            total_spend: billed_usd ?? 0,
          })),
        )
      },
      described("Spend by key", list(object({ api_key: text, total_spend: number })), [
        parameter("limit", "default 10"),
      ]),
    )
    .get(
      "/global/spend/provider",
      async ({ request }) => {
        const { report } = await by(request, ["provider"])
        return Response.json(report.rows.map((row) => ({ provider: row.key ?? "", spend: row.billed_usd ?? 0 })))
      },
      described("Spend by provider", list(object({ provider: text, spend: number }))),
    )
    .get(
      "/global/activity",
      async ({ request }) => {
        const { report } = await by(request, ["day"])
        return Response.json({
          daily_data: report.rows.map((row) => ({
            date: row.key,
            api_requests: row.requests,
            total_tokens: tokensOf(row),
          })),
          sum_api_requests: report.totals.requests,
          sum_total_tokens: tokensOf(report.totals),
        })
      },
      described("Requests and tokens by day", object({ sum_api_requests: number, sum_total_tokens: number })),
    )
    .get(
      "/user/daily/activity",
      async ({ request }) => {
        admit(request)
        const given = readParameters(searchOf(request), [
          ...DATES,
          "model",
          "api_key",
          "user_id",
          "page",
          "page_size",
          "timezone",
        ])
        const filter = { ...readDates(given), model: given.model, key: given.api_key, userId: given.user_id }
        const reports = await Promise.all(
          ([["day"], ["day", "model"], ["day", "provider"], ["day", "key"], ["day", "user"]] as const).map((groupBy) =>
            ledger.usage({ ...filter, groupBy }),
          ),
        )
        const size = readWhole("page_size", given.page_size, 50, MOST_LOGS)
        return Response.json(activityOf(reports, readWhole("page", given.page, 1, Number.MAX_SAFE_INTEGER), size))
      },
      described(
        "Spend, tokens and requests by day, newest first, with what they are made of",
        object({
          results: list(object({ date: text, metrics: object({}), breakdown: object({}) })),
          metadata: object({}),
        }),
        [
          parameter("model", "model"),
          parameter("api_key", "alias of the key"),
          parameter("user_id", "user"),
          parameter("page", "from 1"),
          parameter("page_size", "days, default 50"),
        ],
      ),
    )
}

const text: Schema = { type: "string" }
const number: Schema = { type: "number" }

const described = (summary: string, answer: Schema, more: ReturnType<typeof parameter>[] = []) => ({
  detail: {
    tags: ["LiteLLM"],
    summary: `LiteLLM's: ${summary[0]!.toLowerCase()}${summary.slice(1)}`,
    parameters: [
      parameter("start_date", "first day, 2026-03-29 (UTC)"),
      parameter("end_date", "last day, included"),
      ...more,
    ],
    responses: answers(answer, 400, 401, 403),
  },
})

/** LiteLLM tags every request with its User-Agent; the client is what we make of that. */
const tagOf = (client: string) => `User-Agent: ${client}`

/** Who spent, the most first: fields of LiteLLM's tables. Those that nobody set are null there, too. */
const spenders = (report: UsageReport) =>
  report.rows
    .filter(({ key }) => key !== null)
    .map(({ key, billed_usd }) => ({
      key,
      spend: billed_usd ?? 0,
      max_budget: null,
      budget_duration: null,
      models: [],
    }))
    .sort((a, b) => b.spend - a.spend)

const tokensOf = (sums: UsageSums) => sums.input_tokens + sums.output_tokens

/** The fields of LiteLLM's spend log that we have. */
const logOf = (row: LedgerRow) => ({
  request_id: row.id,
  call_type: row.dialect_in ?? "",
  api_key: row.key_alias ?? "",
  spend: row.billed_usd ?? 0,
  total_tokens: (row.input_tokens ?? 0) + (row.output_tokens ?? 0),
  prompt_tokens: row.input_tokens ?? 0,
  completion_tokens: row.output_tokens ?? 0,
  startTime: row.started_at,
  endTime: new Date(Date.parse(row.started_at) + row.duration_ms).toISOString(),
  completionStartTime: row.ttft_ms === null ? null : new Date(Date.parse(row.started_at) + row.ttft_ms).toISOString(),
  model: row.upstream_model ?? row.model ?? "",
  model_group: row.model,
  custom_llm_provider: row.provider,
  user: row.user_id ?? "",
  end_user: "",
  session_id: row.session_id,
  status: row.outcome === "done" ? "success" : "failure",
  cache_hit: "False",
  request_tags: row.client === null ? [] : [tagOf(row.client)],
  metadata: { user_api_key_alias: row.key_alias, client: row.client, project: row.project },
})

type Row = UsageReport["rows"][number]
const partsOf = ({ key }: Row) => key as [day: string, part: UsageKey]

/** A summary a day: what was spent, by user and by model. */
function daysOf(models: UsageReport, users: UsageReport) {
  const days = Map.groupBy(models.rows, (row) => partsOf(row)[0])
  const spends = (rows: readonly Row[]) =>
    Object.fromEntries(rows.map((row) => [partsOf(row)[1] ?? "", row.billed_usd ?? 0]))
  return [...days].map(([startTime, rows]) => ({
    startTime,
    spend: rows.reduce((sum, row) => sum + (row.billed_usd ?? 0), 0),
    models: spends(rows),
    users: spends(users.rows.filter((row) => partsOf(row)[0] === startTime)),
  }))
}

const metricsOf = (sums: UsageSums) => ({
  spend: sums.billed_usd ?? 0,
  prompt_tokens: sums.input_tokens,
  completion_tokens: sums.output_tokens,
  cache_read_input_tokens: sums.cache_read_tokens,
  cache_creation_input_tokens: sums.cache_write_tokens,
  total_tokens: tokensOf(sums),
  successful_requests: sums.requests - sums.errors,
  failed_requests: sums.errors,
  api_requests: sums.requests,
})

function activityOf([days, models, providers, keys, users]: UsageReport[], page: number, size: number) {
  const newest = days!.rows.toReversed()
  const breakdown = (report: UsageReport, day: UsageKey) =>
    Object.fromEntries(
      report.rows
        .filter((row) => partsOf(row)[0] === day)
        .map((row) => [partsOf(row)[1] ?? "", { metrics: metricsOf(row), metadata: {} }]),
    )
  const results = newest.slice((page - 1) * size, page * size).map((row) => {
    const day = row.key as UsageKey
    const of = (report: UsageReport) => breakdown(report, day)
    const parts = { models: of(models!), providers: of(providers!), api_keys: of(keys!), entities: of(users!) }
    return { date: day, metrics: metricsOf(row), breakdown: { ...parts, mcp_servers: {} } }
  })
  const totals = Object.entries(metricsOf(days!.totals)).map(([name, value]) => [
    `total_${name.replace(/^total_/, "")}`,
    value,
  ])
  const pages = Math.ceil(newest.length / size)
  return { results, metadata: { ...Object.fromEntries(totals), page, total_pages: pages, has_more: page < pages } }
}
