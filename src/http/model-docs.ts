/** What /swagger says about the model routes, the health routes and the pass-through. Documentation only: it validates nothing and answers nothing. */
import { errors, list, object, type Responses, type Schema } from "../api/documentation.ts"

const text: Schema = { type: "string" }
const count: Schema = { type: "integer" }
const flag: Schema = { type: "boolean" }
const open: Schema = { type: "object", additionalProperties: true }

type Shape = "openai" | "anthropic" | "gemini"

/** Errors come in the caller's dialect. */
const ERROR_SCHEMAS: Readonly<Record<Shape, Schema>> = {
  openai: object({
    error: object({ message: text, type: text, param: { ...text, nullable: true }, code: { ...text, nullable: true } }),
  }),
  anthropic: object({ type: text, error: object({ type: text, message: text }), request_id: text }),
  gemini: object({ error: object({ code: count, message: text, status: text }) }),
}

const STATUSES = [400, 401, 403, 404, 408, 413, 415, 429, 500, 502, 503, 504]
const MEANINGS: Readonly<Record<number, string>> = {
  400: "The request cannot be read, or the provider does not take it.",
  401: "No key, or a wrong one.",
  403: "The key may not do this.",
  404: "There is no such model.",
  408: "The provider took too long (OpenAI's routes; 504 elsewhere).",
  413: "The body is larger than 64 MiB.",
  415: "The body's content-encoding is not known.",
  429: "Too many requests; see Retry-After.",
  500: "An error of memproxy's own; its text names the request.",
  502: "The provider cannot be reached, or its answer cannot be read.",
  503: "The model's environment variable is not set, or the provider is overloaded.",
  504: "The provider took too long.",
}

const errorOf = (schema: Schema, description: string) => ({
  description,
  content: { "application/json": { schema } },
})
const either = (...schemas: Schema[]) => ({ oneOf: schemas }) as unknown as Schema

const modelErrors = (shape: Shape) => ({
  ...Object.fromEntries(STATUSES.map((status) => [status, errorOf(ERROR_SCHEMAS[shape], MEANINGS[status]!)])),
  default: errorOf(ERROR_SCHEMAS[shape], "Another status of the provider's, as it says it."),
})

/** What is under `models/` and asks for none of Gemini's actions is no route, and nobody's dialect. */
const NO_ACTION = { 404: errorOf(either(ERROR_SCHEMAS.gemini, ERROR_SCHEMAS.openai), MEANINGS[404]!) }
/** JSON-RPC's: https://www.jsonrpc.org/specification#error_object */
const RPC_ERROR = object({
  jsonrpc: text,
  error: object({ code: count, message: text }),
  id: { ...text, nullable: true },
})

interface ModelRoute {
  summary: string
  shape: Shape
  /** of the body; null: by the path's method, which this documentation cannot tell apart */
  body: Schema | null
  answer: Schema
  streams: boolean
}

const message = object({ role: text, content: { description: "text, or a list of parts" } as unknown as Schema })
const usage = open

