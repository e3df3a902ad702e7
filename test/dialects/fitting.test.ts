/** What a provider refuses is left out of translated requests, and of others as far as LiteLLM's settings ask for it. */
import { describe, expect, test } from "bun:test"
import { changeFor, fitBody, habitsOf, type Served } from "../../src/dialects/fitting.ts"
import { writeRequest } from "../../src/dialects/outgoing.ts"
import { QUIRKS } from "../../src/dialects/quirks.ts"
import { readRequest } from "../../src/dialects/request.ts"
import type { JsonObject } from "../../src/exchange.ts"
import type { Deployment } from "../../src/settings.ts"
import { deployment } from "../support/deployment.ts"
import { jsonText, textOf } from "../support/nodes.ts"

const chat = (provider: string, model: string): Served => ({ dialect: "openai-chat", provider, model })
const fitted = (served: Served, body: JsonObject, allowed: string[] = [], asked: JsonObject = {}) => {
  const sent = structuredClone(body)
  const { lost } = fitBody(sent, habitsOf(served), allowed, asked, {})
  return { sent, lost }
}
const SAID = { model: "m", messages: [{ role: "user", content: "hi" }] } satisfies JsonObject
const CHAT = { dialect: "openai-chat", operation: "generate", model: null, stream: null, version: null } as const
const sameDialect = (more: Partial<Deployment>, body: JsonObject, model: string) => {
  const asked = readRequest(CHAT, jsonText(body))
  const { body: sent } = writeRequest(asked, changeFor(asked, deployment(more), model))
  return { text: textOf(sent), isUnchanged: sent.length === 1 }
}

test("every row says why, and does something", () => {
  for (const rows of Object.values(QUIRKS))
    for (const row of rows) {
      expect(row.because.length).toBeGreaterThan(10)
      expect(row.drops ?? row.renames ?? row.efforts ?? row.patches).toBeDefined()
    }
})

describe("parameters that a model refuses are left out and told", () => {
  const ALL = { ...SAID, max_tokens: 9, temperature: 0.2, top_p: 0.9, stop: ["x"], logprobs: true, presence_penalty: 1 }

  test.each(["o3", "o4-mini", "gpt-5", "gpt-5-mini", "gpt-5.2-codex"])("%s takes no sampling", (model) => {
    const { sent, lost } = fitted(chat("openai", model), ALL)
    expect(sent).toEqual({ ...SAID, max_completion_tokens: 9 })
    expect(lost.toSorted()).toEqual(["logprobs", "presence_penalty", "stop", "temperature", "top_p"])
  })

  test("gpt-4o and gpt-5-chat take all of it, and no effort", () => {
    for (const model of ["gpt-4o", "gpt-5-chat-latest"]) {
      const { sent, lost } = fitted(chat("openai", model), { ...ALL, reasoning_effort: "low" })
      const { max_tokens, ...others } = ALL
      expect(sent).toEqual({ ...others, max_completion_tokens: max_tokens })
      expect(lost).toEqual(["reasoning_effort"])
    }
  })

  test("a compatible server is asked with the old name for the most tokens", () => {
    const asked = { ...SAID, max_tokens: 9 }
    expect(fitted(chat("openai", "qwen3-32b"), asked)).toEqual({ sent: asked, lost: [] })
  })

  test("gpt-5.1 takes a temperature only where it does not reason", () => {
    const asked = { ...SAID, temperature: 0.2 }
    expect(fitted(chat("openai", "gpt-5.1"), asked).sent).toEqual(asked)
    expect(fitted(chat("azure", "gpt-5.1"), { ...asked, reasoning_effort: "low" }).lost).toEqual(["temperature"])
  })

  test("an effort becomes the nearest word that the model knows", () => {
    const effort = (provider: string, model: string, asked: string) =>
      fitted(chat(provider, model), { ...SAID, reasoning_effort: asked }).sent["reasoning_effort"]
    expect(effort("openai", "o3", "minimal")).toBe("low")
    expect(effort("openai", "gpt-5", "xhigh")).toBe("high")
    expect(effort("openai", "gpt-5.1", "minimal")).toBe("none")
    expect(effort("ollama", "qwen3", "xhigh")).toBe("high")
    expect(effort("groq", "qwen/qwen3-32b", "high")).toBe("default")
    expect(effort("xai", "grok-3-mini", "medium")).toBe("low")
    expect(effort("xai", "grok-4", "medium")).toBeUndefined()
  })

  test("the newest Claude models take no sampling, those before one of temperature and top_p", () => {
    const claude = (model: string): Served => ({ dialect: "anthropic", provider: "anthropic", model })
    const asked = { ...SAID, temperature: 0.3, top_p: 0.9, top_k: 5 }
    expect(fitted(claude("claude-opus-4-7"), asked).sent).toEqual(SAID)
    expect(fitted(claude("claude-opus-4-5"), asked).lost).toEqual(["top_p"])
    expect(fitted(claude("claude-3-7-sonnet-latest"), asked).lost).toEqual([])
  })

  test("Gemini's penalties are found where they are", () => {
    const gemini: Served = { dialect: "gemini", provider: "gemini", model: "gemini-3-pro-preview" }
    const { sent, lost } = fitted(gemini, { generationConfig: { presencePenalty: 1, temperature: 1 } })
    expect(sent).toEqual({ generationConfig: { temperature: 1 } })
    expect(lost).toEqual(["presence_penalty"])
  })

  test("a model that nobody has a row for is sent everything", () => {
    expect(habitsOf(chat("custom_openai", "my-model")).quirks).toEqual([])
    expect(fitted(chat("hosted_vllm", "llama"), ALL)).toEqual({ sent: ALL, lost: [] })
  })
})

