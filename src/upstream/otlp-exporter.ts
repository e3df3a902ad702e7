/**
 * Sends what `usage/otel.ts` makes to a collector over OTLP/HTTP, in batches, behind everything else. What a collector will not take is given up, and said once.
 * https://opentelemetry.io/docs/specs/otlp/#otlphttp
 */
import type { Telemetry } from "../settings.ts"

export interface OtlpExporter<Span> {
  /** Null: something was counted that has no span. */
  add(span: Span | null): void
  /** Sends the rest, for two seconds at most. */
  close(): Promise<void>
}

export interface OtlpExporterOptions<Span> {
  telemetry: Telemetry
  traces: (spans: readonly Span[]) => unknown
  /** null: nothing has been counted */
  metrics: () => unknown
  warn: (message: string) => void
}

const EVERY_MS = 5_000
const MOST_SPANS = 2_048
const BATCH = 512
const TIMEOUT_MS = 10_000
const CLOSE_MS = 2_000

export function createOtlpExporter<Span>({
  telemetry,
  traces,
  metrics,
  warn,
}: OtlpExporterOptions<Span>): OtlpExporter<Span> {
  const spans: Span[] = []
  let isFailing = false
  let hasNews = false
  const timer = setInterval(() => void send(TIMEOUT_MS), EVERY_MS)
  timer.unref()

  async function post(path: string, body: unknown, timeoutMs: number): Promise<void> {
    const headers = new Headers({ "content-type": "application/json" })
    for (const [name, value] of Object.entries(telemetry.headers)) headers.set(name, value.reveal())
    const answer = await fetch(telemetry.endpoint + path, {
      method: "POST",
      headers,
      body: JSON.stringify(body),
      redirect: "manual",
      signal: AbortSignal.timeout(timeoutMs),
    })
    await answer.bytes()
    if (!answer.ok) throw new Error(`${telemetry.endpoint}${path} answered ${answer.status}`)
  }

  async function send(timeoutMs: number): Promise<void> {
    if (!hasNews) return
    hasNews = false
    try {
      for (let batch = spans.splice(0, BATCH); batch.length > 0; batch = spans.splice(0, BATCH))
        await post("/v1/traces", traces(batch), timeoutMs)
      await post("/v1/metrics", metrics(), timeoutMs)
      isFailing = false
    } catch (error) {
      if (!isFailing) warn(`telemetry cannot be sent, it is left out until it can: ${String(error)}`)
      isFailing = true
    }
  }

  return {
    add(span) {
      hasNews = true
      if (span !== null && spans.length < MOST_SPANS) spans.push(span)
    },
    async close() {
      clearInterval(timer)
      await send(CLOSE_MS)
    },
  }
}
