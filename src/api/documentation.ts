/** What /swagger says about the analytics routes. Documentation only: it validates nothing. */
import type { DocumentDecoration } from "elysia"

export type Responses = NonNullable<DocumentDecoration["responses"]>
export type Schema = { type: "string" | "number" | "integer" | "boolean" | "array" | "object"; [more: string]: unknown }

export const text = (description = ""): Schema => ({ type: "string", description })
export const count = (description = ""): Schema => ({ type: "integer", description })
export const amount = (description = ""): Schema => ({ type: "number", description })
const flag: Schema = { type: "boolean" }
export const orNull = (schema: Schema): Schema => ({ ...schema, nullable: true })
export const list = (items: Schema): Schema => ({ type: "array", items })
export const object = (properties: Record<string, Schema>): Schema => ({ type: "object", properties })

export const parameter = (name: string, description: string) => ({
  name,
  in: "query" as const,
  required: false,
  description,
  schema: { type: "string" as const },
})

export const FILTER_PARAMETERS = [
  parameter("from", "first moment of `started_at`, ISO 8601 or epoch ms"),
  parameter("to", "end of `started_at`, itself not included"),
  parameter("client", "client name, such as claude-code"),
  parameter("user_id", "user"),
  parameter("project", "project, by display name or key"),
  parameter("session_id", "session"),
  parameter("model", "model, by its public name"),
  parameter("key", "alias of the key used"),
  parameter("outcome", "done, client-left, upstream-failed or rejected"),
  parameter("error_type", "why a request failed or was rejected"),
  parameter(
    "unknown",
    "what is not known of the rows wanted: some of client, user_id, project, session_id, model, key, error_type, with commas between",
  ),
]

const ROW = {
  id: text("the x-memproxy-request-id of the answer"),
  started_at: { type: "string", format: "date-time" },
  duration_ms: amount(),
  ttft_ms: orNull(amount("until the first content, streams only")),
  overhead_ms: orNull(amount("memproxy's own part")),
  memory_ms: orNull(amount()),
  client: orNull(text()),
  client_version: orNull(text()),
  client_guess: flag,
  user_id: orNull(text()),
  project: orNull(text()),
  session_id: orNull(text()),
  key_alias: orNull(text()),
  model: orNull(text("as asked for")),
  upstream_model: orNull(text("as sent")),
  provider: orNull(text()),
  dialect_in: orNull(text()),
  dialect_out: orNull(text()),
  stream: flag,
  status: count("HTTP status sent"),
  outcome: text("done, client-left, upstream-failed or rejected"),
  error_type: orNull(text()),
  retries: count(),
  fallbacks: count(),
  input_tokens: orNull(count("cache reads and writes included")),
  cache_read_tokens: orNull(count()),
  cache_write_tokens: orNull(count()),
  cache_write_1h_tokens: orNull(count()),
  output_tokens: orNull(count("reasoning included")),
  reasoning_tokens: orNull(count()),
  estimated: flag,
  cost_usd: orNull(amount("list price; null where none is known")),
  billed_usd: orNull(amount("0 for subscription traffic")),
  price_source: orNull(text()),
  finish_reason: orNull(text()),
  tool_calls: count(),
  lossy: list(text()),
  memory_status: orNull(text()),
  memories_injected: count(),
  memory_tokens: count(),
  quality: orNull(amount("0 to 100, see /api/quality; it may change when the conversation goes on")),
} satisfies Record<string, Schema>

export const PAGE_SCHEMA = object({ data: list(object(ROW)), next_cursor: orNull(text("null on the last page")) })

export const ENTRY_SCHEMA = object({
  ...ROW,
  operation: text("generate, count_tokens, embeddings, completions or passthrough"),
  project_key: orNull(text("what separates projects of one name")),
  unit_prices: orNull({ type: "object", description: "USD per million tokens" }),
  deployment_id: orNull(text()),
  service_tier: orNull(text()),
  router: orNull({ type: "object", description: "what Supermemory's router answered in its headers" }),
  memory_reason: orNull(text("why no memory went in, where memory_status is skip or error")),
  bodies: orNull(
    object({
      request: orNull(text("as the client sent it")),
      sent: orNull(text("as the provider got it, memory included")),
      answer: orNull(text("as the provider gave it, a stream as its events")),
      truncated: flag,
    }),
  ),
  audio: orNull(object({ input: count(), cache_read: orNull(count()), output: count() })),
  web_searches: count("searches that the provider made; absent: none"),
  answered_model: orNull(text("the model the answer names, where it is another")),
  memories: list(
    object({
      id: text(),
      score: amount(),
      why: text(),
      tokens: count(),
      content: orNull(text("null: forgotten since")),
    }),
  ),
  signals: { type: "object", description: "what was counted about the answer's quality; absent is 0" },
  feedback: list(object({ score: amount("-1 to 1"), comment: orNull(text()), source: text(), created_at: text() })),
  sent_ms: orNull(amount("when the request went to the provider, since the start")),
  answered_ms: orNull(amount("when its answer began, since the start")),
  timeline: list(object({ at_ms: amount("since the start"), what: text() })),
})