const CHAT: ModelRoute = {
  summary: "OpenAI Chat Completions",
  shape: "openai",
  body: {
    ...object({ model: text, messages: list(message), stream: flag, tools: list(open) }),
    required: ["messages"],
  },
  answer: object({ id: text, object: text, created: count, model: text, choices: list(open), usage }),
  streams: true,
}
const RESPONSES: ModelRoute = {
  summary: "OpenAI Responses",
  shape: "openai",
  body: {
    ...object({
      model: text,
      input: { description: "text, or a list of items" } as unknown as Schema,
      stream: flag,
      tools: list(open),
    }),
    required: ["model"],
  },
  answer: object({ id: text, object: text, status: text, model: text, output: list(open), usage }),
  streams: true,
}
const COMPACT: ModelRoute = {
  ...RESPONSES,
  summary: "OpenAI Responses: a conversation made shorter, by models whose provider has this call",
  answer: object({ id: text, object: text, output: list(open), usage }),
  streams: false,
}
const INPUT_TOKENS: ModelRoute = {
  ...RESPONSES,
  summary: "OpenAI Responses: token counting",
  answer: object({ object: text, input_tokens: count }),
  streams: false,
}
const EMBEDDINGS: ModelRoute = {
  summary: "OpenAI Embeddings",
  shape: "openai",
  body: {
    ...object({ model: text, input: { description: "text, or a list of them" } as unknown as Schema }),
    required: ["input"],
  },
  answer: object({ object: text, data: list(open), model: text, usage }),
  streams: false,
}
const COMPLETIONS: ModelRoute = {
  summary: "OpenAI Completions",
  shape: "openai",
  body: {
    ...object({ model: text, prompt: { description: "text, or a list of them" } as unknown as Schema, stream: flag }),
    required: ["prompt"],
  },
  answer: object({ id: text, object: text, model: text, choices: list(open), usage }),
  streams: true,
}
const MESSAGES: ModelRoute = {
  summary: "Anthropic Messages",
  shape: "anthropic",
  body: {
    ...object({ model: text, max_tokens: count, messages: list(message), stream: flag, tools: list(open) }),
    required: ["model", "messages"],
  },
  answer: object({ id: text, type: text, role: text, model: text, content: list(open), stop_reason: text, usage }),
  streams: true,
}
const COUNT: ModelRoute = {
  summary: "Anthropic token counting",
  shape: "anthropic",
  body: { ...object({ model: text, messages: list(message) }), required: ["model", "messages"] },
  answer: object({ input_tokens: count }),
  streams: false,
}
const GEMINI: ModelRoute = {
  summary: "Gemini: {model}:generateContent, :streamGenerateContent, :countTokens, :embedContent",
  shape: "gemini",
  body: object({ contents: list(open), tools: list(open), generationConfig: open }),
  answer: object({ candidates: list(open), usageMetadata: open, modelVersion: text }),
  streams: true,
}

/** By path. `answerModel` has answered them before the app is asked: what still comes to one of these is a path that only looks like it. */
export const MODEL_ROUTES: readonly (readonly [path: string, route: ModelRoute, where?: string])[] = [
  ["/v1/chat/completions", CHAT],
  ["/chat/completions", CHAT],
  ["/openai/deployments/:model/chat/completions", CHAT, "Azure's path"],
  ["/openai/deployments/:model/completions", COMPLETIONS, "Azure's path"],
  ["/openai/deployments/:model/embeddings", EMBEDDINGS, "Azure's path"],
  ["/engines/:model/chat/completions", CHAT, "engine path"],
  ["/engines/:model/completions", COMPLETIONS, "engine path"],
  ["/engines/:model/embeddings", EMBEDDINGS, "engine path"],
  ["/v1/responses", RESPONSES],
  ["/responses", RESPONSES],
  ["/v1/responses/compact", COMPACT],
  ["/responses/compact", COMPACT],
  ["/v1/responses/input_tokens", INPUT_TOKENS],
  ["/responses/input_tokens", INPUT_TOKENS],
  ["/v1/embeddings", EMBEDDINGS],
  ["/embeddings", EMBEDDINGS],
  ["/v1/completions", COMPLETIONS],
  ["/completions", COMPLETIONS],
  ["/v1/messages", MESSAGES],
  ["/messages", MESSAGES],
  ["/v1/messages/count_tokens", COUNT],
  ["/messages/count_tokens", COUNT],
  ["/v1beta/models/*", GEMINI],
  ["/v1/models/*", GEMINI, "under /v1"],
  ["/models/*", GEMINI, "without a version"],
]

const json = (schema: Schema) => ({ "application/json": { schema } })

