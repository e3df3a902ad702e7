/**
 * `/metrics` for Prometheus, under LiteLLM's names where it has one for the thing, so that boards made for it work. Counting begins with the first scrape: nothing is
 * counted where nobody scrapes. https://docs.litellm.ai/docs/proxy/prometheus
 */
import { Elysia } from "elysia"
import type { LedgerRow } from "../exchange.ts"
import type { Ledger } from "../store/ledger.ts"
import { errors, type Responses } from "./documentation.ts"
import board from "./grafana.json"

interface MetricsDeps {
  ledger: Pick<Ledger, "subscribe" | "health">
  /** streams under way */
  active: () => number
  /** @throws Refusal when the caller may not look */
  admit: (request: Request) => void
}

/** LiteLLM's, in seconds. */
const BUCKETS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2, 5, 10, 30, 60, 120, 300, 420, 600]
/** Callers choose names; a series for each would let one of them fill the memory. */
const MOST_CALLERS = 500
const OTHER = "other"

export function metricsApi(deps: MetricsDeps) {
  let registry: ReturnType<typeof openRegistry> | null = null
  return new Elysia({ name: "metrics" })
    .get(
      "/metrics",
      async ({ request }) => {
        deps.admit(request)
        const { register } = await (registry ??= openRegistry(deps))
        return new Response(await register.metrics(), { headers: { "content-type": register.contentType } })
      },
      {
        detail: {
          tags: ["analytics"],
          summary: "Prometheus metrics, under LiteLLM's names",
          description: "Counters begin at 0 with the first scrape after a start.",
          responses: {
            200: { description: "Prometheus' text format", content: { "text/plain": { schema: { type: "string" } } } },
            ...errors(401, 403),
          } as Responses,
        },
      },
    )
    .get("/metrics/grafana.json", () => Response.json(board), {
      detail: {
        tags: ["analytics"],
        summary: "A Grafana dashboard for these metrics",
        description: "Import it in Grafana: Dashboards, New, Import.",
        security: [],
        responses: {
          200: { description: "the dashboard", content: { "application/json": { schema: { type: "object" } } } },
          ...errors(421),
        } as Responses,
      },
    })
}

async function openRegistry({ ledger, active }: MetricsDeps) {
  const { Counter, Gauge, Histogram, Registry } = await import("prom-client")
  const register = new Registry()
  const registers = [register]
  const caller = ["requested_model", "model", "api_provider", "api_key_alias", "user", "client"] as const
  const counter = <L extends string>(name: string, help: string, labelNames: readonly L[]) =>
    new Counter({ name, help, labelNames, registers })
  const seconds = (name: string, help: string) =>
    new Histogram({
      name,
      help: `${help}, in seconds`,
      labelNames: ["requested_model", "model", "api_provider"] as const,
      buckets: BUCKETS,
      registers,
    })
  const gauge = (name: string, help: string, read: () => number) =>
    new Gauge({
      name,
      help,
      registers,
      collect() {
        this.set(read())
      },
    })

  const requests = counter("litellm_proxy_total_requests_metric_total", "Requests", [...caller, "status_code"])
  const failed = counter("litellm_proxy_failed_requests_metric_total", "Requests rejected or failed upstream", [
    ...caller,
    "exception_status",
    "exception_class",
  ])
  const spend = counter("litellm_spend_metric_total", "USD billed", caller)
  const tokens = TOKENS.map(([name, help, of]) => [counter(name, help, caller), of] as const)
  const total = seconds("litellm_request_total_latency_metric", "From a request's arrival to its answer's end")
  const first = seconds("litellm_llm_api_time_to_first_token_metric", "To the first content of a stream")
  const overhead = seconds("litellm_overhead_latency_metric", "memproxy's own part of the time")
  const memory = seconds("memproxy_memory_latency_metric", "Recalling memories")
  const unpriced = counter("memproxy_unpriced_requests_total", "Requests with tokens and no known price", caller)
  const memories = counter("memproxy_memories_injected_total", "Memories put into requests", caller)
  gauge("memproxy_active_streams", "Streams under way", active)
  gauge("memproxy_ledger_queued_rows", "Ledger rows that are not on disk yet", () => ledger.health().queued)
  gauge("memproxy_ledger_dropped_rows", "Ledger rows given up since the start", () => ledger.health().dropped)
  gauge("process_resident_memory_bytes", "Resident memory size in bytes.", () => process.memoryUsage.rss())

  const callers = new Set<string>()
  const labelsOf = (row: LedgerRow) => {
    const model = {
      requested_model: row.model ?? "",
      model: row.upstream_model ?? "",
      api_provider: row.provider ?? "",
    }
    const who = { api_key_alias: row.key_alias ?? "", user: row.user_id ?? "", client: row.client ?? "" }
    const key = JSON.stringify([model, who])
    if (callers.size < MOST_CALLERS) callers.add(key)
    if (callers.has(key)) return { model, all: { ...model, ...who } }
    const nobody = { requested_model: OTHER, model: OTHER, api_provider: model.api_provider }
    return { model: nobody, all: { ...nobody, api_key_alias: OTHER, user: OTHER, client: OTHER } }
  }
  ledger.subscribe((row) => {
    const { model, all } = labelsOf(row)
    requests.inc({ ...all, status_code: String(row.status) })
    if (row.outcome === "rejected" || row.outcome === "upstream-failed")
      failed.inc({ ...all, exception_status: String(row.status), exception_class: row.error_type ?? "" })
    if (row.billed_usd !== null) spend.inc(all, row.billed_usd)
    else if (row.input_tokens !== null) unpriced.inc(all)
    for (const [count, of] of tokens) count.inc(all, of(row))
    memories.inc(all, row.memories_injected)
    total.observe(model, row.duration_ms / 1000)
    if (row.ttft_ms !== null) first.observe(model, row.ttft_ms / 1000)
    if (row.overhead_ms !== null) overhead.observe(model, row.overhead_ms / 1000)
    if (row.memory_ms !== null) memory.observe(model, row.memory_ms / 1000)
  })
  return { register }
}

const TOKENS: readonly [name: string, help: string, of: (row: LedgerRow) => number][] = [
  [
    "litellm_total_tokens_metric_total",
    "Input and output tokens",
    (row) => (row.input_tokens ?? 0) + (row.output_tokens ?? 0),
  ],
  ["litellm_input_tokens_metric_total", "Input tokens, cached ones included", (row) => row.input_tokens ?? 0],
  ["litellm_output_tokens_metric_total", "Output tokens, reasoning included", (row) => row.output_tokens ?? 0],
  [
    "litellm_input_cached_tokens_metric_total",
    "Input tokens read from the provider's cache",
    (row) => row.cache_read_tokens ?? 0,
  ],
  [
    "litellm_input_cache_creation_tokens_metric_total",
    "Input tokens written to the provider's cache",
    (row) => row.cache_write_tokens ?? 0,
  ],
  ["litellm_output_reasoning_tokens_metric_total", "Reasoning tokens", (row) => row.reasoning_tokens ?? 0],
]
