/** Claude's streams as they are read, and what Claude's clients are streamed. */
import { expect, test } from "bun:test"
import type { Json, Usage } from "../../../src/exchange.ts"
import { anthropic } from "../../../src/dialects/anthropic/codec.ts"
import { type FinishReason, type FormEvent, Losses, type Reception } from "../../../src/dialects/form.ts"
import { collect, replay } from "../../../src/dialects/translation/collect.ts"
import { usageOf } from "../../../src/dialects/usage-count.ts"
import { readEvents } from "../../support/form.ts"
import { type Loose, parseLoose } from "../../support/json.ts"

const reception = (): Reception => ({
  id: "01-ab",
  created: 1,
  model: "m",
  body: {},
  wantsUsage: false,
  losses: new Losses(),
})
const read = (...events: Json[]) => readEvents(anthropic, events)
function write(events: readonly FormEvent[]): Loose[] {
  const writer = anthropic.streamWriter(reception())
  const sse = events.map((event) => writer.write(event)).join("")
  return sse
    .split("\n\n")
    .filter(Boolean)
    .map((event) => {
      const [name, data] = event.split("\n")
      const value = parseLoose(data!.slice(6))
      expect(name).toBe(`event: ${value.type}`)
      return value
    })
}
const usage: Usage = usageOf({ input: 100, cacheRead: 60, cacheWrite: 20, cacheWrite1h: 5, output: 9, reasoning: 4 })
const end = (reason: FinishReason = "stop", stopSequence: string | null = null): FormEvent[] => [
  { type: "usage", usage },
  { type: "finish", reason, raw: null, stopSequence },
  { type: "end" },
]
const start: FormEvent = { type: "start", id: "chatcmpl-1", model: "gpt", serviceTier: null }
const message = (extra: Loose = {}): Json => ({
  type: "message_start",
  message: {
    id: "msg_1",
    model: "claude",
    usage: { input_tokens: 20, cache_read_input_tokens: 60, output_tokens: 1 },
    ...extra,
  },
})
const block = (index: number, content_block: Json): Json => ({ type: "content_block_start", index, content_block })
const delta = (index: number, said: Json): Json => ({ type: "content_block_delta", index, delta: said })
const stop = (index: number): Json => ({ type: "content_block_stop", index })
const last = (stop_reason: string, said: Json = { output_tokens: 9 }): Json[] => [
  { type: "message_delta", delta: { stop_reason, stop_sequence: null }, usage: said },
  { type: "message_stop" },
]

test("a message starts at once with an id of Claude's kind; the true counts come with its end", () => {
  const events = write([start, ...end()])
  expect(events[0].message).toMatchObject({ id: "msg_01ab", role: "assistant", content: [], stop_reason: null })
  expect(events[0].message.usage).toMatchObject({ input_tokens: 0, output_tokens: 0 })
  expect(events.at(-2)).toMatchObject({ type: "message_delta", delta: { stop_reason: "end_turn" } })
  expect(events.at(-1)).toEqual({ type: "message_stop" })
})

test("counts are converted: Claude's input is what was neither read from the cache nor written to it", () => {
  const [, said] = write([start, ...end()])
  expect(said.usage).toMatchObject({
    input_tokens: 20,
    cache_read_input_tokens: 60,
    cache_creation_input_tokens: 20,
    cache_creation: { ephemeral_5m_input_tokens: 15, ephemeral_1h_input_tokens: 5 },
    output_tokens: 9,
  })
  expect(anthropic.readAnswer({ type: "message", content: [], usage: said.usage }).usage).toEqual(usage)
})

test("the stop reason waits for the counts that come after it", () => {
  const [finish, counts] = [end("length")[1]!, end()[0]!]
  const events = write([start, finish, counts, { type: "end" }])
  expect(events.map(({ type }) => type)).toEqual(["message_start", "message_delta", "message_stop"])
  expect(events[1]).toMatchObject({ delta: { stop_reason: "max_tokens" }, usage: { output_tokens: 9 } })
})

test("blocks are started and stopped in turn, each with its own kind of delta", () => {
  const events = write([
    start,
    { type: "open", part: { kind: "reasoning", redacted: false } },
    { type: "delta", text: "hm" },
    { type: "sign", signature: "s" },
    { type: "close" },
    { type: "open", part: { kind: "text" } },
    { type: "delta", text: 'say "hi"\n' },
    { type: "close" },
    { type: "open", part: { kind: "call", id: "functions.f:0", name: "f", form: "json" } },
    { type: "delta", text: '{"a":' },
    { type: "delta", text: "1}" },
    { type: "close" },
    ...end("calls"),
  ])
  expect(events.map((event) => event.delta?.type ?? event.content_block?.type ?? event.type).slice(1, -1)).toEqual([
    "thinking",
    "thinking_delta",
    "signature_delta",
    "content_block_stop",
    "text",
    "text_delta",
    "content_block_stop",
    "tool_use",
    "input_json_delta",
    "input_json_delta",
    "content_block_stop",
    "message_delta",
  ])
  expect(events.filter((event) => event.type === "content_block_stop").map(({ index }) => index)).toEqual([0, 1, 2])
  expect(events.find((event) => event.content_block?.type === "tool_use").content_block.id).toMatch(/^[a-zA-Z0-9_-]+$/)
})

