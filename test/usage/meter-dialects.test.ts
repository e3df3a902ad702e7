/** What providers do that no recording shows: each dialect's odd streams and bodies, written by hand after documentation and bug reports. */
import { describe, expect, test } from "bun:test"
import { openaiChat } from "../../src/dialects/openai-chat/codec.ts"
import { events, meter } from "./metering.ts"

const chunk = (delta: object, finish: string | null = null, more: object = {}) => ({
  object: "chat.completion.chunk",
  model: "m",
  choices: [{ index: 0, delta, finish_reason: finish }],
  ...more,
})
const chatUsage = { prompt_tokens: 10, completion_tokens: 5, total_tokens: 15 }
const json = (body: object) => [JSON.stringify(body)]

describe("Chat", () => {
  const chat = { dialect: "openai-chat" } as const
  const asJson = { ...chat, contentType: "application/json" }

  test("a stream is over at [DONE] and not before; where that is missing, a finish reason will do at a clean end", () => {
    const whole = [chunk({ content: "hi" }), chunk({}, "stop"), { choices: [], usage: chatUsage }]
    const counted = { finishReason: "stop", usage: { input: 10, output: 5 }, terminal: true }
    expect(meter(events(...whole), chat)).toMatchObject({ ...counted, early: false })
    expect(meter(events(...whole, "[DONE]"), chat)).toMatchObject({ ...counted, early: true })
  })

  test("a finish reason alone ends it only when nothing more comes", () => {
    const seen = meter(events(chunk({ content: "hi" }), chunk({}, "stop")), chat)
    expect(seen).toMatchObject({ terminal: true, early: false, usage: null })
    expect(meter(events(chunk({ content: "hi" })), chat).terminal).toBe(false)
  })

  test("usage with every chunk (vLLM) is no end, and the last one counts", () => {
    const growing = { ...chatUsage, completion_tokens: 1 }
    const seen = meter(
      events(chunk({ content: "a" }, null, { usage: growing }), chunk({ content: "b" }, null, { usage: chatUsage })),
      chat,
    )
    expect(seen).toMatchObject({ terminal: false, usage: { output: 5 }, outputChars: 2 })
  })

  test("usage hidden in x_groq or in the choice (Moonshot) is found", () => {
    expect(meter(events(chunk({}, "stop", { x_groq: { usage: chatUsage } })), chat).usage).toMatchObject({
      input: 10,
      output: 5,
    })
    const moonshot = { choices: [{ index: 0, delta: {}, finish_reason: "stop", usage: chatUsage }] }
    expect(meter(events(moonshot), chat).usage).toMatchObject({ input: 10, output: 5 })
  })

  test("a structured answer given as a value (Cloudflare) is text to be counted", () => {
    const content = { name: "Ada", age: 36 }
    const { outputChars, speech } = meter(json({ choices: [{ message: { role: "assistant", content } }] }), {
      ...asJson,
      keepsSpeech: true,
    })
    expect([outputChars, speech]).toEqual([23, '{"name":"Ada","age":36}'])
    expect(openaiChat.readAnswer({ choices: [{ message: { content } }] }).parts).toEqual([
      { kind: "text", text: speech },
    ])
  })

  test("a choice's own error (OpenRouter) is the answer's", () => {
    const choices = [
      { index: 0, message: { content: "half" }, finish_reason: "error", error: { code: 502, message: "m" } },
    ]
    expect(meter(json({ choices, usage: chatUsage }), asJson)).toMatchObject({
      errorType: "upstream",
      finishReason: "error",
    })
  })

  test("zeros are counts, null and nonsense are not", () => {
    const zero = {
      prompt_tokens: 0,
      completion_tokens: 0,
      prompt_tokens_details: { cached_tokens: 0 },
      prompt_cache_hit_tokens: 7,
    }
    expect(meter(json({ usage: zero }), asJson).usage).toMatchObject({ input: 0, output: 0, cacheRead: 0 })
    expect(meter(json({ usage: null }), asJson).usage).toBeNull()
    expect(meter(json({ usage: {} }), asJson).usage).toBeNull()
    for (const [prompt_tokens, completion_tokens] of [
      ["9", -1],
      [10.5, 1e15],
    ] as const)
      expect(meter(json({ usage: { prompt_tokens, completion_tokens } }), asJson).usage).toBeNull()
  })

  test("cache and audio are read where each provider puts them", () => {
    const openai = {
      ...chatUsage,
      prompt_tokens_details: { cached_tokens: 4, audio_tokens: 2 },
      completion_tokens_details: { reasoning_tokens: 3, audio_tokens: 1 },
    }
    expect(meter(json({ usage: openai }), asJson).usage).toEqual({
      input: 10,
      cacheRead: 4,
      cacheWrite: 0,
      cacheWrite1h: 0,
      output: 5,
      reasoning: 3,
      inputAudio: 2,
      cacheReadAudio: null,
      outputAudio: 1,
    })
    expect(meter(json({ usage: { ...chatUsage, prompt_cache_hit_tokens: 6 } }), asJson).usage?.cacheRead).toBe(6)
    expect(
      meter(json({ usage: { ...chatUsage, prompt_tokens_details: { cache_write_tokens: 3 } } }), asJson).usage
        ?.cacheWrite,
    ).toBe(3)
  })

  test("reasoning that completion_tokens leaves out (xAI, Gemini's compatible API) is added from the total", () => {
    const xai = {
      prompt_tokens: 10,
      completion_tokens: 5,
      total_tokens: 115,
      completion_tokens_details: { reasoning_tokens: 100 },
    }
    expect(meter(json({ usage: xai }), asJson).usage).toMatchObject({ output: 105, reasoning: 100 })
    expect(meter(json({ usage: { ...chatUsage, total_tokens: 40 } }), asJson).usage).toMatchObject({
      output: 30,
      reasoning: 25,
    })
    const other = { ...xai, total_tokens: 120 }
    expect(meter(json({ usage: other }), asJson).usage).toMatchObject({ output: 5, reasoning: 100 })
  })

  test("tool calls are counted once whatever their index and ids do", () => {
    const call = (index: number | undefined, id: string | undefined, name: string | undefined, text = "{}") =>
      chunk({ tool_calls: [{ index, id, function: { name, arguments: text } }] })
    const count = (...chunks: object[]) => meter(events(...chunks), chat).toolCalls
    expect(
      count(call(0, "a", "f", ""), call(0, undefined, undefined), call(1, "b", "g"), call(1, undefined, undefined)),
    ).toBe(2)
    expect(count(call(0, "a", "f"), call(0, "b", "g"))).toBe(2) // Gemini's compatible API
    expect(count(call(undefined, "a", "f"), call(undefined, "b", "g"))).toBe(2)
    expect(count(call(0, "a", "f"), call(0, "other", undefined), call(0, "a", "f"))).toBe(1)
    expect(count(chunk({ tool_calls: [] }), chunk({ tool_calls: null, content: "x" }))).toBe(0)
    expect(meter(json({ choices: [{ message: { tool_calls: [{ id: "a" }, { id: "b" }] } }] }), asJson).toolCalls).toBe(
      2,
    )
    expect(
      meter(json({ choices: [{ message: { function_call: { name: "f", arguments: "{}" } } }] }), asJson).toolCalls,
    ).toBe(1)
  })

  test("it has started with the first text, thought or tool call and not with the role", () => {
    expect(meter(events(chunk({ role: "assistant", content: "" })), chat).started).toBe(false)
    expect(meter(events(chunk({ content: null, reasoning_content: "hm" })), chat)).toMatchObject({
      started: true,
      outputChars: 2,
    })
    expect(
      meter(events(chunk({ tool_calls: [{ index: 0, id: "a", function: { name: "f", arguments: "" } }] })), chat)
        .started,
    ).toBe(true)
    const parts = [
      { type: "thinking", thinking: [{ type: "text", text: "abc" }] },
      { type: "text", text: "de" },
    ]
    expect(meter(events(chunk({ content: parts })), chat).outputChars).toBe(5)
  })

  test("an error inside of a 200 stream is named, and is no regular end", () => {
    const seen = meter(
      events(chunk({ content: "hi" }), { error: { message: "x", type: "server_error", code: null } }),
      chat,
    )
    expect(seen).toMatchObject({ errorType: "server_error", terminal: false })
    const router = chunk({ content: "" }, "error", { error: { code: 502, message: "Provider disconnected" } })
    expect(meter(events(router), chat).errorType).toBe("upstream")
  })

  test("the old completions are read like chats", () => {
    const old = (text: string, finish: string | null = null) => ({
      object: "text_completion",
      choices: [{ text, index: 0, finish_reason: finish }],
    })
    const seen = meter(events(old("Hel"), old("lo", "length"), "[DONE]"), { ...chat, operation: "completions" })
    expect(seen).toMatchObject({ outputChars: 5, finishReason: "length", terminal: true, started: true })
  })
})

