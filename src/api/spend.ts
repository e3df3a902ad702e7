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

interface SpendDeps {
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

interface Route {
  path: string
  summary: string
  /** beside the dates */
  parameters?: readonly Parameter[]
  answer: Schema
  ask(ledger: SpendDeps["ledger"], given: Parameters): Promise<unknown>
}

/** What a route makes of one usage report. */
const report =
  (groupBy: readonly Group[], write: (report: UsageReport, given: Parameters) => unknown): Route["ask"] =>
  async (ledger, given) =>
    write(await ledger.usage({ groupBy, ...readDates(given) }), given)

/** The first rows are the dearest. */
const first = ({ rows }: UsageReport, given: Parameters) =>
  rows.slice(0, readWhole("limit", given.limit, 10, MOST_LOGS))

const REPORTS: readonly Route[] = [
  {
    path: "/spend/keys",
    summary: "keys by what was spent with them",
    answer: list(object({ key_alias: text, spend: number })),
    ask: report(["key"], (report) =>
      spenders(report).map(({ key, ...sums }) => ({ token: key, key_name: key, key_alias: key, ...sums })),
    ),
  },
  {
    path: "/spend/users",
    summary: "users by what they spent",
    parameters: [parameter("user_id", "one user's")],
    answer: list(object({ user_id: text, spend: number })),
    ask: report(["user"], (report, { user_id: wanted }) =>
      spenders(report)
        .filter(({ key }) => wanted === undefined || key === wanted)
        .map(({ key, ...sums }) => ({ user_id: key, user_email: null, ...sums })),
    ),
  },
  {
    path: "/spend/tags",
    summary: "spend by tag. Each request has one, of the client that sent it",
    answer: list(object({ individual_request_tag: text, log_count: number, total_spend: number })),
    ask: report(["client"], ({ rows }) =>
      rows
        .filter(({ key }) => key !== null)
        .map(({ key, requests, billed_usd }) => ({
          individual_request_tag: tagOf(String(key)),
          log_count: requests,
          total_spend: billed_usd ?? 0,
        })),
    ),
  },
  {
    path: "/global/spend",
    summary: "all that was spent",
    answer: object({ spend: number }),
    ask: report([], ({ totals }) => ({ spend: totals.billed_usd ?? 0, max_budget: null })),
  },
  {
    path: "/global/spend/logs",
    summary: "spend by day",
    parameters: [parameter("api_key", "taken, and not looked at")],
    answer: list(object({ date: text, spend: number })),
    ask: report(["day"], ({ rows }) => rows.map(({ key, billed_usd }) => ({ date: key, spend: billed_usd ?? 0 }))),
  },
  {
    path: "/global/spend/models",
    summary: "spend by model",
    parameters: [LIMIT],
    answer: list(object({ model: text, total_spend: number })),
    ask: report(["model"], (report, given) =>
      first(report, given).map(({ key, billed_usd }) => ({ model: key ?? "", total_spend: billed_usd ?? 0 })),
    ),
  },
  {
    path: "/global/spend/keys",
    summary: "spend by key",
    parameters: [LIMIT],
    answer: list(object({ api_key: text, total_spend: number })),
    ask: report(["key"], (report, given) =>
      first(report, given).map(({ key, billed_usd }) => ({
        api_key: key ?? "",
        key_alias: key,
        key_name: key,
        total_spend: billed_usd ?? 0,
      })),
    ),
  },
  {
    path: "/global/spend/provider",
    summary: "spend by provider",
    answer: list(object({ provider: text, spend: number })),
    ask: report(["provider"], ({ rows }) =>
      rows.map(({ key, billed_usd }) => ({ provider: key ?? "", spend: billed_usd ?? 0 })),
    ),
  },
  {
    path: "/global/activity",
    summary: "requests and tokens by day",
    answer: object({ sum_api_requests: number, sum_total_tokens: number }),
    ask: report(["day"], ({ rows }) => dailyOf(rows, ({ key }) => key as string)),
  },
  {
    path: "/global/activity/model",
    summary: "requests and tokens by model and day",
    answer: list(object({ model: text, sum_api_requests: number, sum_total_tokens: number })),
    ask: report(["day", "model"], (report) => dailyOfModels(report)),
  },
]

/** The newest so many, in steps: others have their turn between two. */
async function newest(ledger: SpendDeps["ledger"], filter: LedgerFilter, count: number): Promise<LedgerRow[]> {
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

const LOGS: readonly Route[] = [
  {
    path: "/spend/logs",
    summary: "spend by request, or by day with `start_date`",
    parameters: [
      parameter("request_id", "one request's"),
      KEY,
      USER,
      parameter("summarize", "false: rows instead of days"),
      parameter("limit", `rows, 1 to ${MOST_LOGS}, which is the default`),
    ],
    answer: list(object({ request_id: text, spend: number })),
    async ask(ledger, given) {
      if (given.request_id !== undefined) {
        const row = await ledger.get(given.request_id)
        return row ? [logOf(row)] : []
      }
      const filter = { ...readDates(given), userId: given.user_id, key: given.api_key }
      if (given.start_date === undefined || /^(false|no|off|0)$/i.test(given.summarize ?? "")) {
        const rows = await newest(ledger, filter, readWhole("limit", given.limit, MOST_LOGS, MOST_LOGS))
        return rows.map(logOf)
      }
      const [models, users] = await Promise.all(
        (["model", "user"] as const).map((group) => ledger.usage({ ...filter, groupBy: ["day", group] })),
      )
      return daysOf(models!, users!)
    },
  },
  {
    path: "/spend/logs/v2",
    summary: `spend by request, in pages, the newest ${MOST_LOGS} of those that match`,
    parameters: [
      KEY,
      parameter("key_alias", "the same"),
      USER,
      parameter("model_group", "model, by its public name"),
      parameter("model", "the same"),
      parameter("session_id", "session"),
      parameter("page", "from 1"),
      parameter("page_size", `rows, 1 to ${MOST_AT_ONCE}, default 50`),
    ],
    answer: object({ data: list(object({ request_id: text, spend: number })), total: number, total_pages: number }),
    async ask(ledger, given) {
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
        newest(ledger, filter, page * size),
        ledger.usage({ ...filter, groupBy: [] }),
      ])
      return {
        data: rows.slice((page - 1) * size).map(logOf),
        total: totals.requests,
        page,
        page_size: size,
        total_pages: Math.ceil(totals.requests / size),
      }
    },
  },
  {
    path: "/user/daily/activity",
    summary: "spend, tokens and requests by day, newest first, with what they are made of",
    parameters: [
      parameter("model", "model"),
      KEY,
      USER,
      parameter("page", "from 1"),
      parameter("page_size", "days, default 50"),
      parameter("timezone", "taken, and not looked at: days are of UTC"),
    ],
    answer: object({
      results: list(object({ date: text, metrics: object({}), breakdown: object({}) })),
      metadata: object({}),
    }),
    async ask(ledger, given) {
      const filter = { ...readDates(given), model: given.model, key: given.api_key, userId: given.user_id }
      const reports = await Promise.all(
        ([["day"], ["day", "model"], ["day", "provider"], ["day", "key"], ["day", "user"]] as const).map((groupBy) =>
          ledger.usage({ ...filter, groupBy }),
        ),
      )
      const size = readWhole("page_size", given.page_size, 50, MOST_LOGS)
      return activityOf(reports, readWhole("page", given.page, 1, Number.MAX_SAFE_INTEGER), size)
    },
  },
]

export function spendApi({ ledger, admit }: SpendDeps) {
  const app = new Elysia({ name: "spend" })
  for (const { path, summary, parameters = [], answer, ask } of [...LOGS, ...REPORTS]) {
    const all = [...DATES, ...parameters]
    const names = all.map(({ name }) => name)
    const detail = {
      tags: ["LiteLLM"],
      summary: `LiteLLM's: ${summary}`,
      parameters: all,
      responses: answers(answer, 400, 401, 403),
    }
    app.get(
      path,
      async ({ request }: { request: Request }) => {
        admit(request)
        return Response.json(await ask(ledger, readParameters(searchOf(request), names)))
      },
      { detail },
    )
  }
  return app
}
