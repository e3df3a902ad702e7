/** LiteLLM's shapes for what was spent, out of ours: spend logs, tables of who spent, daily activity. `spend` is what was billed. Pure. */
import type { Dialect, LedgerRow } from "../exchange.ts"
import type { UsageKey, UsageReport, UsageSums } from "../store/usage.ts"

/** LiteLLM tags every request with its User-Agent; the client is what we make of that. */
export const tagOf = (client: string) => `User-Agent: ${client}`

/** Who spent, the most first: fields of LiteLLM's tables. Those that nobody set are null there, too. */
export const spenders = (report: UsageReport) =>
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

/** LiteLLM's names for what was called, its Python functions. */
const CALL_TYPES: Readonly<Record<Dialect, string>> = {
  "openai-chat": "acompletion",
  "openai-responses": "aresponses",
  anthropic: "anthropic_messages",
  gemini: "agenerate_content",
}

/** LiteLLM's spend log; fields of it that nothing here fills are null, as they may be there. */
export const logOf = (row: LedgerRow) => ({
  request_id: row.id,
  litellm_call_id: row.id,
  call_type: row.dialect_in === null ? "" : CALL_TYPES[row.dialect_in],
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
  // as `failed_requests` count: a client that left is no failure
  status: row.outcome === "done" || row.outcome === "client-left" ? "success" : "failure",
  request_duration_ms: Math.round(row.duration_ms),
  cache_hit: "False",
  model_id: null,
  api_base: null,
  cache_key: null,
  team_id: null,
  organization_id: null,
  requester_ip_address: null,
  messages: null,
  response: null,
  proxy_server_request: null,
  request_tags: row.client === null ? [] : [tagOf(row.client)],
  metadata: { user_api_key_alias: row.key_alias, client: row.client, project: row.project },
})

type Row = UsageReport["rows"][number]
const partsOf = ({ key }: Row) => key as [day: string, part: UsageKey]

/** A summary a day: what was spent, by user and by model. */
export function daysOf(models: UsageReport, users: UsageReport) {
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

/** Requests and tokens by day. */
export const dailyOf = (rows: readonly Row[], dayOf: (row: Row) => UsageKey) => ({
  daily_data: rows.map((row) => ({ date: dayOf(row), api_requests: row.requests, total_tokens: tokensOf(row) })),
  sum_api_requests: rows.reduce((sum, { requests }) => sum + requests, 0),
  sum_total_tokens: rows.reduce((sum, row) => sum + tokensOf(row), 0),
})

/** The same of each model, the most asked first. */
export const dailyOfModels = (report: UsageReport) =>
  [...Map.groupBy(report.rows, (row) => partsOf(row)[1])]
    .map(([model, rows]) => ({ model: model ?? "", ...dailyOf(rows, (row) => partsOf(row)[0]) }))
    .sort((a, b) => b.sum_api_requests - a.sum_api_requests)

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

export function activityOf([days, models, providers, keys, users]: UsageReport[], page: number, size: number) {
  const newest = days!.rows.toReversed()
  const breakdown = (report: UsageReport, day: UsageKey) =>
    Object.fromEntries(
      report.rows
        .filter((row) => partsOf(row)[0] === day)
        .map((row) => [partsOf(row)[1] ?? "", { metrics: metricsOf(row), metadata: {}, api_key_breakdown: {} }]),
    )
  const results = newest.slice((page - 1) * size, page * size).map((row) => {
    const day = row.key as UsageKey
    const of = (report: UsageReport) => breakdown(report, day)
    const named = of(models!)
    const parts = { models: named, model_groups: named, providers: of(providers!), api_keys: of(keys!) }
    return {
      date: day,
      metrics: metricsOf(row),
      breakdown: { ...parts, entities: of(users!), endpoints: {}, mcp_servers: {} },
    }
  })
  const totals = Object.entries(metricsOf(days!.totals)).map(([name, value]) => [
    `total_${name.replace(/^total_/, "")}`,
    value,
  ])
  const pages = Math.ceil(newest.length / size)
  return { results, metadata: { ...Object.fromEntries(totals), page, total_pages: pages, has_more: page < pages } }
}