describe("providers get the words they know", () => {
  test("Mistral: its own name for the seed, ids of nine characters for a call and its result, a prefix, no stream_options", () => {
    const call = { id: "call_abc-123", type: "function", function: { name: "f", arguments: "{}" } }
    const { sent } = fitted(chat("mistral", "mistral-large-latest"), {
      model: "m",
      seed: 7,
      stream: true,
      stream_options: { include_usage: true },
      messages: [
        { role: "assistant", content: null, tool_calls: [call, { ...call, id: "abcDEF123" }] },
        { role: "tool", tool_call_id: "call_abc-123", content: "1" },
        { role: "tool", tool_call_id: "abcDEF123", content: "2" },
        { role: "assistant", content: "So" },
      ],
    })
    const [asked, first, second, last] = sent["messages"] as JsonObject[]
    const ids = (asked!["tool_calls"] as JsonObject[]).map((one) => one["id"])
    expect(ids).toEqual([first!["tool_call_id"]!, second!["tool_call_id"]!])
    expect(ids[0]).toMatch(/^[a-zA-Z0-9]{9}$/)
    expect(ids[1]).toBe("abcDEF123")
    expect(last).toEqual({ role: "assistant", content: "So", prefix: true })
    expect(sent).toMatchObject({ random_seed: 7 })
    expect(sent).not.toHaveProperty("seed")
    expect(sent).not.toHaveProperty("stream_options")
  })

  test("DeepSeek: a schema is told in words, an image is left out and told", () => {
    const image = { type: "image_url", image_url: { url: "https://x/y.png" } }
    const { sent, lost } = fitted(chat("deepseek", "deepseek-chat"), {
      model: "m",
      messages: [{ role: "user", content: [{ type: "text", text: "look" }, image] }],
      response_format: { type: "json_schema", json_schema: { name: "a", schema: { type: "object" } } },
    })
    expect(sent["response_format"]).toEqual({ type: "json_object" })
    expect((sent["messages"] as JsonObject[]).map((one) => one["role"])).toEqual(["system", "user"])
    expect((sent["messages"] as JsonObject[])[1]!["content"]).toBe("look")
    expect(lost).toEqual(["image_url", "response_format (told as an instruction)"])
  })

  test("the first o1 and Gemma get instructions as a user's words", () => {
    const system = { role: "developer", content: "Be brief." }
    const { sent } = fitted(chat("openai", "o1-mini"), {
      model: "m",
      messages: [system, ...SAID.messages],
      tools: [{}],
    })
    expect(sent).toEqual({ model: "m", messages: [{ role: "user", content: "Be brief." }, ...SAID.messages] })
    const gemma: Served = { dialect: "gemini", provider: "gemini", model: "gemma-3-27b-it" }
    const contents = [{ role: "user", parts: [{ text: "hi" }] }]
    expect(fitted(gemma, { contents, systemInstruction: { parts: [{ text: "Be brief." }] } }).sent).toEqual({
      contents: [{ role: "user", parts: [{ text: "Be brief." }] }, ...contents],
    })
  })
})