const percentiles = object({ p50: orNull(amount()), p95: orNull(amount()) })

const SUMS = {
  requests: count(),
  errors: count("rejected or failed upstream"),
  input_tokens: count(),
  cache_read_tokens: count(),
  cache_write_tokens: count(),
  output_tokens: count(),
  reasoning_tokens: count(),
  cost_usd: orNull(amount()),
  billed_usd: orNull(amount()),
  unpriced: count("rows that cost something but have no known price"),
  duration_ms: percentiles,
  ttft_ms: percentiles,
  tokens_per_second: orNull(amount("output tokens per second of streaming")),
  quality: orNull(amount("mean of the rows that have one")),
}

const word = orNull(text())
const KEY = {
  description: "a pair with two groups; null where the rows say nothing",
  oneOf: [word, list(word)],
} as unknown as Schema

export const USAGE_SCHEMA = object({
  rows: list(object({ key: KEY, ...SUMS })),
  rows_total: count("how many rows there are without the limit"),
  totals: object(SUMS),
})

export const SESSIONS_SCHEMA = object({
  data: list(
    object({
      session_id: text(),
      client: orNull(text("of the newest request, as the next four")),
      user_id: orNull(text()),
      project: orNull(text()),
      model: orNull(text()),
      started_at: text(),
      last_at: text("start of the newest request"),
      requests: count(),
      errors: count(),
      input_tokens: count(),
      cache_read_tokens: count(),
      output_tokens: count(),
      cost_usd: orNull(amount()),
      memories_injected: count(),
      quality: orNull(amount("mean of the rows that have one")),
    }),
  ),
  next_cursor: orNull(text("null on the last page; a page may be short")),
})

export const CLIENTS_SCHEMA = object({
  data: list(
    object({
      client: orNull(text("null: of requests that no row of the client table knows")),
      versions: list(text("of the newest requests, newest first")),
      guess: { ...flag, description: "the name is likely, not certain" },
      last_at: text(),
      traits: list(text("what tells this client, in words")),
      ...SUMS,
    }),
  ),
})

export const STATUS_SCHEMA = object({
  version: text(),
  key_needed: { ...flag, description: "a master key is configured" },
  models: count(),
  first_model: orNull(text("one to try")),
  findings: object({ error: count(), warning: count(), note: count() }),
  memory: object({ engine: text("local, supermemory or off"), scope: text("user or project") }),
  bodies: text("off, redacted or full"),
  ledger: object({ queued: count(), dropped: count(), last_error: orNull(text()) }),
})

export const CONFIG_SCHEMA = object({
  file: orNull(text("null: the built-in demo")),
  settings: { type: "object", description: "what is in force, by name; no keys" },
  deployments: list(
    object({
      id: text(),
      model_name: text(),
      provider: text(),
      model: text(),
      api_base: text(),
      mock: flag,
      missing: orNull(text("the environment variable that is not set: the model answers 503")),
    }),
  ),
  findings: list(
    object({
      severity: text("error, warning or note"),
      file: text(),
      line: count(),
      col: count(),
      path: text(),
      message: text(),
    }),
  ),
})

const RATE = {
  rate: orNull(amount("0 to 1; of a mean of counts the mean; null: never seen")),
  hits: amount(),
  n: count("of how many"),
  low: orNull(amount("95 % interval, Wilson")),
  high: orNull(amount()),
  few: { ...flag, description: "n is below 30" },
}
const rates = (description: string): Schema => ({ type: "object", additionalProperties: object(RATE), description })
const spread = object({ n: count(), p50: orNull(amount()), p90: orNull(amount()), p99: orNull(amount()) })