export function modelDetail({ summary, shape, body, answer, streams }: ModelRoute, where?: string) {
  const content = { ...json(answer), ...(streams && { "text/event-stream": {} }) }
  return {
    summary: where === undefined ? summary : `${summary}, ${where}`,
    tags: ["models"],
    requestBody: { required: true, content: json(body ?? open) as Record<string, { schema: { type: "object" } }> },
    responses: {
      200: { description: "the provider's answer", content },
      ...modelErrors(shape),
      ...(shape === "gemini" && NO_ACTION),
    } as unknown as Responses,
  }
}

/** A provider's own API: its answers are its own, and its errors too. */
export const passthroughDetail = (provider: Shape) => ({
  summary: `${provider}'s own API, as it is`,
  tags: ["pass-through"],
  responses: {
    200: { description: "the provider's answer, as it is", content: json(open) },
    ...modelErrors(provider),
  } as unknown as Responses,
})

const described = (summary: string, tags: string[], answer: Schema, ...statuses: number[]) => ({
  summary,
  tags,
  responses: {
    200: { description: "as asked", content: json(answer) },
    ...errors(...statuses),
  } as unknown as Responses,
})

const inGemini = <D extends { responses: Responses }>(detail: D): D => ({
  ...detail,
  responses: {
    ...(detail.responses as object),
    401: errorOf(ERROR_SCHEMAS.gemini, MEANINGS[401]!),
    404: errorOf(ERROR_SCHEMAS.gemini, MEANINGS[404]!),
  } as unknown as Responses,
})

const MCP = described("MCP over streamable HTTP: memory and usage as tools", ["memory"], open, 401, 403, 413)

const LIST = object({ object: text, data: list(open) })

/** Details of the plain GET routes. */
export const PLAIN = {
  health: {
    ...described(
      "Is it up? With the master key, each deployment too, as LiteLLM tells it; no provider is called",
      ["health"],
      object({
        status: text,
        version: text,
        models_configured: count,
        config_errors: count,
        healthy_endpoints: list(open),
        unhealthy_endpoints: list(open),
      }),
      421,
    ),
    security: [],
  },
  liveliness: { ...described("LiteLLM's liveliness probe", ["health"], text, 421), security: [] },
  readiness: {
    ...described(
      "Ready to serve, and the state of the ledger",
      ["health"],
      object({
        status: text,
        db: text,
        version: text,
        ledger: object({ queued: count, dropped: count }),
        config: object({ errors: count }),
      }),
      421,
    ),
    security: [],
  },
  info: {
    ...described(
      "How this caller is recognised, and why",
      ["identity"],
      object({ routing: open, request_headers: open, memory: { ...open, nullable: true } }),
      400,
      421,
    ),
    security: [],
  },
  models: described("Model list, in the caller's dialect", ["models"], LIST, 401),
  geminiModels: inGemini(described("Model list, Gemini's", ["models"], object({ models: list(open) }))),
  model: described(
    "One model",
    ["models"],
    object({ id: text, object: text, created: count, owned_by: text }),
    401,
    404,
  ),
  geminiModel: inGemini(described("One model, Gemini's", ["models"], object({ name: text, displayName: text }))),
  mcp: {
    ...MCP,
    responses: {
      ...(MCP.responses as object),
      202: { description: "a notification, taken" },
      400: errorOf(either(RPC_ERROR, ERROR_SCHEMAS.openai), "No JSON, or no JSON-RPC."),
      406: errorOf(RPC_ERROR, "Accept must allow application/json and text/event-stream."),
      415: errorOf(
        either(RPC_ERROR, ERROR_SCHEMAS.openai),
        "The body is no application/json, or its encoding is not known.",
      ),
    } as unknown as Responses,
  },
  modelInfo: described(
    "LiteLLM's model info",
    ["models"],
    object({ data: list(object({ model_name: text, litellm_params: open, model_info: open })) }),
    401,
    404,
  ),
  modelGroupInfo: described(
    "LiteLLM's model groups: each public name with its providers, limits and prices; null is not known",
    ["models"],
    object({ data: list(open) }),
    401,
  ),
}