test("redacted thinking is a block of its data; without any there is no block", () => {
  const redacted: FormEvent = { type: "open", part: { kind: "reasoning", redacted: true } }
  const text: FormEvent[] = [{ type: "open", part: { kind: "text" } }, { type: "delta", text: "a" }, { type: "close" }]
  const events = write([
    redacted,
    { type: "close" },
    redacted,
    { type: "sign", signature: "d" },
    { type: "close" },
    ...text,
  ])
  expect(events.slice(1).map((event) => [event.type, event.index])).toEqual([
    ["content_block_start", 0],
    ["content_block_stop", 0],
    ["content_block_start", 1],
    ["content_block_delta", 1],
    ["content_block_stop", 1],
  ])
  expect(events[1].content_block).toEqual({ type: "redacted_thinking", data: "d" })
})

test("counts are cumulative and repeated: the last word on each counts, nothing is added", () => {
  const events = read(
    message(),
    ...last("end_turn", { input_tokens: 20, cache_read_input_tokens: 60, output_tokens: 9 }),
  )
  expect(collect(events).usage).toMatchObject({ input: 80, cacheRead: 60, output: 9 })
  expect(collect(read(message(), ...last("end_turn", null))).usage).toMatchObject({ input: 80, output: 1 })
})

test("thinking is read with its signature wherever it stands", () => {
  const events = read(
    message(),
    block(0, { type: "text", text: "" }),
    delta(0, { type: "text_delta", text: "a" }),
    stop(0),
    block(1, { type: "thinking", thinking: "", signature: "" }),
    delta(1, { type: "signature_delta", signature: "s" }),
    stop(1),
    block(2, { type: "redacted_thinking", data: "d" }),
    stop(2),
    ...last("end_turn"),
  )
  expect(collect(events).parts).toEqual([
    { kind: "text", text: "a" },
    { kind: "reasoning", text: "", signature: "s", redacted: false },
    { kind: "reasoning", text: "", signature: "d", redacted: true },
  ])
})

test("a call without deltas has no arguments; one whose start holds them has these", () => {
  const events = read(
    message(),
    block(0, { type: "tool_use", id: "a", name: "f", input: {} }),
    delta(0, { type: "input_json_delta", partial_json: "" }),
    stop(0),
    block(1, { type: "tool_use", id: "b", name: "g", input: { x: 1 } }),
    stop(1),
    ...last("tool_use"),
  )
  expect(collect(events).parts).toMatchObject([{ args: "" }, { args: '{"x":1}' }])
})

test("what stands in the start already is read, with the reason to stop where nothing else says one", () => {
  const content: Json = [
    { type: "text", text: "so" },
    { type: "tool_use", id: "a", name: "f", input: { x: 1 } },
  ]
  const begun = message({ content, stop_reason: "tool_use" })
  const parts = [{ text: "so" }, { id: "a", args: '{"x":1}' }]
  expect(collect(read(begun, { type: "message_stop" }))).toMatchObject({ parts, finish: "calls" })
  const told = read(begun, ...last("max_tokens"))
  expect(collect(told)).toMatchObject({ parts, finish: "length" })
  expect(told.filter(({ type }) => type === "finish")).toHaveLength(1)
})

test("each stop reason is known; pause_turn is not finished; an unknown word is kept", () => {
  const reasons = (word: string) => {
    const { finish, rawFinish } = anthropic.readAnswer({ content: [], stop_reason: word })
    return [finish, rawFinish]
  }
  expect(
    ["end_turn", "max_tokens", "pause_turn", "refusal", "model_context_window_exceeded", "new_word"].map(reasons),
  ).toEqual([
    ["stop", "end_turn"],
    ["length", "max_tokens"],
    ["pause", "pause_turn"],
    ["refusal", "refusal"],
    ["context", "model_context_window_exceeded"],
    ["stop", "new_word"],
  ])
  const calling = anthropic.readAnswer({
    stop_reason: "end_turn",
    content: [{ type: "tool_use", id: "a", name: "f", input: {} }],
  })
  expect(calling.finish).toBe("calls")
  const stopped = anthropic.readAnswer({ stop_reason: "stop_sequence", stop_sequence: "END", content: [] })
  expect(write(replay(stopped)).at(-2).delta).toEqual({ stop_reason: "stop_sequence", stop_sequence: "END" })
})

test("an error after the beginning is the last thing read; a stream that was cut has no end", () => {
  const error = { type: "error", error: { type: "overloaded_error", message: "Overloaded" } }
  expect(read(message(), error, block(0, { type: "text", text: "x" })).at(-1)).toEqual({
    type: "error",
    error: { type: "overloaded", message: "Overloaded", code: "overloaded_error" },
  })
  expect(read(message(), block(0, { type: "text", text: "x" })).map(({ type }) => type)).not.toContain("end")
})

test("events and blocks that nobody knows, missing indexes and null deltas are passed over", () => {
  const events = read(
    { type: "ping" },
    message(),
    { type: "brand_new" },
    { type: "content_block_start", content_block: { type: "text", text: "a" } },
    { type: "content_block_delta", delta: null },
    { type: "content_block_delta", delta: { type: "citations_delta", citation: {} } },
    { type: "content_block_delta", delta: { type: "text_delta", text: "b" } },
    block(1, { type: "server_tool_use", id: "s", name: "web_search", input: {} }),
    delta(1, { type: "input_json_delta", partial_json: '{"q":1}' }),
    stop(1),
    ...last("end_turn"),
  )
  expect(collect(events).parts).toMatchObject([
    { kind: "text", text: "ab" },
    { kind: "opaque", what: "server_tool_use" },
  ])
  expect(events.at(-1)).toEqual({ type: "end" })
})
