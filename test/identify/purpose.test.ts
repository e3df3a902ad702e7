import { describe, expect, test } from "bun:test"
import type { Dialect, JsonObject } from "../../src/exchange.ts"
import { purposeOf } from "../../src/identify/purpose.ts"
import { readTurns } from "../../src/identify/turns.ts"
import { captured, dialectOf, haveCaptured } from "./captured.ts"
import { nodeOf } from "../support/nodes.ts"

const purpose = (dialect: Dialect, body: JsonObject, headers: Record<string, string> = {}) =>
  purposeOf({ headers: new Headers(headers), body: nodeOf(body), newest: readTurns(dialect, nodeOf(body)).at(-1) })
const user = (content: string) => [{ role: "user", content }]

describe("what a call is for", () => {
  test("a person's words are a conversation, with tools or without, structured with tools too", () => {
    const tools = [{ type: "function", function: { name: "look" } }]
    expect(purpose("openai-chat", { messages: user("hi") })).toBe("conversation")
    expect(purpose("openai-chat", { messages: user("Write a title for my book.") })).toBe("conversation")
    expect(purpose("openai-chat", { messages: user("hi"), tools, response_format: { type: "json_object" } })).toBe(
      "conversation",
    )
    expect(purpose("anthropic", { messages: user("hi"), max_tokens: 17 })).toBe("conversation")
    expect(purpose("openai-responses", { input: "hi", text: { format: { type: "text" } } })).toBe("conversation")
  })

  test("sixteen tokens or fewer are a probe, in every dialect's word for them", () => {
    expect(purpose("anthropic", { messages: user("quota"), max_tokens: 1 })).toBe("probe")
    expect(purpose("openai-chat", { messages: user("hi"), max_completion_tokens: 16 })).toBe("probe")
    expect(purpose("openai-responses", { input: "hi", max_output_tokens: 16 })).toBe("probe")
    expect(
      purpose("gemini", { contents: [{ parts: [{ text: "hi" }] }], generationConfig: { maxOutputTokens: 5 } }),
    ).toBe("probe")
  })

  test("JSON without tools is structured, in every dialect's word for it", () => {
    const schema = { type: "json_schema", schema: {} }
    expect(purpose("openai-chat", { messages: user("hi"), response_format: schema })).toBe("structured")
    expect(purpose("openai-responses", { input: "hi", text: { format: schema } })).toBe("structured")
    expect(purpose("anthropic", { messages: user("hi"), output_config: { format: schema } })).toBe("structured")
    for (const generationConfig of [
      { responseMimeType: "application/json" },
      { responseJsonSchema: {} },
    ] as JsonObject[])
      expect(purpose("gemini", { contents: [{ parts: [{ text: "hi" }] }], generationConfig })).toBe("structured")
  })

  test("titles and summaries are told by how their prompt or their words begin", () => {
    const system = { role: "system", content: "You are a title generator. You output ONLY a thread title." }
    expect(purpose("openai-chat", { messages: [system, ...user("hi")] })).toBe("title")
    expect(purpose("openai-chat", { messages: user("### Task:\nGenerate a concise, 3-5 word title") })).toBe("title")
    const summary = "Your task is to create a detailed summary of the conversation so far, paying close attention"
    expect(purpose("anthropic", { messages: user(summary) })).toBe("utility")
  })

  const codex = "x-codex-turn-metadata"
  test.each([
    ["x-claude-code-agent-id", "a26c", "sub-agent"],
    ["x-openai-subagent", "review", "sub-agent"],
    ["x-claude-code-request-class", "background", "utility"],
    ["x-claude-code-request-class", "main", "conversation"],
    [codex, '{"thread_source":"thread_title"}', "title"],
    [codex, '{"thread_source":"review"}', "sub-agent"],
    [codex, '{"thread_source":"user","request_kind":"prewarm"}', "utility"],
    [codex, '{"thread_source":"user","request_kind":"turn"}', "conversation"],
  ] as const)("the header %s: %s says: %s", (name, value, expected) => {
    expect(purpose("openai-responses", { input: "hi" }, { [name]: value })).toBe(expected)
  })

  test("a header that claims to be Codex's and is no JSON says nothing", () => {
    expect(purpose("openai-responses", { input: "hi" }, { "x-codex-turn-metadata": "{" })).toBe("conversation")
  })
})

describe.if(haveCaptured)("the recorded clients", () => {
  test("titles, routers, sub-agents and utility calls are told from the conversations", () => {
    const calls = captured.filter(({ path, body }) => body && dialectOf(path) && !path.endsWith("count_tokens"))
    const found = calls.map(({ scenario, headers, body, path }) => {
      const node = nodeOf(body)
      const newest = readTurns(dialectOf(path), node).at(-1)
      return `${scenario}: ${purposeOf({ headers, body: node, newest })}`
    })
    const others = new Set(found.filter((one) => !one.endsWith(": conversation")))
    expect([...others].sort()).toEqual([
      "claude-interactive: title",
      "claude-subagent: sub-agent",
      "claude-v1.0.128: utility",
      "claude-v2.0.50: sub-agent",
      "claude-v2.0.50: utility",
      "codex-tui: title",
      "gemini: structured",
      "hdr-qwen: sub-agent",
      "opencode-anthropic: title",
      "opencode-openai: title",
      "opencode: title",
      "qwen-anthropic: sub-agent",
      "qwen-gemini: sub-agent",
      "qwen: sub-agent",
      "recipe-opencode: title",
      "recipe-qwen: sub-agent",
    ])
  })
})
