import { describe, expect, test } from "bun:test"
import { matchEndpoint } from "../../src/dialects/endpoints.ts"

const brief = (path: string) => {
  const found = matchEndpoint("POST", path)
  return found && [found.dialect, found.operation, found.model, found.stream, found.version]
}

describe("model routes", () => {
  test.each([
    ["chat/completions", "openai-chat", "generate"],
    ["completions", "openai-chat", "completions"],
    ["embeddings", "openai-chat", "embeddings"],
    ["responses", "openai-responses", "generate"],
    ["responses/input_tokens", "openai-responses", "count_tokens"],
    ["messages", "anthropic", "generate"],
    ["messages/count_tokens", "anthropic", "count_tokens"],
  ])("%s is found with and without /v1", (path, dialect, operation) => {
    expect(brief(`/v1/${path}`)).toEqual([dialect, operation, null, null, null])
    expect(brief(`/${path}`)).toEqual([dialect, operation, null, null, null])
    expect(brief(`/v1/${path}/`)).toEqual([dialect, operation, null, null, null])
  })

  test("a compaction never streams", () => {
    expect(brief("/v1/responses/compact")).toEqual(["openai-responses", "compact", null, false, null])
  })

  test.each([
    ["/v1beta/models/gemini-2.5-pro:generateContent", "generate", "gemini-2.5-pro", false, "v1beta"],
    ["/v1/models/gemini-2.5-pro:streamGenerateContent", "generate", "gemini-2.5-pro", true, "v1"],
    ["/models/gemini-2.5-pro:countTokens", "count_tokens", "gemini-2.5-pro", false, null],
    ["/v1beta/models/gemini-embedding-001:embedContent", "embeddings", "gemini-embedding-001", false, "v1beta"],
    ["/v1beta/models/gemini-embedding-001:batchEmbedContents", "embeddings", "gemini-embedding-001", false, "v1beta"],
    ["/v1beta/models/models/gemini-2.5-pro:generateContent", "generate", "gemini-2.5-pro", false, "v1beta"],
    [
      "/v1beta/models/openrouter/meta-llama/llama-3:generateContent",
      "generate",
      "openrouter/meta-llama/llama-3",
      false,
      "v1beta",
    ],
    ["/v1beta/models/ollama%2Fllama3:8b:generateContent", "generate", "ollama/llama3:8b", false, "v1beta"],
    ["/v1beta/models/gemini-2.5-pro%3AgenerateContent", "generate", "gemini-2.5-pro", false, "v1beta"],
  ] as const)("%s says model, stream and version in its path", (path, operation, model, stream, version) => {
    expect(brief(path)).toEqual(["gemini", operation, model, stream, version])
  })

  test.each([
    ["/openai/deployments/gpt-4o/chat/completions", "generate", "gpt-4o"],
    ["/openai/deployments/team%2Fgpt-4o/chat/completions", "generate", "team/gpt-4o"],
    ["/openai/deployments/team/gpt-4o/embeddings", "embeddings", "team/gpt-4o"],
    ["/engines/my%20model/completions", "completions", "my model"],
    ["/v1/engines/gpt-4o/chat/completions", "generate", "gpt-4o"],
  ])("%s carries its model like Azure's clients do", (path, operation, model) => {
    expect(brief(path)).toEqual(["openai-chat", operation, model, null, null])
  })

  test.each([
    "/v1beta/models/../secrets:generateContent",
    "/v1beta/models/%2e%2e/x:generateContent",
    "/v1beta/models/a%2F..%2Fb:generateContent",
    "/v1beta/models/./x:generateContent",
    "/v1beta/models//x:generateContent",
    "/v1beta/models/a%5Cb:generateContent",
    "/v1beta/models/a%00b:generateContent",
    "/v1beta/models/a%0d%0ax:generateContent",
    "/v1beta/models/a%3Fkey=1:generateContent",
    "/v1beta/models/a%23b:generateContent",
    "/v1beta/models/%zz:generateContent",
    "/v1beta/models/%ff:generateContent",
    "/v1beta/models/:generateContent",
    "/openai/deployments/../../x/chat/completions",
    "/openai/deployments//chat/completions",
  ])("%s is refused, for its model would climb out of a URL", (path) => {
    expect(brief(path)).toBeNull()
  })

  test.each([
    "/v1/chat/completions/../messages",
    "/v1//chat/completions",
    "/v2/chat/completions",
    "/v1beta/chat/completions",
    "/v1beta/models/x:constructor",
    "/v1beta/models/x",
    "/openai/deployments/x/toString",
    "/toString",
    "/v1/responses/resp_1",
    "/openai/v1/chat/completions",
    "/",
  ])("%s is no model route", (path) => {
    expect(brief(path)).toBeNull()
  })

  test("only POST calls a model", () => {
    expect(matchEndpoint("GET", "/v1/responses")).toBeNull()
    expect(matchEndpoint("DELETE", "/v1beta/models/x:generateContent")).toBeNull()
  })

  test("a long path full of slashes is judged in no time worth mentioning", () => {
    expect(brief(`/openai/deployments/${"a/".repeat(50_000)}`)).toBeNull()
    expect(brief(`/v1beta/models/${"a:".repeat(50_000)}!`)).toBeNull()
  })
})
