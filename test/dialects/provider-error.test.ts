/** What a provider refuses with reaches every client with its status, its pause and its cause, in that client's words. */
import Anthropic, { BadRequestError, RateLimitError } from "@anthropic-ai/sdk"
import { ApiError, GoogleGenAI } from "@google/genai"
import { describe, expect, test } from "bun:test"
import OpenAI, { BadRequestError as OpenAIBadRequest } from "openai"
import { renderError } from "../../src/dialects/errors.ts"
import { providerRefusal } from "../../src/dialects/provider-error.ts"
import type { Dialect, Json } from "../../src/exchange.ts"

const refusal = (dialect: Dialect, status: number, body: Json | string, headers: Record<string, string> = {}) =>
  providerRefusal(
    dialect,
    status,
    Buffer.from(typeof body === "string" ? body : JSON.stringify(body)),
    new Headers(headers),
  )
const openAiError = (message: string, code: string | null = null) => ({
  error: { message, type: "invalid_request_error", param: null, code },
})

/** The error that the dialect's official SDK throws for what we would send. */
async function thrownBy(client: Dialect, error: ReturnType<typeof refusal>): Promise<unknown> {
  const { status, body } = renderError(client, error, "r-1")
  const headers = { "content-type": "application/json", ...error.headers }
  using server = Bun.serve({ hostname: "127.0.0.1", port: 0, fetch: () => new Response(body, { status, headers }) })
  const url = `http://127.0.0.1:${server.port}`
  const messages = [{ role: "user" as const, content: "hi" }]
  const options = { apiKey: "k", maxRetries: 0 }
  const calls: Record<Dialect, () => PromiseLike<unknown>> = {
    anthropic: () =>
      new Anthropic({ baseURL: url, ...options }).messages.create({ model: "m", max_tokens: 1, messages }),
    "openai-chat": () => new OpenAI({ baseURL: url, ...options }).chat.completions.create({ model: "m", messages }),
    "openai-responses": () => new OpenAI({ baseURL: url, ...options }).responses.create({ model: "m", input: "hi" }),
    gemini: () => {
      const httpOptions = { baseUrl: url }
      return new GoogleGenAI({ apiKey: "k", httpOptions }).models.generateContent({ model: "m", contents: "hi" })
    },
  }
  return await calls[client]().then(
    () => null,
    (thrown: unknown) => thrown,
  )
}

describe("a prompt that is too long is told in the words each client looks for", () => {
  const said: [Dialect, number, Json][] = [
    [
      "openai-chat",
      400,
      openAiError(
        "This model's maximum context length is 128000 tokens. However, your messages resulted in 130000 tokens.",
        "context_length_exceeded",
      ),
    ],
    [
      "anthropic",
      400,
      {
        type: "error",
        error: { type: "invalid_request_error", message: "prompt is too long: 130000 tokens > 128000 maximum" },
      },
    ],
    [
      "gemini",
      400,
      {
        error: {
          code: 400,
          status: "INVALID_ARGUMENT",
          message: "The input token count (130000) exceeds the maximum number of tokens allowed (128000).",
        },
      },
    ],
    [
      "openai-chat",
      400,
      openAiError("This model's maximum prompt length is 128000 but the request contains 130000 tokens."),
    ],
  ]

  test.each(said)("%s says it", async (dialect, status, body) => {
    const error = refusal(dialect, status, body)
    const claude = await thrownBy("anthropic", error)
    expect(claude).toBeInstanceOf(BadRequestError)
    expect(String(claude)).toContain("prompt is too long: 130000 tokens > 128000 maximum")
    const chat = await thrownBy("openai-chat", error)
    expect(chat).toBeInstanceOf(OpenAIBadRequest)
    expect(chat).toMatchObject({ code: "context_length_exceeded", type: "invalid_request_error" })
    expect(String(chat)).toContain("maximum context length is 128000 tokens. However, your messages resulted in 130000")
    const responses = await thrownBy("openai-responses", error)
    expect(responses).toMatchObject({ code: "context_length_exceeded" })
    expect(String(responses)).toContain("exceeds the context window of this model")
    const gemini = await thrownBy("gemini", error)
    expect(gemini).toBeInstanceOf(ApiError)
    expect(String(gemini)).toContain(
      "The input token count (130000) exceeds the maximum number of tokens allowed (128000)",
    )
  })

  test("without numbers the provider's words stay", () => {
    const error = refusal("anthropic", 400, { message: "Input is too long for requested model." })
    expect(error).toMatchObject({ status: 400, code: "context_length_exceeded" })
    expect(renderError("anthropic", error, "r").body).toContain(
      "prompt is too long: Input is too long for requested model.",
    )
  })

  test("a rate limit on tokens is none, and neither is our own word", () => {
    expect(refusal("openai-chat", 429, openAiError("Too many input tokens per minute")).code).toBeNull()
  })
})

