/** Ledger rows to a collector, as the config in force says: another one after an edit, or none. What is sent is `usage/otel.ts`'s, how is `upstream/otlp-exporter.ts`'s. */
import type { Telemetry } from "../settings.ts"
import type { Ledger } from "../store/ledger.ts"
import { version } from "../version.ts"

interface TelemetrySender {
  /** From now on what is written goes there; null: nowhere. The same settings again change nothing. */
  follow(telemetry: Telemetry | null): void
  /** Sends the rest. It does not throw. */
  close(): Promise<void>
}

export function createTelemetrySender(
  ledger: Pick<Ledger, "subscribe" | "flush">,
  warn: (line: string) => void,
): TelemetrySender {
  let followed = "null"
  let stop = async () => {}
  let switching = Promise.resolve()

  /** Loaded where it is asked for only. */
  async function start(telemetry: Telemetry): Promise<() => Promise<void>> {
    const [{ createOtlpExporter }, otel] = await Promise.all([
      import("../upstream/otlp-exporter.ts"),
      import("../usage/otel.ts"),
    ])
    const meters = new otel.Meters(Date.now())
    const exporter = createOtlpExporter<NonNullable<ReturnType<typeof otel.spanOf>>>({
      telemetry,
      traces: (spans) => otel.tracesBody(spans, telemetry.serviceName, version),
      metrics: () => otel.metricsBody(meters.metrics(Date.now()), telemetry.serviceName, version),
      warn,
    })
    const unsubscribe = ledger.subscribe((row, detail) => {
      meters.add(row, detail)
      exporter.add(otel.spanOf(row, detail))
    })
    return () => (unsubscribe(), exporter.close())
  }

  async function turnTo(telemetry: Telemetry | null): Promise<void> {
    const stopNext = telemetry ? await start(telemetry) : async () => {}
    const stopLast = stop
    stop = stopNext
    await stopLast()
  }

  return {
    follow(telemetry) {
      const wanted = settingsOf(telemetry)
      if (wanted === followed) return
      followed = wanted
      switching = switching.then(() => turnTo(telemetry))
    },
    async close() {
      await ledger.flush()
      await switching
      await stop()
    },
  }
}

const settingsOf = (telemetry: Telemetry | null) =>
  JSON.stringify(
    telemetry && {
      ...telemetry,
      headers: Object.entries(telemetry.headers).map(([name, value]) => [name, value.reveal()]),
    },
  )
