/**
 * LiteLLM's own spend routes over our ledger, for the tools that ask for them: `/spend/…`, `/global/…`, `/user/daily/activity`. `spend` is what was billed; what has no
 * known price adds nothing to it. Shapes: https://docs.litellm.ai/docs/proxy/cost_tracking and LiteLLM's `spend_management_endpoints.py`.
 */
import { Elysia } from "elysia"
import type { LedgerRow } from "../exchange.ts"
import type { LedgerFilter } from "../store/filter.ts"
import type { Group } from "../store/groups.ts"
import type { Page } from "../store/list.ts"
import type { Ledger } from "../store/ledger.ts"
import type { UsageReport } from "../store/usage.ts"
import { answers, list, object, parameter, type Schema } from "./documentation.ts"
import { type Parameters, readDates, readParameters, readWhole } from "./query.ts"
import { searchOf } from "./requests.ts"
import { activityOf, dailyOf, dailyOfModels, daysOf, logOf, spenders, tagOf } from "./spend-shapes.ts"

export interface SpendDeps {
  ledger: Pick<Ledger, "list" | "usage" | "get">
  /** @throws Refusal for whoever does not hold the master key */
  admit: (request: Request) => void
}

type Parameter = ReturnType<typeof parameter>

/** As many as LiteLLM's `SPEND_LOGS_PAGINATION_COUNT_CAP`. */
const MOST_LOGS = 10_000
const MOST_AT_ONCE = 1_000
const DATES = [parameter("start_date", "first day, 2026-03-29 (UTC)"), parameter("end_date", "last day, included")]
const LIMIT = parameter("limit", "default 10")
const KEY = parameter("api_key", "alias of the key")
const USER = parameter("user_id", "user")

const text: Schema = { type: "string" }
const number: Schema = { type: "number" }

/** A route that gives one usage report. */
interface Report {
  path: string
  summary: string
  groupBy: readonly Group[]
  /** beside the dates */
  parameters?: readonly Parameter[]
  answer: Schema
  write(report: UsageReport, given: Parameters): unknown
}

/** The first rows are the dearest. */
const first = ({ rows }: UsageReport, given: Parameters) =>
  rows.slice(0, readWhole("limit", given.limit, 10, MOST_LOGS))

const REPORTS: readonly Report[] = [
  {
    path: "/spend/keys",
    summary: "keys by what was spent with them",
    groupBy: ["key"],
    answer: list(object({ key_alias: text, spend: number })),
    write: (report) =>
      spenders(report).map(({ key, ...sums }) => ({ token: key, key_name: key, key_alias: key, ...sums })),
  },
  {
    path: "/spend/users",
    summary: "users by what they spent",
    groupBy: ["user"],
    parameters: [parameter("user_id", "one user's")],
    answer: list(object({ user_id: text, spend: number })),
    write: (report, { user_id: wanted }) =>
      spenders(report)
        .filter(({ key }) => wanted === undefined || key === wanted)
        .map(({ key, ...sums }) => ({ user_id: key, user_email: null, ...sums })),
  },
  {
    path: "/spend/tags",
    summary: "spend by tag. Each request has one, of the client that sent it",
    groupBy: ["client"],
    answer: list(object({ individual_request_tag: text, log_count: number, total_spend: number })),
    write: ({ rows }) =>
      rows
        .filter(({ key }) => key !== null)
        .map(({ key, requests, billed_usd }) => ({
          individual_request_tag: tagOf(String(key)),
          log_count: requests,
          total_spend: billed_usd ?? 0,
        })),
  },
  {
    path: "/global/spend",
    summary: "all that was spent",
    groupBy: [],
    answer: object({ spend: number }),
    write: ({ totals }) => ({ spend: totals.billed_usd ?? 0, max_budget: null }),
  },
  {
    path: "/global/spend/logs",
    summary: "spend by day",
    groupBy: ["day"],
    parameters: [parameter("api_key", "taken, and not looked at")],
    answer: list(object({ date: text, spend: number })),
    write: ({ rows }) => rows.map(({ key, billed_usd }) => ({ date: key, spend: billed_usd ?? 0 })),
  },
  {
    path: "/global/spend/models",
    summary: "spend by model",
    groupBy: ["model"],
    parameters: [LIMIT],
    answer: list(object({ model: text, total_spend: number })),
    write: (report, given) =>
      first(report, given).map(({ key, billed_usd }) => ({ model: key ?? "", total_spend: billed_usd ?? 0 })),
  },
  {
    path: "/global/spend/keys",
    summary: "spend by key",
    groupBy: ["key"],
    parameters: [LIMIT],
    answer: list(object({ api_key: text, total_spend: number })),
    write: (report, given) =>
      first(report, given).map(({ key, billed_usd }) => ({
        api_key: key ?? "",
        key_alias: key,
        key_name: key,
        total_spend: billed_usd ?? 0,
      })),
  },
  {
    path: "/global/spend/provider",
    summary: "spend by provider",
    groupBy: ["provider"],
    answer: list(object({ provider: text, spend: number })),
    write: ({ rows }) => rows.map(({ key, billed_usd }) => ({ provider: key ?? "", spend: billed_usd ?? 0 })),
  },
  {
    path: "/global/activity",
    summary: "requests and tokens by day",
    groupBy: ["day"],
    answer: object({ sum_api_requests: number, sum_total_tokens: number }),
    write: ({ rows }) => dailyOf(rows, ({ key }) => key as string),
  },
  {
    path: "/global/activity/model",
    summary: "requests and tokens by model and day",
    groupBy: ["day", "model"],
    answer: list(object({ model: text, sum_api_requests: number, sum_total_tokens: number })),
    write: (report) => dailyOfModels(report),
  },
]

