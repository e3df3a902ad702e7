/** Which of a provider's answer headers reach the client, and which of the router's are kept. Pure. */
import type { HeaderList } from "./answer.ts"

/** Hop-by-hop (RFC 9110 §7.6.1), framing of bytes we send anew, and what a provider's edge says about its own host, not about the answer. */
const DROPPED = new Set(
  [
    "connection keep-alive proxy-authenticate proxy-authorization proxy-connection te trailer transfer-encoding upgrade",
    "content-length content-encoding set-cookie set-cookie2 alt-svc strict-transport-security server date via x-powered-by",
    "nel report-to reporting-endpoints expect-ct public-key-pins clear-site-data refresh location",
    "content-security-policy content-security-policy-report-only x-frame-options permissions-policy timing-allow-origin",
    "cross-origin-embedder-policy cross-origin-opener-policy cross-origin-resource-policy",
  ]
    .join(" ")
    .split(" "),
)

/** CORS is ours to decide, and nobody upstream speaks in our name. */
const DROPPED_PREFIX = /^(access-control-|x-memproxy-|x-litellm-)/

/** The provider's headers for the client, in order. `Connection: foo` makes `foo` hop-by-hop too. */
export function answerHeaders(headers: HeaderList): [name: string, value: string][] {
  const kept: [string, string][] = []
  const { flat } = headers
  const options = headers
    .get("connection")
    ?.toLowerCase()
    .split(/[\s,]+/)
  for (let i = 0; i < flat.length; i += 2) {
    const name = flat[i]!
    if (!DROPPED.has(name) && !options?.includes(name) && !DROPPED_PREFIX.test(name)) kept.push([name, flat[i + 1]!])
  }
  return kept
}

/** What Supermemory's router says about its work, for the ledger; null when it says nothing. */
export function routerHeaders(headers: Iterable<readonly [string, string]>): Record<string, string> | null {
  let found: Record<string, string> | null = null
  for (const [name, value] of headers) if (name.startsWith("x-supermemory-")) (found ??= {})[name] = value
  return found
}
