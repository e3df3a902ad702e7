/** Where OpenTelemetry goes: the file's `memproxy.telemetry`, else OpenTelemetry's own environment variables, else nowhere. */
import { Secret } from "../exchange.ts"
import type { Config } from "../settings.ts"
import type { ConfigFile } from "./schema.ts"

type Written = NonNullable<ConfigFile["memproxy"]>["telemetry"]

/** Variables: https://opentelemetry.io/docs/specs/otel/protocol/exporter/ */
export function readTelemetry(
  written: Written,
  env: Readonly<Record<string, string | undefined>>,
): Config["telemetry"] {
  const isDisabled = env.OTEL_SDK_DISABLED?.toLowerCase() === "true"
  const endpoint = written?.endpoint ?? (isDisabled ? undefined : env.OTEL_EXPORTER_OTLP_ENDPOINT)
  if (!endpoint) return null
  const headers = { ...readHeaders(env.OTEL_EXPORTER_OTLP_HEADERS), ...written?.headers }
  return {
    endpoint: endpoint.replace(/\/+$/, ""),
    headers: Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, new Secret(value)])),
    serviceName: written?.service_name ?? (env.OTEL_SERVICE_NAME || "memproxy"),
  }
}

/** `name=value,name=value`, percent-encoded. */
function readHeaders(text = ""): Record<string, string> {
  const pairs = text.split(",").flatMap((pair) => {
    const [, name, value] = /^\s*([^=\s]+)\s*=(.*)$/.exec(pair) ?? []
    return name === undefined ? [] : [[name, decode(value!.trim())]]
  })
  return Object.fromEntries(pairs)
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text // it was not encoded
  }
}
