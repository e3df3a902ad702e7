/** The four dialects as rows, so that one behaviour runs over all of them: paths, models, keys, bodies, shapes, last events. */
import type { Dialect } from "../../src/exchange.ts"
import { MASTER } from "./memproxy.ts"
import type { Loose } from "./json.ts"
import { requestBytes } from "./raw-http.ts"

export interface Lane {
  dialect: Dialect
  /** the public model name in the test config */
  model: string
  /** what the upstream must be asked for */
  upstreamModel: string
  upstreamKey: string
  /** the header the upstream's key goes in, with its value */
  upstreamAuth: [string, string]
  path(stream: boolean, model?: string): string
  upstreamPath(stream: boolean): string
  body(stream: boolean, text?: string): Loose
  /** what marks the end of a whole stream */
  terminal: string
  /** the error type and message of an error body in this dialect's shape; throws where it is none */
  readError(json: Loose): { type: string; message: string; code: Loose }
  /** an error body as this provider writes it */
  providerError(status: number, message: string): Loose
}

const openAiError = (json: Loose) => {
  if (typeof json?.error?.message !== "string" || typeof json.error.type !== "string")
    throw new Error(`no OpenAI error: ${JSON.stringify(json)}`)
  for (const key of ["param", "code"]) if (!(key in json.error)) throw new Error(`OpenAI errors have ${key}`)
  return { type: json.error.type, message: json.error.message, code: json.error.code }
}

export const chat: Lane = {
  dialect: "openai-chat",
  model: "chat",
  upstreamModel: "up-chat",
  upstreamKey: "sk-up-chat-c4n4ry",
  upstreamAuth: ["authorization", "Bearer sk-up-chat-c4n4ry"],
  path: () => "/v1/chat/completions",
  upstreamPath: () => "/v1/chat/completions",
  body: (stream, text = "hi") => ({
    model: "chat",
    messages: [{ role: "user", content: text }],
    ...(stream && { stream }),
  }),
  terminal: "data: [DONE]",
  readError: openAiError,
  providerError: (status, message) => ({ error: { message, type: "provider_said", param: null, code: `c${status}` } }),
}

export const responses: Lane = {
  dialect: "openai-responses",
  model: "responses",
  upstreamModel: "up-resp",
  upstreamKey: "sk-up-resp-c4n4ry",
  upstreamAuth: ["authorization", "Bearer sk-up-resp-c4n4ry"],
  path: () => "/v1/responses",
  upstreamPath: () => "/v1/responses",
  body: (stream, text = "hi") => ({
    model: "responses",
    input: [{ role: "user", content: text }],
    ...(stream && { stream }),
  }),
  terminal: "event: response.completed",
  readError: openAiError,
  providerError: (status, message) => ({ error: { message, type: "provider_said", param: null, code: `c${status}` } }),
}

export const claude: Lane = {
  dialect: "anthropic",
  model: "claude",
  upstreamModel: "up-claude",
  upstreamKey: "sk-up-claude-c4n4ry",
  upstreamAuth: ["x-api-key", "sk-up-claude-c4n4ry"],
  path: () => "/v1/messages",
  upstreamPath: () => "/v1/messages",
  body: (stream, text = "hi") => ({
    model: "claude",
    max_tokens: 64,
    messages: [{ role: "user", content: text }],
    ...(stream && { stream }),
  }),
  terminal: "event: message_stop",
  readError: (json) => {
    if (json?.type !== "error" || typeof json.error?.type !== "string" || typeof json.error.message !== "string")
      throw new Error(`no Anthropic error: ${JSON.stringify(json)}`)
    return { type: json.error.type, message: json.error.message, code: null }
  },
  providerError: (_, message) => ({ type: "error", error: { type: "provider_said", message }, request_id: "req_1" }),
}

export const gemini: Lane = {
  dialect: "gemini",
  model: "gem",
  upstreamModel: "up-gem",
  upstreamKey: "sk-up-gem-c4n4ry",
  upstreamAuth: ["x-goog-api-key", "sk-up-gem-c4n4ry"],
  path: (stream, model = "gem") =>
    `/v1beta/models/${model}:${stream ? "streamGenerateContent?alt=sse" : "generateContent"}`,
  upstreamPath: (stream) => gemini.path(stream, "up-gem"),
  body: (_, text = "hi") => ({ contents: [{ role: "user", parts: [{ text }] }] }),
  terminal: '"finishReason"',
  readError: (json) => {
    const { code, message, status } = json?.error ?? {}
    if (typeof code !== "number" || typeof message !== "string" || !/^[A-Z_]+$/.test(status))
      throw new Error(`no Google error: ${JSON.stringify(json)}`)
    return { type: status, message, code }
  },
  providerError: (status, message) => ({ error: { code: status, message, status: "PROVIDER_SAID" } }),
}

export const lanes: Lane[] = [chat, responses, claude, gemini]

/** A client of each dialect with a provider of each other one. */
export const pairs = lanes.flatMap((client) =>
  lanes.filter((one) => one !== client).map((upstream) => ({ client, upstream })),
)

/** One deployment a dialect, all at the fake provider. `extra` entries are added to `model_list`. */
export function testConfig(
  providerUrl: string,
  more: { models?: Loose[]; general?: Loose; memproxy?: Loose; top?: Loose } = {},
): Loose {
  const v1 = `${providerUrl}/v1`
  const entry = (model_name: string, model: string, api_base: string, api_key: string) => ({
    model_name,
    litellm_params: { model, api_base, api_key },
  })
  return {
    model_list: [
      entry("chat", "openai/up-chat", v1, chat.upstreamKey),
      entry("responses", "openai/responses/up-resp", v1, responses.upstreamKey),
      entry("claude", "anthropic/up-claude", providerUrl, claude.upstreamKey),
      entry("gem", "gemini/up-gem", providerUrl, gemini.upstreamKey),
      { model_name: "mock", litellm_params: { model: "openai/mock", mock_response: "Hello from memproxy." } },
      { model_name: "echo", litellm_params: { model: "openai/echo", mock_response: "echo" } },
      ...(more.models ?? []),
    ],
    general_settings: { master_key: MASTER, ...more.general },
    memproxy: { ...more.memproxy },
    ...more.top,
  }
}

export const auth = { authorization: `Bearer ${MASTER}` }
export const jsonHeaders = { ...auth, "content-type": "application/json" }

/** The raw bytes of a call in this lane. */
export function callBytes(
  lane: Lane,
  options: {
    stream?: boolean
    body?: string | Uint8Array
    text?: string
    headers?: Record<string, string | string[]>
    path?: string
  } = {},
): Buffer {
  const stream = options.stream ?? false
  const body = options.body ?? JSON.stringify(lane.body(stream, options.text))
  return requestBytes("POST", options.path ?? lane.path(stream), { ...jsonHeaders, ...options.headers }, body)
}

/** The client's call with the other lane's model. */
export function callAcross(client: Lane, upstream: Lane, stream: boolean): Buffer {
  const body = { ...client.body(stream), ...(client !== gemini && { model: upstream.model }) }
  return callBytes(client, { stream, body: JSON.stringify(body), path: client.path(stream, upstream.model) })
}