describe("Responses", () => {
  const responses = { dialect: "openai-responses" } as const
  const usage = {
    input_tokens: 10,
    input_tokens_details: { cached_tokens: 4 },
    output_tokens: 5,
    output_tokens_details: { reasoning_tokens: 2 },
  }

  test("an incomplete answer is an end, with its reason", () => {
    const response = {
      status: "incomplete",
      incomplete_details: { reason: "max_output_tokens" },
      usage,
      model: "m",
      output: [],
    }
    const seen = meter(events({ type: "response.incomplete", response }), responses)
    expect(seen).toMatchObject({
      terminal: true,
      finishReason: "max_output_tokens",
      errorType: null,
      usage: { input: 10, cacheRead: 4, output: 5, reasoning: 2 },
    })
  })

  test("a failed answer is an end with an error, a bare error event is none", () => {
    const failed = {
      type: "response.failed",
      response: { status: "failed", error: { code: "rate_limit_exceeded", message: "x" } },
    }
    expect(meter(events(failed), responses)).toMatchObject({
      terminal: true,
      finishReason: "failed",
      errorType: "rate_limit_exceeded",
    })
    expect(meter(events({ type: "error", code: "server_error", message: "x" }), responses)).toMatchObject({
      terminal: false,
      errorType: "server_error",
    })
  })

  test("[DONE] does not stand for response.completed", () => {
    expect(meter(events({ type: "response.output_text.delta", delta: "hi" }, "[DONE]"), responses)).toMatchObject({
      terminal: false,
      started: true,
      outputChars: 2,
    })
  })

  test("only calls that the client answers are counted", () => {
    const output = [
      { type: "function_call" },
      { type: "web_search_call" },
      { type: "custom_tool_call" },
      { type: "mcp_call" },
      { type: "tool_search_call", execution: "server" },
    ]
    const body = JSON.stringify({ object: "response", status: "completed", output, usage })
    expect(meter([body], { ...responses, contentType: "application/json" })).toMatchObject({
      toolCalls: 2,
      finishReason: "completed",
      terminal: true,
    })
  })

  test("searches are counted, pages opened and looked through are not", () => {
    const search = (action?: object) => ({ type: "web_search_call", status: "completed", ...(action && { action }) })
    const output = [
      search({ type: "search" }),
      search({ type: "open_page" }),
      search({ type: "find_in_page" }),
      search(),
    ]
    const seen = meter(
      events({ type: "response.completed", response: { status: "completed", output, usage } }),
      responses,
    )
    expect(seen.usage).toMatchObject({ webSearches: 2 })
    const none = meter(events({ type: "response.completed", response: { output: [], usage } }), responses)
    expect(none.usage).not.toHaveProperty("webSearches")
  })

  test("text that came in deltas is not counted again from the whole answer", () => {
    const message = { type: "message", content: [{ type: "output_text", text: "Hello" }] }
    const completed = { type: "response.completed", response: { status: "completed", output: [message], usage } }
    const delta = { type: "response.output_text.delta", delta: "Hello" }
    expect(meter(events(delta, completed), responses).outputChars).toBe(5)
    expect(meter(events(completed), responses).outputChars).toBe(5)
  })
})

