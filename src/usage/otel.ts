/**
 * Ledger rows as OpenTelemetry's spans and histograms, in OTLP's JSON form. Pure: where they go, `upstream/otlp-exporter.ts` knows.
 * Names: https://opentelemetry.io/docs/specs/semconv/gen-ai/ ; form: https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding
 */
import type { LedgerDetail, LedgerRow, Operation } from "../exchange.ts"
import { timelineOf } from "../store/timeline.ts"

type Value = { stringValue: string } | { intValue: string } | { doubleValue: number } | { boolValue: boolean } | Values
type Values = { arrayValue: { values: Value[] } }
interface Attribute {
  key: string
  value: Value
}

const OPERATIONS: Readonly<Record<Operation, string>> = {
  generate: "chat",
  compact: "compact",
  completions: "text_completion",
  embeddings: "embeddings",
  count_tokens: "count_tokens",
  passthrough: "passthrough",
}

/** The registry's names for `gen_ai.provider.name` where they are not ours. */
const PROVIDERS: Readonly<Record<string, string>> = {
  gemini: "gcp.gemini",
  vertex_ai: "gcp.vertex_ai",
  azure: "azure.ai.openai",
  bedrock: "aws.bedrock",
  mistral: "mistral_ai",
  xai: "x_ai",
  moonshot: "moonshot_ai",
}

const SPAN_KIND_CLIENT = 3
const SAMPLED = 1
/** The parent is in another process, and that is known: SpanFlags of OTLP's trace.proto. */
const IS_REMOTE = 0x300
const STATUS_ERROR = 2

/**
 * A span within the client's own trace where it sent one, else a trace of its own with the row's id, which is a UUID. Null where the client does not record its trace:
 * OpenTelemetry's usual sampler goes by the parent. https://opentelemetry.io/docs/specs/otel/trace/sdk/#parentbased
 */
export function spanOf(row: LedgerRow, detail: LedgerDetail) {
  const id = row.id.replaceAll("-", "")
  const parent = parentOf(detail.trace?.parent)
  if (parent && (parent.flags & SAMPLED) === 0) return null
  const started = Date.parse(row.started_at)
  const isError = row.outcome !== "done"
  return {
    traceId: parent?.traceId ?? id,
    spanId: id.slice(16),
    ...(parent && {
      parentSpanId: parent.spanId,
      flags: parent.flags | IS_REMOTE,
      ...(detail.trace!.state !== null && { traceState: detail.trace!.state }),
    }),
    name: `${OPERATIONS[detail.operation]} ${row.upstream_model ?? row.model ?? ""}`.trim(),
    kind: SPAN_KIND_CLIENT,
    startTimeUnixNano: nanoseconds(started),
    endTimeUnixNano: nanoseconds(started + row.duration_ms),
    attributes: attributes({
      ...modelOf(row, detail),
      "gen_ai.response.finish_reasons": row.finish_reason === null ? null : [row.finish_reason],
      "gen_ai.conversation.id": row.session_id,
      "gen_ai.usage.input_tokens": row.input_tokens,
      "gen_ai.usage.output_tokens": row.output_tokens,
      "gen_ai.usage.cache_read.input_tokens": row.cache_read_tokens,
      "gen_ai.usage.cache_creation.input_tokens": row.cache_write_tokens,
      "http.response.status_code": row.status,
      "error.type": isError ? (row.error_type ?? row.outcome) : null,
      "user.id": row.user_id,
      "memproxy.request_id": row.id,
      "memproxy.client": row.client,
      "memproxy.project": row.project,
      "memproxy.model": row.model,
      "memproxy.outcome": row.outcome,
      "memproxy.stream": row.stream,
      "memproxy.estimated": row.estimated,
      "memproxy.cost_usd": row.cost_usd === null ? null : new Double(row.cost_usd),
      "memproxy.overhead_ms": row.overhead_ms === null ? null : new Double(row.overhead_ms),
      "memproxy.memory.status": row.memory_status,
      "memproxy.memory.injected": row.memories_injected,
    }),
    events: timelineOf({ ...row, ...detail }).map(({ at_ms, what }) => ({
      timeUnixNano: nanoseconds(started + at_ms),
      name: what,
    })),
    status: isError ? { code: STATUS_ERROR, message: row.error_type ?? row.outcome } : {},
  }
}

export type Span = NonNullable<ReturnType<typeof spanOf>>

/** A version, the trace, the span, flags; later versions may go on. https://www.w3.org/TR/trace-context/#traceparent-header */
const TRACEPARENT = /^(?!ff)([0-9a-f]{2})-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-([0-9a-f]{2})(?:$|-)/

/** Null where there is none, or none that is valid: then the trace begins here. */
function parentOf(header: string | undefined) {
  const [, version, traceId, spanId, flags] = TRACEPARENT.exec(header ?? "") ?? []
  if (!traceId || (version === "00" && header!.length !== 55)) return null
  return { traceId, spanId: spanId!, flags: Number.parseInt(flags!, 16) & 0x3 }
}

const modelOf = (row: LedgerRow, detail: LedgerDetail) => ({
  "gen_ai.operation.name": OPERATIONS[detail.operation],
  "gen_ai.provider.name": row.provider === null ? "unknown" : (PROVIDERS[row.provider] ?? row.provider),
  "gen_ai.request.model": row.upstream_model ?? row.model,
  "gen_ai.response.model": detail.answered_model ?? row.upstream_model,
})

