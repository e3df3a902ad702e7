/** The types that flow through the pipeline, and the little that all of them need. It imports nothing. */

/** A provider API's request, answer and stream format. */
export type Dialect = "openai-chat" | "openai-responses" | "anthropic" | "gemini"

/** What is asked of a model. `passthrough` is a provider's own API forwarded as it is (`/anthropic/*` …). */
export type Operation = "generate" | "compact" | "count_tokens" | "embeddings" | "completions" | "passthrough"

export type Json = null | boolean | number | string | Json[] | { [key: string]: Json }
export type JsonObject = { [key: string]: Json }

/** The fence around recalled memories in a request, and what is cut out of a text before it is remembered. */
export const MEMORY_TAG = "memproxy-memory"

/** A key or password. It cannot be printed by accident: only `reveal()` gives the text. */
export class Secret {
  readonly #text: string
  constructor(text: string) {
    this.#text = text
  }
  reveal(): string {
    return this.#text
  }
  toString(): string {
    return "[secret]"
  }
  toJSON(): string {
    return "[secret]"
  }
  [Symbol.for("nodejs.util.inspect.custom")](): string {
    return "[secret]"
  }
}

/** Why a request was not answered as asked. The names are the ledger's `error_type`. */
export type ErrorType =
  | "invalid_request"
  | "authentication"
  | "permission"
  | "not_found"
  | "method_not_allowed"
  | "timeout"
  | "too_large"
  | "unsupported_media"
  | "rate_limit"
  | "unavailable"
  | "overloaded"
  | "upstream"
  | "internal"

/**
 * The only error whose text a client sees; any other becomes "internal error" and the request's id.
 * `origin` says who refused. `code` is the machine-readable reason (`model_not_found`), `param` the offending field.
 */
export class Refusal extends Error {
  readonly status: number
  readonly type: ErrorType
  readonly code: string | null
  readonly param: string | null
  readonly origin: "memproxy" | "upstream"
  readonly headers: Record<string, string>
  constructor(
    status: number,
    type: ErrorType,
    message: string,
    more: {
      code?: string
      param?: string
      origin?: "memproxy" | "upstream"
      headers?: Record<string, string>
      cause?: unknown
    } = {},
  ) {
    super(message, { cause: more.cause })
    this.name = "Refusal"
    this.status = status
    this.type = type
    this.code = more.code ?? null
    this.param = more.param ?? null
    this.origin = more.origin ?? "memproxy"
    this.headers = more.headers ?? {}
  }
}

/** The header fields of a request by lower-case name, repeated ones joined with a comma, as `Headers` gives them; they never change. */
export interface HeaderFields {
  get(name: string): string | null
  has(name: string): boolean
  forEach(visit: (value: string, name: string) => void): void
}

/** What one thing alone says, read once for each: most requests of a connection share their head and their instructions. What `read` throws is thrown each time. */
export function readOnce<K extends object, T>(read: (one: K) => T): (one: K) => T {
  const known = new WeakMap<K, { value: T }>()
  return (one) => {
    let found = known.get(one)
    if (found === undefined) known.set(one, (found = { value: read(one) }))
    return found.value
  }
}

/** What a client sends after its head, and whether it is still there. */
export interface Body {
  /** All of it, asked for once; no promise where it has come. @throws Refusal 413 past `limit` bytes, the abort when the client leaves */
  bytes(limit: number): Uint8Array | Promise<Uint8Array>
  /** All of it as text, where it is short and in ASCII and has come at once: no copy of its bytes is made. Null: `bytes` has it. */
  ascii(): string | null
  /** aborted once the client has left. From now on it may be silent: the limit that guards against slow senders ends. */
  watch(): AbortSignal
  readonly hasLeft: boolean
}

/** One HTTP request past the guard, its path prefixes cut off. */
export interface Arrival {
  body: Body
  headers: HeaderFields
  method: string
  path: string
  /** `""` or `?…`, without `key=` on Gemini paths */
  query: string
  /** keys from `/k/KEY` and `?key=`: for the gate alone */
  keysFromUrl: readonly Secret[]
  prefixUser: string | null
  prefixProject: string | null
  /** the caller is on this machine */
  isLocal: boolean
  /** epoch milliseconds */
  startedAt: number
  /** monotonic milliseconds */
  started: number
}

/** The key that opened the door. */
export interface Caller {
  kind: "master" | "virtual" | "open"
  alias: string | null
  /** the user a virtual key is bound to */
  userId: string | null
  /** a subscription token (`sk-ant-oat…`): never ours, may go upstream */
  subscription: Secret | null
}

export interface Project {
  /** for people: `acme/demo-project`, else the directory's name */
  name: string
  /** what separates memories: `host/owner/repo`, else an absolute path, else the name as given */
  key: string
}

export interface Identity {
  userId: string
  client: string | null
  clientVersion: string | null
  clientGuess: boolean
  project: Project | null
  /** the client's own conversation id; null: to be found from the turns */
  sessionId: string | null
  /** in words, what decided each part; null: nothing did */
  by: Readonly<Record<"user" | "client" | "project" | "session", string | null>>
  matchedPattern: { header: string; value: string; pattern: string; user_id: string } | null
  customHeaderPresent: boolean
  isDefault: boolean
}

