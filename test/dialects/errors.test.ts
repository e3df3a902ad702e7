import { afterAll, describe, expect, test } from "bun:test"
import Anthropic, * as claude from "@anthropic-ai/sdk"
import { ApiError, GoogleGenAI } from "@google/genai"
import OpenAI, * as gpt from "openai"
import { renderError, renderErrorEvent } from "../../src/dialects/errors.ts"
import { type Dialect, type ErrorType, Refusal } from "../../src/exchange.ts"

/** What the server below answers: a plain error, or a stream that begins and then fails. */
let answer: () => Response = () => new Response(null, { status: 500 })
const server = Bun.serve({ hostname: "127.0.0.1", port: 0, fetch: () => answer() })
afterAll(() => server.stop(true))

const url = `http://127.0.0.1:${server.port}`
const openai = new OpenAI({ baseURL: `${url}/v1`, apiKey: "k", maxRetries: 0 })
const anthropic = new Anthropic({ baseURL: url, apiKey: "k", maxRetries: 0 })
const google = new GoogleGenAI({ apiKey: "k", httpOptions: { baseUrl: url } })

const turn = { role: "user" as const, content: "hi" }
const call: Record<Dialect, () => PromiseLike<unknown>> = {
  "openai-chat": () => openai.chat.completions.create({ model: "m", messages: [turn] }),
  "openai-responses": () => openai.responses.create({ model: "m", input: "hi" }),
  anthropic: () => anthropic.messages.create({ model: "m", max_tokens: 1, messages: [turn] }),
  gemini: () => google.models.generateContent({ model: "m", contents: "hi" }),
}

const drain = async (events: AsyncIterable<unknown>) => {
  for await (const _ of events);
}
const stream: Record<Dialect, () => PromiseLike<unknown>> = {
  "openai-chat": async () =>
    drain(await openai.chat.completions.create({ model: "m", messages: [turn], stream: true })),
  "openai-responses": async () => drain(await openai.responses.create({ model: "m", input: "hi", stream: true })),
  anthropic: () => anthropic.messages.stream({ model: "m", max_tokens: 1, messages: [turn] }).finalMessage(),
  gemini: async () => drain(await google.models.generateContentStream({ model: "m", contents: "hi" })),
}

async function errorOf(run: () => PromiseLike<unknown>): Promise<unknown> {
  try {
    await run()
  } catch (error) {
    return error
  }
  throw new Error("the SDK was content")
}

function refuse(dialect: Dialect, refusal: Refusal): () => PromiseLike<unknown> {
  const { status, body } = renderError(dialect, refusal, "req-1")
  answer = () => new Response(body, { status, headers: { "content-type": "application/json", ...refusal.headers } })
  return call[dialect]
}

const refusal = (status: number, type: ErrorType, more?: ConstructorParameters<typeof Refusal>[3]) =>
  new Refusal(status, type, `told: ${type}`, more)

const OPENAI: [number, ErrorType, number, unknown, string, string][] = [
  [400, "invalid_request", 400, gpt.BadRequestError, "invalid_request_error", "invalid_request"],
  [401, "authentication", 401, gpt.AuthenticationError, "authentication_error", "invalid_api_key"],
  [403, "permission", 403, gpt.PermissionDeniedError, "permission_error", "permission_denied"],
  [404, "not_found", 404, gpt.NotFoundError, "not_found_error", "not_found"],
  [405, "method_not_allowed", 405, gpt.APIError, "invalid_request_error", "method_not_allowed"],
  [504, "timeout", 408, gpt.APIError, "timeout_error", "request_timeout"],
  [413, "too_large", 413, gpt.APIError, "invalid_request_error", "request_too_large"],
  [415, "unsupported_media", 415, gpt.APIError, "invalid_request_error", "unsupported_media_type"],
  [422, "invalid_request", 422, gpt.UnprocessableEntityError, "invalid_request_error", "invalid_request"],
  [429, "rate_limit", 429, gpt.RateLimitError, "rate_limit_error", "rate_limit_exceeded"],
  [503, "unavailable", 503, gpt.InternalServerError, "service_unavailable_error", "service_unavailable"],
  [529, "overloaded", 503, gpt.InternalServerError, "service_unavailable_error", "overloaded"],
  [502, "upstream", 502, gpt.InternalServerError, "api_error", "upstream_error"],
  [500, "internal", 500, gpt.InternalServerError, "internal_error", "internal_error"],
]