/** A number that is a fraction even where it happens to be whole. */
class Double {
  constructor(readonly value: number) {}
}

type Raw = string | number | boolean | Double | string[] | null

function attributes(values: Readonly<Record<string, Raw>>): Attribute[] {
  return Object.entries(values).flatMap(([key, raw]) => (raw === null ? [] : [{ key, value: valueOf(raw) }]))
}

function valueOf(raw: Exclude<Raw, null>): Value {
  if (typeof raw === "string") return { stringValue: raw }
  if (typeof raw === "boolean") return { boolValue: raw }
  if (raw instanceof Double) return { doubleValue: raw.value }
  if (Array.isArray(raw)) return { arrayValue: { values: raw.map((stringValue) => ({ stringValue })) } }
  return { intValue: String(Math.trunc(raw)) }
}

/** Millisecond fractions survive: epoch nanoseconds do not fit a double. */
const nanoseconds = (ms: number) => String(BigInt(Math.floor(ms)) * 1_000_000n + BigInt(Math.round((ms % 1) * 1e6)))

interface Histogram {
  name: string
  unit: string
  description: string
  /** upper bounds, the conventions' advice */
  bounds: readonly number[]
  /** what a row adds, with what is told beside the model */
  of(row: LedgerRow): (readonly [value: number, more: Readonly<Record<string, string>>])[]
}

const SECONDS = [0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92]
const FIRST_TOKEN = [0.001, 0.005, 0.01, 0.02, 0.04, 0.06, 0.08, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10]
const TOKENS = [1, 4, 16, 64, 256, 1024, 4096, 16384, 65536, 262144, 1048576, 4194304, 16777216, 67108864]

const HISTOGRAMS: readonly Histogram[] = [
  {
    name: "gen_ai.client.token.usage",
    unit: "{token}",
    description: "Number of input and output tokens used.",
    bounds: TOKENS,
    of: ({ input_tokens, output_tokens }) => [
      ...(input_tokens === null ? [] : [[input_tokens, { "gen_ai.token.type": "input" }] as const]),
      ...(output_tokens === null ? [] : [[output_tokens, { "gen_ai.token.type": "output" }] as const]),
    ],
  },
  {
    name: "gen_ai.client.operation.duration",
    unit: "s",
    description: "GenAI operation duration.",
    bounds: SECONDS,
    of: (row) => [
      [row.duration_ms / 1000, row.outcome === "done" ? {} : { "error.type": row.error_type ?? row.outcome }],
    ],
  },
  {
    name: "gen_ai.server.time_to_first_token",
    unit: "s",
    description: "Time to generate first token for successful responses.",
    bounds: FIRST_TOKEN,
    of: ({ ttft_ms, outcome }) => (ttft_ms === null || outcome !== "done" ? [] : [[ttft_ms / 1000, {}]]),
  },
]

/** Callers choose names of models; a series for each would let one of them fill the memory. */
const MOST_SERIES = 1_000
const CUMULATIVE = 2

/** What has been since the start, counted. */
export class Meters {
  readonly #series = HISTOGRAMS.map(() => new Map<string, { attributes: Attribute[]; counts: number[]; sum: number }>())
  readonly #startedAt: number

  /** epoch milliseconds */
  constructor(startedAt: number) {
    this.#startedAt = startedAt
  }

  add(row: LedgerRow, detail: LedgerDetail): void {
    HISTOGRAMS.forEach(({ bounds, of }, index) => {
      for (const [value, more] of of(row)) {
        const labels = attributes({ ...modelOf(row, detail), ...more })
        const key = JSON.stringify(labels)
        const series = this.#series[index]!
        let one = series.get(key)
        if (!one && series.size >= MOST_SERIES) continue
        if (!one) series.set(key, (one = { attributes: labels, counts: Array(bounds.length + 1).fill(0), sum: 0 }))
        const bucket = bounds.findIndex((bound) => value <= bound)
        one.counts[bucket < 0 ? bounds.length : bucket]!++
        one.sum += value
      }
    })
  }

  /** `now` in epoch milliseconds. Only what has points. */
  metrics(now: number) {
    return HISTOGRAMS.flatMap(({ name, unit, description, bounds }, index) => {
      const dataPoints = [...this.#series[index]!.values()].map((one) => ({
        attributes: one.attributes,
        startTimeUnixNano: nanoseconds(this.#startedAt),
        timeUnixNano: nanoseconds(now),
        count: String(one.counts.reduce((all, count) => all + count, 0)),
        sum: one.sum,
        bucketCounts: one.counts.map(String),
        explicitBounds: bounds,
      }))
      const histogram = { aggregationTemporality: CUMULATIVE, dataPoints }
      return dataPoints.length === 0 ? [] : [{ name, unit, description, histogram }]
    })
  }
}

/** The two requests' bodies. */
const about = (serviceName: string, version: string) => ({
  resource: { attributes: attributes({ "service.name": serviceName, "service.version": version }) },
  scope: { name: "memproxy", version },
})

export function tracesBody(spans: readonly Span[], serviceName: string, version: string) {
  const { resource, scope } = about(serviceName, version)
  return { resourceSpans: [{ resource, scopeSpans: [{ scope, spans }] }] }
}

export function metricsBody(metrics: ReturnType<Meters["metrics"]>, serviceName: string, version: string) {
  const { resource, scope } = about(serviceName, version)
  return { resourceMetrics: [{ resource, scopeMetrics: [{ scope, metrics }] }] }
}