describe("statuses and pauses", () => {
  test("529 is Anthropic's 503, either way", async () => {
    const overloaded = { type: "error", error: { type: "overloaded_error", message: "Overloaded" } }
    const fromClaude = refusal("anthropic", 529, overloaded)
    expect(await thrownBy("openai-chat", fromClaude)).toMatchObject({ status: 503 })
    expect(await thrownBy("gemini", fromClaude)).toMatchObject({ status: 503 })
    const fromOpenAi = refusal("openai-chat", 503, openAiError("The engine is currently overloaded"))
    const told = await thrownBy("anthropic", fromOpenAi)
    expect(told).toMatchObject({ status: 529, error: { error: { type: "overloaded_error" } } })
  })

  test("an empty account is not worth another try", async () => {
    for (const error of [
      refusal(
        "openai-chat",
        429,
        openAiError("You exceeded your current quota, please check your plan.", "insufficient_quota"),
      ),
      refusal("openai-chat", 402, openAiError("Insufficient Balance")),
    ]) {
      expect(error.headers).toMatchObject({ "x-should-retry": "false" })
      expect(await thrownBy("openai-responses", error)).toMatchObject({
        status: error.status,
        code: "insufficient_quota",
      })
      expect(await thrownBy("anthropic", error)).toMatchObject({ status: error.status })
    }
  })

  test("pauses are passed on, Google's out of the body and into Google's body", async () => {
    const details = [{ "@type": "type.googleapis.com/google.rpc.RetryInfo", retryDelay: "17.2s" }]
    const google = refusal("gemini", 429, [
      { error: { code: 429, status: "RESOURCE_EXHAUSTED", message: "Slow", details } },
    ])
    expect(google.headers).toEqual({ "retry-after": "18" })
    expect(await thrownBy("anthropic", google)).toBeInstanceOf(RateLimitError)
    const asked = { "retry-after-ms": "1500", "x-should-retry": "true" }
    const error = refusal("openai-chat", 429, openAiError("Slow"), asked)
    expect(error.headers).toEqual(asked)
    expect(renderError("gemini", error, "r").body).toContain('"retryDelay":"1.5s"')
  })
})

describe("whoever answers in another shape is understood", () => {
  test.each<[Json | string, string]>([
    [{ error: "model 'x' not found, try pulling it first" }, "model 'x' not found, try pulling it first"],
    [{ object: "error", message: "Bad thing", type: "BadRequestError", code: 400 }, "Bad thing"],
    [{ detail: "Unauthorized" }, "Unauthorized"],
    [
      { detail: [{ loc: ["body", "seed"], msg: "Extra inputs are not permitted" }] },
      "body seed Extra inputs are not permitted",
    ],
    [{ object: "error", message: { detail: [{ loc: ["body"], msg: "Bad" }] } }, "body Bad"],
    [
      { message: "The security token included in the request is invalid." },
      "The security token included in the request is invalid.",
    ],
    [[{ error: { message: "Google's" } }], "Google's"],
    [
      {
        error: {
          message: "Provider returned error",
          code: 400,
          metadata: { provider_name: "Groq", raw: '{"error":{"message":"No such tool"}}' },
        },
      },
      "Groq: No such tool",
    ],
    [
      { error: { message: "Provider returned error", metadata: { raw: "upstream connect error" } } },
      "The provider: upstream connect error",
    ],
    ["<html><body>502 Bad Gateway nginx</body></html>", "HTTP 400 without a reason that can be read"],
    ["", "HTTP 400 without a reason that can be read"],
  ])("%j", (body, message) => {
    expect(refusal("openai-chat", 400, body)).toMatchObject({
      status: 400,
      type: "invalid_request",
      origin: "upstream",
    })
    expect(refusal("openai-chat", 400, body).message).toContain(message)
  })

  test("a key, or its ends, is not passed on", () => {
    const { message } = refusal(
      "openai-chat",
      401,
      openAiError("Incorrect API key provided: sk-proj-ab*****xyz. Find it there."),
    )
    expect(message).toBe("Incorrect API key provided: [key]. Find it there.")
  })
})