describe("an error before the first byte", () => {
  test.each(OPENAI)(
    "%d %s reaches OpenAI's SDK as its own class",
    async (status, type, sent, kind, openAiType, code) => {
      for (const dialect of ["openai-chat", "openai-responses"] as const) {
        const error = await errorOf(refuse(dialect, refusal(status, type)))
        if (!(error instanceof gpt.APIError)) throw error
        expect(error).toBeInstanceOf(kind as typeof gpt.APIError)
        expect([error.status, error.type, error.code, error.param]).toEqual([sent, openAiType, code, null])
        expect(error.message).toBe(`${sent} told: ${type}`)
        expect(error.error).toMatchObject({ origin: "memproxy", request_id: "req-1" })
      }
    },
  )

  test.each([
    [400, "invalid_request", 400, claude.BadRequestError, "invalid_request_error"],
    [401, "authentication", 401, claude.AuthenticationError, "authentication_error"],
    [403, "permission", 403, claude.PermissionDeniedError, "permission_error"],
    [404, "not_found", 404, claude.NotFoundError, "not_found_error"],
    [405, "method_not_allowed", 405, claude.APIError, "invalid_request_error"],
    [408, "timeout", 504, claude.InternalServerError, "timeout_error"],
    [413, "too_large", 413, claude.APIError, "request_too_large"],
    [429, "rate_limit", 429, claude.RateLimitError, "rate_limit_error"],
    [503, "unavailable", 503, claude.InternalServerError, "api_error"],
    [503, "overloaded", 529, claude.InternalServerError, "overloaded_error"],
    [502, "upstream", 502, claude.InternalServerError, "api_error"],
    [500, "internal", 500, claude.InternalServerError, "api_error"],
  ] as [number, ErrorType, number, unknown, string][])(
    "%d %s reaches Anthropic's SDK as its own class",
    async (status, type, sent, kind, anthropicType) => {
      const error = await errorOf(refuse("anthropic", refusal(status, type, { origin: "upstream" })))
      if (!(error instanceof claude.APIError)) throw error
      expect(error).toBeInstanceOf(kind as typeof claude.APIError)
      expect([error.status, String(error.type)]).toEqual([sent, anthropicType])
      expect(error.error).toEqual({
        type: "error",
        error: { type: anthropicType, message: `told: ${type}`, origin: "upstream" },
        request_id: "req-1",
      })
    },
  )

  test.each([
    [400, "invalid_request", 400, "INVALID_ARGUMENT"],
    [401, "authentication", 401, "UNAUTHENTICATED"],
    [403, "permission", 403, "PERMISSION_DENIED"],
    [404, "not_found", 404, "NOT_FOUND"],
    [408, "timeout", 504, "DEADLINE_EXCEEDED"],
    [413, "too_large", 413, "INVALID_ARGUMENT"],
    [429, "rate_limit", 429, "RESOURCE_EXHAUSTED"],
    [503, "unavailable", 503, "UNAVAILABLE"],
    [529, "overloaded", 503, "UNAVAILABLE"],
    [500, "internal", 500, "INTERNAL"],
  ] as [number, ErrorType, number, string][])(
    "%d %s reaches Google's SDK with its google.rpc status",
    async (status, type, sent, rpc) => {
      const error = await errorOf(refuse("gemini", refusal(status, type)))
      if (!(error instanceof ApiError)) throw error
      expect(error.status).toBe(sent)
      expect(JSON.parse(error.message).error).toEqual({
        code: sent,
        message: `told: ${type}`,
        status: rpc,
        origin: "memproxy",
        request_id: "req-1",
      })
    },
  )

  test("carries the refusal's own code and param to OpenAI's clients", () => {
    const { body } = renderError(null, refusal(404, "not_found", { code: "model_not_found", param: "model" }), "r")
    expect(JSON.parse(body).error).toMatchObject({ type: "not_found_error", code: "model_not_found", param: "model" })
  })

  test("tells Gemini's clients in the body how long to wait", () => {
    const details = (header: string) => {
      const limited = refusal(429, "rate_limit", { headers: { "retry-after": header } })
      return JSON.parse(renderError("gemini", limited, "r").body).error.details
    }
    expect(details("12")).toEqual([{ "@type": "type.googleapis.com/google.rpc.RetryInfo", retryDelay: "12s" }])
    expect(details("Wed, 21 Oct 2026 07:28:00 GMT")).toBeUndefined()
  })
})