describe("Anthropic", () => {
  const anthropic = { dialect: "anthropic" } as const
  const start = (usage: object) => ({ type: "message_start", message: { model: "claude", content: [], usage } })
  const delta = (usage: object) => ({ type: "message_delta", delta: { stop_reason: "end_turn" }, usage })
  const usageOf = (...data: object[]) => meter(events(...data), anthropic).usage

  test("usage is cumulative: the last word counts and nothing is added", () => {
    const opening = {
      input_tokens: 5,
      cache_read_input_tokens: 100,
      cache_creation_input_tokens: 30,
      cache_creation: { ephemeral_5m_input_tokens: 10, ephemeral_1h_input_tokens: 20 },
      output_tokens: 1,
    }
    const whole = { input: 135, cacheRead: 100, cacheWrite: 30, cacheWrite1h: 20, output: 9 }
    expect(usageOf(start(opening), delta({ output_tokens: 9 }))).toMatchObject(whole)
    expect(
      usageOf(start(opening), delta({ ...opening, output_tokens: 4 }), delta({ ...opening, output_tokens: 9 })),
    ).toMatchObject(whole)
    expect(
      usageOf(
        start(opening),
        delta({ input_tokens: 0, cache_read_input_tokens: 0, cache_creation_input_tokens: null, output_tokens: 9 }),
      ),
    ).toMatchObject(whole)
  })

  test("an estimate at the start gives way to the truth at the end, cache and all", () => {
    const truth = { input_tokens: 0, cache_read_input_tokens: 90, cache_creation_input_tokens: 0, output_tokens: 9 }
    expect(usageOf(start({ input_tokens: 120, output_tokens: 0 }), delta(truth))).toMatchObject({
      input: 90,
      cacheRead: 90,
      output: 9,
    })
    expect(
      usageOf(start({ input_tokens: 0, output_tokens: 0 }), delta({ input_tokens: 33, output_tokens: 9 })),
    ).toMatchObject({ input: 33 })
  })

  test("what compaction took is billed and stands apart: it is added once", () => {
    const iterations = [
      { type: "compaction", input_tokens: 180_000, output_tokens: 3500 },
      { type: "message", input_tokens: 23_000, output_tokens: 1000 },
    ]
    const said = { input_tokens: 23_000, output_tokens: 1000, iterations }
    expect(usageOf(start({ input_tokens: 23_000, output_tokens: 1 }), delta(said), delta(said))).toMatchObject({
      input: 203_000,
      output: 4500,
    })
  })

  test("an answer that a gateway begins anew in the middle has the calls of the second one", () => {
    const call = { type: "content_block_start", index: 0, content_block: { type: "tool_use", name: "n", input: {} } }
    const begin = start({ input_tokens: 17, output_tokens: 1 })
    const seen = meter(
      events(begin, call, begin, call, delta({ output_tokens: 65 }), { type: "message_stop" }),
      anthropic,
    )
    expect(seen).toMatchObject({ toolCalls: 1, usage: { input: 17, output: 65 }, terminal: true })
  })

  test("searches are cumulative too; where and how fast it ran is said beside the tier, whichever event says it", () => {
    const said = [
      start({ input_tokens: 17, output_tokens: 1, service_tier: "standard", inference_geo: "us" }),
      delta({ output_tokens: 3, server_tool_use: { web_search_requests: 1 } }),
      delta({ output_tokens: 9, server_tool_use: { web_search_requests: 3 }, speed: "fast" }),
    ]
    expect(meter(events(...said), anthropic)).toMatchObject({
      usage: { webSearches: 3, output: 9 },
      serviceTier: "standard us fast",
    })
    const usual = start({ input_tokens: 1, output_tokens: 1, inference_geo: "global", speed: "standard" })
    expect(meter(events(usual), anthropic).serviceTier).toBeNull()
    expect(usageOf(usual, delta({ output_tokens: 1, server_tool_use: { web_search_requests: 0 } }))).not.toHaveProperty(
      "webSearches",
    )
  })

  test("tools that run at the provider are no tool calls", () => {
    const block = (type: string) => ({
      type: "content_block_start",
      index: 0,
      content_block: { type, name: "n", input: {} },
    })
    const seen = meter(
      events(block("server_tool_use"), block("tool_use"), block("mcp_tool_use"), block("web_search_tool_result")),
      anthropic,
    )
    expect(seen).toMatchObject({ toolCalls: 1, started: true })
  })

  test("pings and padding change nothing", () => {
    const seen = meter(
      [`event: ping\ndata: {"type": "ping"}\n\n`, `data: {"type":"message_stop"      }\n\n`],
      anthropic,
    )
    expect(seen).toMatchObject({ terminal: true, started: false, usage: null })
  })

  test("a count of tokens is an answer and no consumption", () => {
    const counted = meter([`{"input_tokens":1234}`], {
      ...anthropic,
      operation: "count_tokens",
      contentType: "application/json",
    })
    expect(counted).toMatchObject({ terminal: true, usage: { input: 0, output: 0 } })
    expect(meter([`{"totalTokens":31}`], { dialect: "gemini", operation: "count_tokens" }).usage).toMatchObject({
      input: 0,
      output: 0,
    })
  })
})
