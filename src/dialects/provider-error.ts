/** An HTTP error of a provider, as a refusal that any caller's dialect can tell. Pure; how it is written is `errors.ts`'s. */
import { type Dialect, type ErrorType, type Json, type JsonObject, Refusal } from "../exchange.ts"
import { isOverflow, OVERFLOW } from "./context-overflow.ts"
import { listOf, objectOf, objectsOf, textOf, wordOf } from "./fields.ts"
import type { ProviderError } from "./form.ts"
import { CODECS } from "./translation/codecs.ts"

/** 529 is Anthropic's 503. */
const BY_STATUS: Readonly<Record<number, ErrorType>> = {
  400: "invalid_request",
  401: "authentication",
  402: "permission",
  403: "permission",
  404: "not_found",
  405: "method_not_allowed",
  408: "timeout",
  413: "too_large",
  415: "unsupported_media",
  422: "invalid_request",
  429: "rate_limit",
  503: "overloaded",
  504: "timeout",
  529: "overloaded",
}

/** What tells a client when to try again. */
const PASSED = ["retry-after", "retry-after-ms", "x-should-retry"]

/** No pause helps: the account is empty. OpenAI's and DeepSeek's words, and Anthropic's. */
const NO_MONEY =
  /insufficient_quota|insufficient balance|credit balance is too low|exceeded your current quota, please check your plan/i

export function providerRefusal(
  dialect: Dialect,
  status: number,
  bytes: Uint8Array,
  headers: { get(name: string): string | null },
): Refusal {
  const body = parse(bytes)
  const error = readDetail(body) ?? CODECS[dialect].readError(body) ?? readForeign(body)
  const message = error ? withCause(error.message, body) : unreadable(status)
  const overflow = status < 500 && status !== 429 && isOverflow(message, error?.code ?? null)
  const isBroke = NO_MONEY.test(`${error?.code} ${message}`)
  const code = overflow ? OVERFLOW : isBroke ? "insufficient_quota" : ownCode(dialect, error)
  return new Refusal(overflow ? 400 : status, typeOf(status, error, overflow), withoutKeys(message), {
    ...(code !== null && { code }),
    origin: "upstream",
    headers: pauseIn(headers, body, isBroke),
  })
}

const unreadable = (status: number) =>
  `The provider answered HTTP ${status} without a reason that can be read. Check api_base in the config.`

function typeOf(status: number, error: ProviderError | null, overflow: boolean): ErrorType {
  if (overflow) return "invalid_request"
  return BY_STATUS[status] ?? error?.type ?? "upstream"
}

/** Anthropic's and Google's codes are their names of the types, which each caller has its own for. */
const ownCode = (dialect: Dialect, error: ProviderError | null) =>
  dialect.startsWith("openai") ? (error?.code ?? null) : null

/** FastAPI's `{detail}` (vLLM and many more), which Mistral puts into its `message`. */
function readDetail(body: Json): ProviderError | null {
  const object = objectOf(body)
  const detail = object?.["detail"] ?? objectOf(object?.["message"])?.["detail"]
  const faults = objectsOf(detail).map((one) => [...listOf(one["loc"]), textOf(one["msg"]) ?? ""].join(" "))
  const message = wordOf(detail) ?? wordOf(faults.join("; "))
  return message === null ? null : { type: "upstream", message, code: null }
}

/** `{message}` (AWS), `[{error}]` (Google), `{errors: […]}`: whoever stands before a provider answers in its own shape. */
function readForeign(body: Json): ProviderError | null {
  for (const codec of [CODECS.gemini, CODECS["openai-chat"]]) {
    const found = codec.readError(body)
    if (found) return found
  }
  const object = objectOf(body)
  const first = objectOf(listOf(object?.["errors"])[0])
  const message = wordOf(object?.["message"]) ?? wordOf(object?.["Message"]) ?? wordOf(first?.["message"])
  return message === null ? null : { type: "upstream", message, code: null }
}

/** OpenRouter's "Provider returned error" says why in `metadata.raw`: JSON of that provider, or its words. */
function withCause(message: string, body: Json): string {
  const metadata = objectOf(objectOf(objectOf(body)?.["error"])?.["metadata"])
  const raw = textOf(metadata?.["raw"])
  if (!metadata || raw === null) return message
  const inner = parse(raw)
  const cause = (inner === null ? null : readForeign(inner)?.message) ?? raw.slice(0, 1000)
  return `${wordOf(metadata["provider_name"]) ?? "The provider"}: ${cause}`
}

/** Google says the pause in the body: https://cloud.google.com/apis/design/errors#retry_info */
function pauseIn(headers: { get(name: string): string | null }, body: Json, isBroke: boolean): Record<string, string> {
  const passed: Record<string, string> = {}
  for (const name of PASSED) {
    const value = headers.get(name)
    if (value !== null) passed[name] = value
  }
  const error: JsonObject | null = objectOf(objectOf(Array.isArray(body) ? body[0] : body)?.["error"])
  for (const { retryDelay } of objectsOf(error?.["details"])) {
    const seconds = Number.parseFloat(textOf(retryDelay) ?? "")
    if (seconds >= 0) passed["retry-after"] ??= String(Math.ceil(seconds))
  }
  if (isBroke) passed["x-should-retry"] = "false"
  return passed
}

/** "Incorrect API key provided: sk-proj-…": the deployment's key is none of the client's business, not even its ends. */
const withoutKeys = (message: string) => message.replace(/\b(sk-|gsk_|xai-|AIza|AKIA)[\w*-]{4,}/g, "[key]")

function parse(bytes: Uint8Array | string): Json {
  try {
    return JSON.parse(typeof bytes === "string" ? bytes : new TextDecoder().decode(bytes)) as Json
  } catch {
    return null // a web server's page: nothing of it is for the client
  }
}