/** A stream's first event, in each dialect, before the error. */
const BEGINNING: Record<Dialect, string> = {
  "openai-chat": 'data: {"id":"c","choices":[{"index":0,"delta":{"content":"Hel"},"finish_reason":null}]}\n\n',
  "openai-responses": 'event: response.in_progress\ndata: {"type":"response.in_progress","sequence_number":1}\n\n',
  anthropic:
    'event: message_start\ndata: {"type":"message_start","message":{"id":"m","type":"message","role":"assistant","content":[],"usage":{"input_tokens":1,"output_tokens":1}}}\n\n',
  gemini: 'data: {"candidates":[{"content":{"parts":[{"text":"Hel"}],"role":"model"}}]}\n\n',
}
const DIALECTS: Dialect[] = ["openai-chat", "openai-responses", "anthropic", "gemini"]

describe("an error after the first byte", () => {
  test.each(DIALECTS)("reaches the official SDK of %s as an error that says why", async (dialect) => {
    const cut = refusal(502, "upstream", { origin: "upstream" })
    const body = BEGINNING[dialect] + renderErrorEvent(dialect, cut, "req-1")
    answer = () => new Response(body, { headers: { "content-type": "text/event-stream" } })
    const error = await errorOf(stream[dialect])
    const kind = dialect === "gemini" ? ApiError : dialect === "anthropic" ? claude.APIError : gpt.APIError
    expect(error).toBeInstanceOf(kind)
    expect(String(error)).toContain("told: upstream")
  })

  test("ends a Chat stream without [DONE], which would say that it is whole", () => {
    const event = renderErrorEvent("openai-chat", refusal(502, "upstream"), "r")
    expect(event).not.toContain("[DONE]")
    expect(JSON.parse(event.slice(6)).error.code).toBe("upstream_error")
  })

  test("ends a Responses stream with response.failed, without which Codex asks again", () => {
    const event = renderErrorEvent("openai-responses", refusal(504, "timeout"), "req-1")
    const [error, failed] = event.trim().split("\n\n")
    expect(JSON.parse(error!.split("data: ")[1]!)).toMatchObject({ type: "error", code: "request_timeout" })
    expect(failed).toStartWith("event: response.failed\n")
    expect(JSON.parse(failed!.split("data: ")[1]!).response).toMatchObject({
      status: "failed",
      error: { code: "request_timeout", message: "told: timeout" },
    })
  })

  test.each(DIALECTS)("stays one line of JSON an event, whatever a message holds: %s", (dialect) => {
    const nasty = new Refusal(400, "invalid_request", "a\n\nevent: x\r\ndata: {}\n\n\u2028\r")
    const lines = renderErrorEvent(dialect, nasty, "r\n\n").split(/\r\n|\n|\r/)
    for (const line of lines) expect(line).toMatch(/^(?:|event: (?:error|response\.failed)|data: \{.*\})$/s)
    expect(renderError(dialect, nasty, "r").body).not.toMatch(/[\r\n]/)
  })
})