const QUALITY = {
  requests: count(),
  quality: object({
    score: orNull(amount("0 to 100, of the parts that were measured")),
    low: orNull(amount()),
    high: orNull(amount()),
    n: count(),
    few: flag,
    parts: rates("delivery, tools, acceptance, form, explicit; each with its `weight`"),
  }),
  signals: rates("by name; what each means is in `signals` of the whole answer"),
  speed: object({
    ttft_ms: spread,
    tpot_ms: spread,
    overhead_ms: spread,
    memory_ms: spread,
    tokens_per_second: object({ n: count(), p50: orNull(amount()), p10: orNull(amount()), p1: orNull(amount()) }),
  }),
  efficiency: object({
    turns_done: count("answers that asked for no tool"),
    cost_per_turn_usd: orNull(amount()),
    cache_hit_ratio: orNull(amount("cache reads by all input tokens")),
    output_input_ratio: orNull(amount()),
    reasoning_share: orNull(amount("of the output tokens")),
    delivered_at_abort: orNull(amount("tokens of answers whose client left, by those of whole answers")),
    memory_tokens: count(),
    memory_input_share: orNull(amount()),
  }),
  cost_usd: orNull(amount()),
}

export const QUALITY_SCHEMA = object({
  rows: list(object({ key: orNull(text("a pair with two groups")), ...QUALITY })),
  rows_total: count("how many rows there are without the limit"),
  totals: object(QUALITY),
  holdout: orNull({ type: "object", description: "with group_by=memory: each signal with memory against held out" }),
  signals: list(
    object({
      name: text(),
      group: text(),
      good: orNull(flag),
      heuristic: flag,
      mean: orNull(text()),
      definition: text(),
    }),
  ),
  backlog: object({ waiting: count("answers not looked at yet"), dropped: count("never looked at: too much to do") }),
})

export type Body = NonNullable<DocumentDecoration["requestBody"]>
type BodySchema = NonNullable<Extract<Body, { content: unknown }>["content"][string]["schema"]>

export const jsonBody = (schema: BodySchema): Body => ({
  required: true,
  content: { "application/json": { schema } },
})

export const FEEDBACK_BODY = jsonBody({
  type: "object",
  required: ["score"],
  properties: {
    request_id: { type: "string" },
    session_id: { type: "string", description: "instead of request_id" },
    score: { type: "number", minimum: -1, maximum: 1, description: "-1 (bad) to 1 (good)" },
    comment: { type: "string" },
  },
})

const ERRORS: Readonly<Record<number, string>> = {
  400: "A parameter is wrong; the error names it and what it may be.",
  401: "A key is needed.",
  403: "This key may not see these rows.",
  404: "Nothing here has that id or name.",
  413: "The body is larger than 64 MiB.",
  421: "This Host is not served here.",
  429: "Too many tries; see Retry-After.",
  503: "Too many listeners, or the disk gives nothing.",
}

/** The errors a route may give, as `responses`. */
export const errors = (...statuses: number[]) =>
  Object.fromEntries(
    statuses.map((status) => [
      status,
      { description: ERRORS[status] ?? "error", content: { "application/json": { schema: ERROR } } },
    ]),
  )

/** As OpenAI's: what all routes beside the model routes answer. */
const ERROR = object({
  error: object({ message: text(), type: text(), param: orNull(text()), code: orNull(text()) }),
})

/** `responses` of a route: its JSON answer (or a stream of events), and the errors it may give. */
export function answers(answer: Schema | "events" | "lines" | "nothing", ...statuses: number[]) {
  if (answer === "nothing") return { 204: { description: "done" }, ...errors(...statuses) } as unknown as Responses
  return {
    200: { description: "as asked", content: contentOf(answer) },
    ...errors(...statuses),
  } as unknown as Responses
}

/** A schema is of a whole body: a stream has none. */
const contentOf = (answer: Schema | "events" | "lines") =>
  answer === "events"
    ? { "text/event-stream": {} }
    : answer === "lines"
      ? { "application/x-ndjson": { schema: text() } }
      : { "application/json": { schema: answer } }

/** As `answers`, of what is there from now on. */
export const created = (answer: Schema, ...statuses: number[]) =>
  ({ 201: { description: "kept", content: contentOf(answer) }, ...errors(...statuses) }) as unknown as Responses

export const FEEDBACK_ANSWERS = created(
  object({ request_id: text("the answer that was rated"), score: amount() }),
  400,
  401,
  404,
  413,
)
