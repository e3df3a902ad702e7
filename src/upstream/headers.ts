/** The headers of a request to a provider: an allow-list per dialect, the deployment's key, the file's own. Pure. */
import type { HeaderFields, Dialect, Operation, Secret } from "../exchange.ts"
import type { Deployment } from "../settings.ts"

export interface HeaderOptions {
  /** `forward_client_headers_to_llm_api` holds for this model */
  forwardClientHeaders: boolean
  /** `forward_llm_provider_auth_headers`: clients bring their own provider keys */
  forwardProviderAuth: boolean
  forwardTraceparent: boolean
  forwardOrganization: boolean
  /** names (lower case) that mean something to us by configuration: the custom user header, the key header */
  withheld: ReadonlySet<string>
  /** is this credential one of ours? Such a one goes nowhere. */
  isOwnKey: (text: string) => boolean
  /** a Claude subscription's token, for a deployment without a key */
  subscription: Secret | null
  /** for deployments at Supermemory's router */
  router: { key: Secret | null; userId: string; conversationId: string | null } | null
  /** the jar's, router only */
  cookie: string | null
}

const EVERYWHERE = [
  ..."user-agent accept content-type idempotency-key originator session-id thread-id session_id conversation_id".split(
    " ",
  ),
  ..."x-client-request-id x-initiator x-session-id x-session-affinity http-referer x-title".split(" "),
]
const OPENAI = [...EVERYWHERE, "openai-beta", "version"]

const NAMES: Record<Dialect, ReadonlySet<string>> = {
  "openai-chat": new Set(OPENAI),
  "openai-responses": new Set(OPENAI),
  anthropic: new Set([
    ...EVERYWHERE,
    "anthropic-version",
    "anthropic-beta",
    "anthropic-dangerous-direct-browser-access",
    "x-app",
  ]),
  gemini: new Set([...EVERYWHERE, "x-server-timeout", "x-gemini-api-privileged-user-id"]),
}

const PREFIXES: Record<Dialect, readonly string[]> = {
  "openai-chat": ["x-stainless-", "x-interaction-", "x-codex-", "x-openai-"],
  "openai-responses": ["x-stainless-", "x-interaction-", "x-codex-", "x-openai-"],
  anthropic: ["x-stainless-", "x-interaction-", "x-claude-"],
  gemini: ["x-goog-", "x-stainless-"],
}

/** Never copied from a client, whatever is switched on: ours, a hop's, framing, and anything that looks like a credential. */
const NEVER =
  /^(x-(memproxy|memory|litellm|sm|supermemory|forwarded|pass|original)-|x-(real-ip|forwarded|goog-api-key|goog-iam|goog-authenticated)|proxy-|sec-|cf-|host$|connection$|keep-alive$|te$|trailer$|transfer-encoding$|upgrade$|content-length$|content-encoding$|accept-encoding$|expect$|forwarded$|via$|origin$|referer$)|cookie|api-?key|authorization|token|secret|password|subscription-key/
/** Never taken from the file either: the HTTP client writes these itself. */
const FRAMING =
  /^(host|connection|keep-alive|te|trailer|transfer-encoding|upgrade|content-length|accept-encoding|expect)$/
const ROUTERS_OWN = /^x-(sm|supermemory)-/
const PROVIDER_AUTH = new Set(["x-api-key", "x-goog-api-key", "api-key", "ocp-apim-subscription-key"])

export function outgoingHeaders(
  deployment: Deployment,
  call: { dialect: Dialect; operation: Operation },
  client: HeaderFields,
  options: HeaderOptions,
): [name: string, value: string][] {
  const out: [string, string][] = []
  const file = fileHeaders(deployment, options)
  const put = (name: string, value: string) => {
    if (!file.has(name)) out.push([name, value])
  }
  let contentType = false
  let version = false
  let byok = false
  const allowed = NAMES[call.dialect]
  const starts = PREFIXES[call.dialect]
  client.forEach((value, name) => {
    if (options.withheld.has(name)) return
    if (allowed.has(name)) {
      if (name === "content-type") contentType = true
      else if (name === "anthropic-version") version = true
      return put(name, value)
    }
    const code = name.charCodeAt(0)
    if (code === 120 /* x */ && name.charCodeAt(1) === 45) {
      if (startsWithAny(name, starts) && !NEVER.test(name)) return put(name, value)
      if (name.startsWith("x-pass-")) {
        const passed = name.slice(7)
        if (passed !== "" && !NEVER.test(passed) && !options.withheld.has(passed) && !allowed.has(passed))
          put(passed, value)
        return
      }
      if (options.forwardClientHeaders && !NEVER.test(name) && !name.startsWith("x-stainless-")) return put(name, value)
    }
    if (options.forwardProviderAuth && PROVIDER_AUTH.has(name)) {
      if (value === "" || options.isOwnKey(value)) return
      if (name === deployment.auth) byok = true
      put(name, value)
    } else if (options.forwardTraceparent && (name === "traceparent" || name === "tracestate")) put(name, value)
    else if (
      options.forwardOrganization &&
      (name === "openai-organization" || name === "openai-project") &&
      isOpenai(call.dialect)
    )
      put(name, value)
  })
  if (!contentType && call.operation !== "passthrough") put("content-type", "application/json")
  if (!version && call.dialect === "anthropic") put("anthropic-version", "2023-06-01")
  if (!byok) putAuth(deployment, options, put)
  for (const pair of file) out.push(pair)
  return out
}

function putAuth(deployment: Deployment, options: HeaderOptions, put: (name: string, value: string) => void): void {
  const { key, auth, provider } = deployment
  if (key !== null) {
    if (auth === "bearer") put("authorization", `Bearer ${key.reveal()}`)
    else if (auth !== "none") put(auth, key.reveal())
  } else if (options.subscription !== null && provider === "anthropic") {
    put("authorization", `Bearer ${options.subscription.reveal()}`)
  }
}

const NO_HEADERS: ReadonlyMap<string, string> = new Map()

/** What the file and the router want, which wins over everything a client sent. */
function fileHeaders(deployment: Deployment, { router, cookie }: HeaderOptions): ReadonlyMap<string, string> {
  const written = Object.keys(deployment.headers)
  if (written.length === 0 && !deployment.router) return NO_HEADERS
  const headers = new Map<string, string>()
  for (const name of written) {
    const lower = name.toLowerCase()
    if (!FRAMING.test(lower) && (deployment.router || !ROUTERS_OWN.test(lower)))
      headers.set(lower, deployment.headers[name]!)
  }
  if (!deployment.router || router === null) return headers
  if (router.key !== null) headers.set("x-supermemory-api-key", router.key.reveal())
  headers.set("x-sm-user-id", printable(router.userId))
  if (router.conversationId !== null) headers.set("x-sm-conversation-id", printable(router.conversationId))
  if (cookie !== null) headers.set("cookie", cookie)
  return headers
}

/** Header values are latin-1 on the wire; a name in another script is percent-encoded UTF-8. */
function printable(text: string): string {
  return /^[\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?$/.test(text) ? text : encodeURIComponent(text.toWellFormed())
}

function startsWithAny(name: string, starts: readonly string[]): boolean {
  for (const start of starts) if (name.startsWith(start)) return true
  return false
}

function isOpenai(dialect: Dialect): boolean {
  return dialect === "openai-chat" || dialect === "openai-responses"
}