describe("LiteLLM's settings", () => {
  const asked = { ...SAID, max_tokens: 5, temperature: 0.2, logit_bias: { "1": 2 } }
  const off = { drops: false, modifies: false, allowed: [] }

  test("drop_params leaves out what the model refuses on same-dialect calls, and changes nothing else", () => {
    const { text } = sameDialect({ fitting: { ...off, drops: true } }, asked, "o3")
    expect(text).toBe(JSON.stringify({ ...SAID, model: "o3", max_tokens: 5 }))
  })

  test("modify_params renames what the model knows under another name", () => {
    const { text } = sameDialect({ fitting: { ...off, modifies: true } }, asked, "o3")
    const { max_tokens, ...others } = asked
    expect(JSON.parse(text)).toEqual({ ...others, model: "o3", max_completion_tokens: max_tokens })
  })

  test("modify_params mends what Anthropic refuses in tool loops, as LiteLLM's does", () => {
    const call = { type: "tool_use", id: "t", name: "f", input: {} }
    const result = { role: "user", content: [{ type: "tool_result", tool_use_id: "t", content: "1" }] }
    const body = {
      model: "m",
      max_tokens: 9,
      thinking: { type: "enabled", budget_tokens: 1024 },
      messages: [{ role: "user", content: "hi" }, { role: "assistant", content: [call] }, result],
    }
    const asked = readRequest({ ...CHAT, dialect: "anthropic" }, jsonText(body))
    const one = deployment({ provider: "anthropic", speaks: ["anthropic"], fitting: { ...off, modifies: true } })
    const sent = JSON.parse(textOf(writeRequest(asked, changeFor(asked, one, "claude-sonnet-4-5")).body))
    const { thinking, ...others } = body
    expect(sent).toEqual({
      ...others,
      model: "claude-sonnet-4-5",
      tools: [expect.objectContaining({ name: "no_tool" })],
    })
    const plain = { ...body, messages: body.messages.slice(0, 1) }
    const first = readRequest({ ...CHAT, dialect: "anthropic" }, jsonText(plain))
    const newest = JSON.parse(textOf(writeRequest(first, changeFor(first, one, "claude-opus-4-7")).body))
    expect([newest.thinking, thinking.type]).toEqual([{ type: "adaptive" }, "enabled"])
    expect(JSON.parse(textOf(writeRequest(first, changeFor(first, one, "claude-sonnet-4-5")).body)).thinking).toEqual(
      thinking,
    )
  })

  test("without them the client's bytes go out as they came", () => {
    expect(sameDialect({ fitting: off }, asked, "m")).toEqual({ text: JSON.stringify(asked), isUnchanged: true })
    expect(sameDialect({ fitting: { ...off, drops: true } }, asked, "m").isUnchanged).toBe(true)
  })

  test("allowed_openai_params are sent whatever the table says, and taken over where translation does not know them", () => {
    const allowed = ["temperature", "logit_bias"]
    const { text } = sameDialect({ fitting: { drops: true, modifies: false, allowed } }, asked, "o3")
    expect(JSON.parse(text)).toEqual({ ...asked, model: "o3" })
    const { sent } = fitted(chat("openai", "o3"), { ...SAID, temperature: 0.2 }, allowed, asked)
    expect(sent).toEqual({ ...SAID, temperature: 0.2, logit_bias: { "1": 2 } })
  })

  test("drop_params keeps a refused parameter of the config out too", () => {
    const { text } = sameDialect({ fitting: { ...off, drops: true }, params: { top_p: 0.5 } }, SAID, "o3")
    expect(JSON.parse(text)).toEqual({ ...SAID, model: "o3" })
  })

  test("Mistral is not asked for the usage it tells anyway", () => {
    const stream = { ...SAID, stream: true }
    expect(sameDialect({ provider: "mistral" }, stream, "m").text).not.toContain("stream_options")
    expect(sameDialect({}, stream, "m").text).toContain("stream_options")
  })
})
