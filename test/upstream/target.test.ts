import { expect, test } from "bun:test"
import type { Dialect, Operation } from "../../src/exchange.ts"
import { type Call, target } from "../../src/upstream/target.ts"
import { deployment } from "../support/deployment.ts"

function url(
  base: string,
  dialect: Dialect,
  operation: Operation = "generate",
  more: Partial<Call> & { provider?: string; apiVersion?: string } = {},
) {
  const { provider = "openai", apiVersion = null, ...call } = more
  return target(deployment({ base, provider, apiVersion }), {
    dialect,
    operation,
    model: "m-1",
    stream: false,
    version: null,
    query: "",
    ...call,
  })
}

test("OpenAI-style bases carry their version and get the endpoint", () => {
  expect(url("https://api.openai.com/v1", "openai-chat")).toBe("https://api.openai.com/v1/chat/completions")
  expect(url("https://api.openai.com/v1", "openai-responses")).toBe("https://api.openai.com/v1/responses")
  expect(url("https://api.openai.com/v1", "openai-responses", "count_tokens")).toBe(
    "https://api.openai.com/v1/responses/input_tokens",
  )
  expect(url("https://api.openai.com/v1", "openai-chat", "embeddings")).toBe("https://api.openai.com/v1/embeddings")
  expect(url("http://localhost:8000/v1/", "openai-chat", "completions")).toBe("http://localhost:8000/v1/completions")
  expect(url("http://localhost:8000", "openai-chat")).toBe("http://localhost:8000/chat/completions")
  expect(url("https://x.ai/v1/chat/completions", "openai-chat")).toBe("https://x.ai/v1/chat/completions")
  expect(url("https://x.ai/v1?team=a", "openai-chat", "generate", { query: "?b=c" })).toBe(
    "https://x.ai/v1/chat/completions?team=a&b=c",
  )
})

test("Anthropic bases are roots, with the version or the whole endpoint tolerated", () => {
  for (const base of [
    "https://api.anthropic.com",
    "https://api.anthropic.com/v1",
    "https://api.anthropic.com/v1/messages",
  ]) {
    expect(url(base, "anthropic", "generate", { query: "?beta=true" })).toBe(
      "https://api.anthropic.com/v1/messages?beta=true",
    )
    expect(url(base, "anthropic", "count_tokens")).toBe("https://api.anthropic.com/v1/messages/count_tokens")
  }
  expect(url("https://gateway.example/anthropic", "anthropic")).toBe("https://gateway.example/anthropic/v1/messages")
})

test("Gemini bases get the client's version unless they have one, the model in the path, and alt=sse from the client", () => {
  const gemini = "https://generativelanguage.googleapis.com"
  expect(url(gemini, "gemini", "generate", { stream: true, query: "?alt=sse&key=sk-ours" })).toBe(
    `${gemini}/v1beta/models/m-1:streamGenerateContent?alt=sse`,
  )
  expect(url(gemini, "gemini", "generate", { version: "v1" })).toBe(`${gemini}/v1/models/m-1:generateContent`)
  expect(url(`${gemini}/v1alpha`, "gemini", "count_tokens", { version: "v1" })).toBe(
    `${gemini}/v1alpha/models/m-1:countTokens`,
  )
  expect(url(`${gemini}/v1beta/models`, "gemini", "embeddings")).toBe(`${gemini}/v1beta/models/m-1:embedContent`)
  expect(url(gemini, "gemini", "generate", { model: "tunedModels/mine" })).toBe(
    `${gemini}/v1beta/tunedModels/mine:generateContent`,
  )
  expect(url(gemini, "gemini", "generate", { model: "a/../b?c#d" })).toBe(
    `${gemini}/v1beta/models/a%2F..%2Fb%3Fc%23d:generateContent`,
  )
})

test("Azure has a path per deployment and a dated version, or its new base", () => {
  const azure = (base: string, dialect: Dialect, apiVersion?: string, query = "") =>
    url(base, dialect, "generate", { provider: "azure", apiVersion, query })
  const root = "https://x.openai.azure.com"
  expect(azure(root, "openai-chat", "2024-10-21")).toBe(
    `${root}/openai/deployments/m-1/chat/completions?api-version=2024-10-21`,
  )
  expect(azure(`${root}/openai/deployments/other`, "openai-chat", "2024-10-21")).toBe(
    `${root}/openai/deployments/other/chat/completions?api-version=2024-10-21`,
  )
  expect(azure(root, "openai-chat")).toBe(
    `${root}/openai/deployments/m-1/chat/completions?api-version=2025-02-01-preview`,
  )
  expect(azure(root, "openai-chat", undefined, "?api-version=2024-06-01")).toBe(
    `${root}/openai/deployments/m-1/chat/completions?api-version=2024-06-01`,
  )
  expect(azure(root, "openai-responses", "2025-04-01-preview")).toBe(
    `${root}/openai/responses?api-version=2025-04-01-preview`,
  )
  expect(azure(root, "openai-responses")).toBe(`${root}/openai/v1/responses`)
  expect(azure(`${root}/openai/v1`, "openai-chat")).toBe(`${root}/openai/v1/chat/completions`)
  expect(azure(`${root}/openai/v1`, "openai-chat", "preview")).toBe(
    `${root}/openai/v1/chat/completions?api-version=preview`,
  )
  expect(() => url(root, "openai-chat", "generate", { provider: "azure", model: ".." })).toThrow("not a model's name")
})

test("Supermemory's router takes the provider's address with or without its scheme", () => {
  const router = "https://api.supermemory.ai/v3"
  expect(url(`${router}/api.anthropic.com`, "anthropic")).toBe(`${router}/api.anthropic.com/v1/messages`)
  expect(url(`${router}/https://api.openai.com/v1`, "openai-chat")).toBe(
    `${router}/https://api.openai.com/v1/chat/completions`,
  )
  expect(url(`${router}/generativelanguage.googleapis.com/v1beta/`, "gemini")).toBe(
    `${router}/generativelanguage.googleapis.com/v1beta/models/m-1:generateContent`,
  )
})

test("the client's key and path version never go on, however they are spelt; the rest goes as written", () => {
  const query = "?key=sk-1&k%65y=sk-2&a=%20b+c&&key=sk-3&api-version=1&flag"
  expect(url("https://x/v1", "openai-chat", "generate", { query })).toBe("https://x/v1/chat/completions?a=%20b+c&flag")
})

test("a pass-through path is joined to the base with one version, and cannot leave it", () => {
  const pass = (base: string, rest: string) => url(base, "openai-chat", "passthrough", { rest })
  expect(pass("https://api.openai.com/v1", "/v1/files/f-1/content")).toBe("https://api.openai.com/v1/files/f-1/content")
  expect(pass("https://api.openai.com/v1", "/files")).toBe("https://api.openai.com/v1/files")
  expect(pass("https://api.anthropic.com", "/v1/messages/batches")).toBe(
    "https://api.anthropic.com/v1/messages/batches",
  )
  expect(pass("https://g/v1beta", "/v1/models/m:generateContent")).toBe("https://g/v1/models/m:generateContent")
  for (const rest of [
    "/../x",
    "/a/..",
    "/%2e%2E/x",
    "/a/.%2e",
    "/a\\b",
    "/a?b",
    "/a#b",
    "//evil.example",
    "/a b",
    "/a\r\nb",
    "/a%0d%0ab",
    "/%2f..",
    "/a%zz",
    "/a/..;/b",
    "/é",
  ]) {
    expect(() => pass("https://api.supermemory.ai/v3/https://api.openai.com/v1", rest)).toThrow(
      "cannot be passed through",
    )
  }
})