/** Tokens of one exchange. `input` includes cache reads and writes, `output` includes reasoning, `cacheWrite` includes the 1 h part. */
export interface Usage {
  input: number
  cacheRead: number
  cacheWrite: number
  cacheWrite1h: number
  output: number
  reasoning: number
  inputAudio: number
  /** the part of both `cacheRead` and `inputAudio`; null where it is not said */
  cacheReadAudio: number | null
  outputAudio: number
  /** searches that the provider made and charges for; absent: none */
  webSearches?: number
}

/** A tool call that the client is to run. */
export interface CalledTool {
  /** null: the dialect has none */
  id: string | null
  name: string
  /** as the model wrote them */
  arguments: string
  /** false: free text on purpose, or too long to be kept whole */
  isJson: boolean
}

/** What was seen in an answer, so far or at its end. */
export interface Metered {
  usage: Usage | null
  /** as the provider wrote it */
  finishReason: string | null
  toolCalls: number
  /** the dialect's last event, or a whole body, was seen */
  terminal: boolean
  /** the provider's own error inside the answer */
  errorType: string | null
  /** the model the provider says it ran */
  model: string | null
  /** the provider's service tier, where it says; after it, in words, what else changes the price: `standard us fast` */
  serviceTier: string | null
  /** characters of text, thinking and tool arguments that went by: what an estimate is made of */
  outputChars: number
  /** what the model said to the person, of its first choice: no thinking, no tool call; "" unless the meter was told to keep it */
  speech: string
  /** likewise, the first hundred */
  calls: readonly CalledTool[]
  /** it declined in a field made for that */
  refused: boolean
}

/** Reads an answer's bytes as they pass. `push` never throws on bad bytes. */
export interface Meter {
  /** Once it has `started` it keeps copies at most: the bytes' memory may be free a moment later. */
  push(bytes: Uint8Array): void
  /** call once, at the end of the answer or of the connection */
  end(): Metered
  /** true once the dialect's last event went by: a client that leaves now has all of it */
  readonly terminal: boolean
  /** true once the first content (text, thinking or tool call) went by */
  readonly started: boolean
}

/** Hears what a meter parses of an answer, so that a translated one is parsed once. It never throws. */
export interface AnswerListener {
  /** an event with its name ("" where it has none), or all of an answer that is no stream and not too long for the meter */
  event(name: string, data: Json): void
  /** OpenAI's `[DONE]` */
  done(): void
  /** an event whose meaning is lost; `what` completes "The provider's answer …" */
  unreadable(what: string): void
}

/** What a request was charged with. Unit prices are USD per million tokens. */
export interface Price {
  cost: number | null
  /** `config`, `genai-prices:<version>`, or null when no price is known */
  source: string | null
  units: Readonly<Record<string, number>> | null
}

export type Outcome = "done" | "client-left" | "upstream-failed" | "rejected"

/** One row of the ledger, and the JSON of `GET /api/requests`. Tokens are counted as in `Usage`. */
export interface LedgerRow {
  id: string
  started_at: string
  duration_ms: number
  ttft_ms: number | null
  overhead_ms: number | null
  memory_ms: number | null
  client: string | null
  client_version: string | null
  client_guess: boolean
  user_id: string | null
  project: string | null
  session_id: string | null
  key_alias: string | null
  model: string | null
  upstream_model: string | null
  provider: string | null
  dialect_in: Dialect | null
  dialect_out: Dialect | null
  stream: boolean
  status: number
  outcome: Outcome
  error_type: string | null
  retries: number
  fallbacks: number
  input_tokens: number | null
  cache_read_tokens: number | null
  cache_write_tokens: number | null
  cache_write_1h_tokens: number | null
  output_tokens: number | null
  reasoning_tokens: number | null
  estimated: boolean
  cost_usd: number | null
  billed_usd: number | null
  price_source: string | null
  finish_reason: string | null
  tool_calls: number
  lossy: string[]
  memory_status: string | null
  memories_injected: number
  memory_tokens: number
  quality: number | null
}

/** A memory as it went into a request. */
export interface InjectedMemory {
  id: string
  score: number
  /** in words, what made it fit */
  why: string
  tokens: number
}

/** What the row keeps beside its public fields. */
export interface LedgerDetail {
  operation: Operation
  /** the project's key, not its display name */
  project_key: string | null
  unit_prices: Readonly<Record<string, number>> | null
  deployment_id: string | null
  service_tier: string | null
  /** the model the answer names, where that is another than the one asked for */
  answered_model: string | null
  /** tokens of sound within the row's counts; null: none */
  audio: { input: number; cache_read: number | null; output: number } | null
  /** searches that the provider made; absent: none */
  web_searches?: number
  /** what Supermemory's router answered in its headers */
  router: Readonly<Record<string, string>> | null
  /** why there is no memory in the request, where `memory_status` is `skip` or `error` */
  memory_reason: string | null
  /** the memories in the newest turn of the request, date ascending; their texts are the memory store's */
  memories: readonly InjectedMemory[]
  /** what is counted about the answer's quality, by the names of `store/counters.ts`; absent is 0 */
  signals: Readonly<Record<string, number>>
  /** when the request went to the provider, and when its answer began: milliseconds since its start; null: it never did */
  sent_ms: number | null
  answered_ms: number | null
  /** the client's own trace, as its headers say; noted for telemetry alone and not kept */
  trace?: { parent: string; state: string | null }
}
