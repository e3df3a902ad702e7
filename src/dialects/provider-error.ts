/** An HTTP error of a provider, as a refusal that any caller's dialect can tell. Pure. */
import { type Dialect, type ErrorType, type Json, Refusal } from "../exchange.ts"
import { CODECS } from "./translation/codecs.ts"

const BY_STATUS: Readonly<Record<number, ErrorType>> = {
  400: "invalid_request",
  401: "authentication",
  403: "permission",
  404: "not_found",
  405: "method_not_allowed",
  408: "timeout",
  413: "too_large",
  415: "unsupported_media",
  422: "invalid_request",
  429: "rate_limit",
  503: "unavailable",
  529: "overloaded",
}

/** What tells a client when to try again. */
const PASSED = ["retry-after", "retry-after-ms", "x-should-retry"]

export function providerRefusal(
  dialect: Dialect,
  status: number,
  bytes: Uint8Array,
  headers: { get(name: string): string | null },
): Refusal {
  const error = CODECS[dialect].readError(parse(bytes))
  const type = BY_STATUS[status] ?? error?.type ?? "upstream"
  const passed: Record<string, string> = {}
  for (const name of PASSED) {
    const value = headers.get(name)
    if (value !== null) passed[name] = value
  }
  const message =
    error?.message ??
    `The provider answered HTTP ${status} without a reason that can be read. Check api_base in the config.`
  return new Refusal(status, type, message, { code: error?.code ?? undefined, origin: "upstream", headers: passed })
}

function parse(bytes: Uint8Array): Json {
  try {
    return JSON.parse(new TextDecoder().decode(bytes)) as Json
  } catch {
    return null // a web server's page: nothing of it is for the client
  }
}