export function spendApi({ ledger, admit }: SpendDeps) {
  /** The newest so many, in steps: others have their turn between two. */
  async function newest(filter: LedgerFilter, count: number): Promise<LedgerRow[]> {
    const rows: LedgerRow[] = []
    let cursor: string | null = null
    do {
      const limit = Math.min(MOST_AT_ONCE, count - rows.length)
      const page: Page = await ledger.list({ ...filter, limit, ...(cursor !== null && { cursor }) })
      rows.push(...page.data)
      cursor = page.next_cursor
    } while (cursor !== null && rows.length < count)
    return rows
  }
  const readGiven = (request: Request, allowed: readonly Parameter[]) => {
    admit(request)
    return readParameters(
      searchOf(request),
      [...DATES, ...allowed].map(({ name }) => name),
    )
  }
  const app = new Elysia({ name: "spend" })
    .get(
      "/spend/logs",
      async ({ request }) => {
        const given = readGiven(request, LOGS)
        if (given.request_id !== undefined) {
          const row = await ledger.get(given.request_id)
          return Response.json(row ? [logOf(row)] : [])
        }
        const filter = { ...readDates(given), userId: given.user_id, key: given.api_key }
        if (given.start_date === undefined || /^(false|no|off|0)$/i.test(given.summarize ?? "")) {
          const rows = await newest(filter, readWhole("limit", given.limit, MOST_LOGS, MOST_LOGS))
          return Response.json(rows.map(logOf))
        }
        const [models, users] = await Promise.all(
          (["model", "user"] as const).map((group) => ledger.usage({ ...filter, groupBy: ["day", group] })),
        )
        return Response.json(daysOf(models!, users!))
      },
      described(
        "spend by request, or by day with `start_date`",
        list(object({ request_id: text, spend: number })),
        LOGS,
      ),
    )
    .get(
      "/spend/logs/v2",
      async ({ request }) => {
        const given = readGiven(request, LOG_PAGES)
        const filter = {
          ...readDates(given),
          userId: given.user_id,
          key: given.api_key ?? given.key_alias,
          model: given.model_group ?? given.model,
          sessionId: given.session_id,
        }
        const size = readWhole("page_size", given.page_size, 50, MOST_AT_ONCE)
        const page = readWhole("page", given.page, 1, Math.floor(MOST_LOGS / size))
        const [rows, { totals }] = await Promise.all([
          newest(filter, page * size),
          ledger.usage({ ...filter, groupBy: [] }),
        ])
        return Response.json({
          data: rows.slice((page - 1) * size).map(logOf),
          total: totals.requests,
          page,
          page_size: size,
          total_pages: Math.ceil(totals.requests / size),
        })
      },
      described(
        `spend by request, in pages, the newest ${MOST_LOGS} of those that match`,
        object({ data: list(object({ request_id: text, spend: number })), total: number, total_pages: number }),
        LOG_PAGES,
      ),
    )
    .get(
      "/user/daily/activity",
      async ({ request }) => {
        const given = readGiven(request, ACTIVITY)
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
        "spend, tokens and requests by day, newest first, with what they are made of",
        object({
          results: list(object({ date: text, metrics: object({}), breakdown: object({}) })),
          metadata: object({}),
        }),
        ACTIVITY,
      ),
    )
  for (const { path, summary, groupBy, parameters = [], answer, write } of REPORTS) {
    app.get(
      path,
      async ({ request }: { request: Request }) => {
        const given = readGiven(request, parameters)
        return Response.json(write(await ledger.usage({ groupBy, ...readDates(given) }), given))
      },
      described(summary, answer, parameters),
    )
  }
  return app
}

const LOGS = [
  parameter("request_id", "one request's"),
  KEY,
  USER,
  parameter("summarize", "false: rows instead of days"),
  parameter("limit", `rows, 1 to ${MOST_LOGS}, which is the default`),
]
const LOG_PAGES = [
  KEY,
  parameter("key_alias", "the same"),
  USER,
  parameter("model_group", "model, by its public name"),
  parameter("model", "the same"),
  parameter("session_id", "session"),
  parameter("page", "from 1"),
  parameter("page_size", `rows, 1 to ${MOST_AT_ONCE}, default 50`),
]
const ACTIVITY = [
  parameter("model", "model"),
  KEY,
  USER,
  parameter("page", "from 1"),
  parameter("page_size", "days, default 50"),
  parameter("timezone", "taken, and not looked at: days are of UTC"),
]

const described = (summary: string, answer: Schema, parameters: readonly Parameter[]) => ({
  detail: {
    tags: ["LiteLLM"],
    summary: `LiteLLM's: ${summary}`,
    parameters: [...DATES, ...parameters],
    responses: answers(answer, 400, 401, 403),
  },
})
