/**
 * Who may knock: Host on every route (DNS rebinding), Origin wherever there is one (other people's web pages).
 * It says nothing about keys. Sources: CVE-2025-66414, CVE-2026-11624 (rebinding), CVE-2026-49468 (a Host that changes the path).
 */
import { isLoopback } from "../config/listen.ts"
import { type HeaderFields, Refusal } from "../exchange.ts"
import type { Config } from "../settings.ts"

const LOOPBACK_NAMES = new Set(["localhost", "127.0.0.1", "[::1]"])
const HOST_HEADER = /^(\[[0-9a-fA-F:.]+\]|[A-Za-z0-9_.-]+)(?::\d{1,5})?$/
const IP_LITERAL = /^(\[[0-9a-fA-F:.]+\]|\d{1,3}(\.\d{1,3}){3})$/

export type GuardRules = Pick<Config, "host" | "allowedHosts" | "allowedOrigins">

/** @throws Refusal 400 for no Host, 421 for one that is not ours */
export function guardHost(headers: HeaderFields, rules: GuardRules): void {
  const host = headers.get("host")
  if (host === null)
    throw new Refusal(400, "invalid_request", "The request has no Host header.", { code: "host_missing" })
  if (isOurHost(host, rules)) return
  const message = `Host "${printable(host)}" is not served here. Add it to memproxy.allowed_hosts if it should be.`
  throw new Refusal(421, "invalid_request", message, { code: "host_not_allowed" })
}

/** @throws Refusal 403 for an Origin that may not call this route */
export function guardOrigin(headers: HeaderFields, rules: GuardRules, isModelRoute: boolean): void {
  const origin = headers.get("origin")
  if (origin === null) {
    // A page elsewhere can send GETs without an Origin; a person following a link is a navigation.
    const isForeignFetch =
      headers.get("sec-fetch-site") === "cross-site" && headers.get("sec-fetch-mode") !== "navigate"
    if (isForeignFetch) refuseOrigin("another site")
    return
  }
  const isAllowed = isModelRoute && rules.allowedOrigins.includes(origin)
  if (!isAllowed && !isSameOrigin(origin, headers.get("host") ?? "")) refuseOrigin(`"${printable(origin)}"`)
}

function refuseOrigin(who: string): never {
  throw new Refusal(
    403,
    "permission",
    `Requests from ${who} are not allowed. Add the origin to memproxy.allowed_origins if it should call the model routes.`,
    { code: "origin_not_allowed" },
  )
}

function isOurHost(header: string, rules: GuardRules): boolean {
  const name = HOST_HEADER.exec(header)?.[1]?.toLowerCase()
  if (name === undefined) return false
  if (LOOPBACK_NAMES.has(name) || rules.allowedHosts.includes(name) || rules.allowedHosts.includes(header)) return true
  // On a bind beyond loopback a literal address cannot be a rebound name.
  return name === rules.host.toLowerCase() || (!isLoopback(rules.host) && IP_LITERAL.test(name))
}

const isSameOrigin = (origin: string, host: string) => origin === `http://${host}` || origin === `https://${host}`

const printable = (text: string) => text.replace(/[^\x20-\x7e]/g, "?").slice(0, 80)

/** Exact CORS for an allowed origin; null for none or for the same origin. */
export function corsHeaders(headers: HeaderFields, rules: GuardRules): Record<string, string> | null {
  const origin = headers.get("origin")
  if (origin === null || !rules.allowedOrigins.includes(origin)) return null
  return {
    "access-control-allow-origin": origin,
    "access-control-expose-headers": "*",
    vary: "origin",
  }
}

/** The answer to a preflight from an allowed origin. */
export function preflightHeaders(headers: HeaderFields, rules: GuardRules): Record<string, string> | null {
  const cors = corsHeaders(headers, rules)
  return (
    cors && {
      ...cors,
      "access-control-allow-methods": "GET, POST, OPTIONS",
      "access-control-allow-headers": headers.get("access-control-request-headers") ?? "authorization, content-type",
      "access-control-max-age": "600",
      ...(headers.get("access-control-request-private-network") === "true" && {
        "access-control-allow-private-network": "true",
      }),
    }
  )
}
