/** Responses streams: what OpenAI's and its imitators' are read as, and the order in which clients are told things. */
import { expect, test } from "bun:test"
import { type FinishReason, type FormEvent, Losses, type Reception } from "../../../src/dialects/form.ts"
import { openaiResponses } from "../../../src/dialects/openai-responses/codec.ts"
import { collect, replay } from "../../../src/dialects/translation/collect.ts"
import { usageOf } from "../../../src/dialects/usage-count.ts"
import { readEvents } from "../../support/form.ts"
import { type Loose, parseLoose } from "../../support/json.ts"

const reception = (body: Loose = {}): Reception => ({
  id: "0198-ab",
  created: 5,
  model: "m",
  body,
  wantsUsage: false,
  losses: new Losses(),
})
function write(events: readonly FormEvent[], body: Loose = {}): Loose[] {
  const writer = openaiResponses.streamWriter(reception(body))
  const text = events.map((event) => writer.write(event)).join("")
  return text
    .split("\n\n")
    .filter(Boolean)
    .map((event) => {
      const [name, data] = event.split("\n")
      const value = parseLoose(data!.slice(6))
      expect(name).toBe(`event: ${value.type}`)
      return value
    })
}
const read = (...events: Loose[]) => readEvents(openaiResponses, events)
const say = (kind: "text" | "refusal", ...texts: string[]): FormEvent[] => [
  { type: "open", part: { kind } },
  ...texts.map((text): FormEvent => ({ type: "delta", text })),
  { type: "close" },
]
const call = (args: string, form: "json" | "text" = "json"): FormEvent[] => [
  { type: "open", part: { kind: "call", id: "c1", name: "f", form } },
  ...(args === "" ? [] : [{ type: "delta" as const, text: args }]),
  { type: "close" },
]
const think = (text: string, signature: string | null): FormEvent[] => [
  { type: "open", part: { kind: "reasoning", redacted: false } },
  ...(text === "" ? [] : [{ type: "delta" as const, text }]),
  ...(signature === null ? [] : [{ type: "sign" as const, signature }]),
  { type: "close" },
]
const start: FormEvent = { type: "start", id: "resp_1", model: "gpt", serviceTier: null }
const end = (reason: FinishReason = "stop"): FormEvent[] => [
  { type: "usage", usage: usageOf({ input: 10, cacheRead: 4, output: 6, reasoning: 2 }) },
  { type: "finish", reason, raw: null, stopSequence: null },
  { type: "end" },
]
const short = (events: readonly Loose[]) => events.map(({ type }) => type.replace("response.", ""))

test("a text is an item, a part, deltas, and their ends in turn, and the last event holds the whole output", () => {
  const events = write([start, ...say("text", "Hel", "lo"), ...end()])
  expect(short(events)).toEqual([
    "created",
    "in_progress",
    "output_item.added",
    "content_part.added",
    "output_text.delta",
    "output_text.delta",
    "output_text.done",
    "content_part.done",
    "output_item.done",
    "completed",
  ])
  expect(events.map((event) => event.sequence_number)).toEqual(events.map((_, at) => at))
  const { id } = events[2].item
  for (const event of events.slice(3, 8))
    expect(event).toMatchObject({ item_id: id, output_index: 0, content_index: 0 })
  expect(events.at(-1).response).toMatchObject({
    id: "resp_1",
    status: "completed",
    output: [events.at(-2).item],
    usage: {
      input_tokens: 10,
      input_tokens_details: { cached_tokens: 4 },
      output_tokens: 6,
      output_tokens_details: { reasoning_tokens: 2 },
      total_tokens: 16,
    },
  })
})

test("a text after a call opens a new item, texts that follow each other are parts of one", () => {
  const events = write([
    start,
    ...say("text", "a"),
    ...say("text", "b"),
    ...call("{}"),
    ...say("text", "c"),
    ...end("calls"),
  ])
  const { output } = events.at(-1).response
  expect(output.map((item: Loose) => [item.type, item.content?.map((part: Loose) => part.text)])).toEqual([
    ["message", ["a", "b"]],
    ["function_call", undefined],
    ["message", ["c"]],
  ])
  expect(new Set(output.map((item: Loose) => item.id)).size).toBe(3)
  const added = events.filter(({ type }) => type === "response.content_part.added")
  expect(added.map((event) => [event.output_index, event.content_index])).toEqual([
    [0, 0],
    [0, 1],
    [2, 0],
  ])
})

test("the stream's output is the whole answer's", () => {
  const events: FormEvent[] = [
    start,
    ...think("hm", "enc"),
    ...say("text", "a"),
    ...say("text", "b"),
    ...call(""),
    ...call("raw", "text"),
    ...end("calls"),
  ]
  const whole: Loose = openaiResponses.writeAnswer(collect(events), reception())
  expect(write(events).at(-1).response).toEqual(whole)
  expect(write(replay(collect(events))).at(-1).response).toEqual(whole)
  expect(whole.output.map((item: Loose) => item.type)).toEqual([
    "reasoning",
    "message",
    "function_call",
    "custom_tool_call",
  ])
})

test("a call without arguments says an empty object, and one that was cut off what there is", () => {
  const none = write([start, ...call(""), ...end("calls")])
  const said = (events: Loose[], type: string) => events.find((event) => event.type === `response.${type}`)
  expect(said(none, "function_call_arguments.delta").delta).toBe("{}")
  expect(said(none, "function_call_arguments.done").arguments).toBe("{}")
  const cut = write([start, ...call('{"path":"/tm'), ...end("length")])
  expect(said(cut, "output_item.done").item.arguments).toBe('{"path":"/tm')
  expect(cut.at(-1)).toMatchObject({
    type: "response.incomplete",
    response: { status: "incomplete", incomplete_details: { reason: "max_output_tokens" } },
  })
})

test("a custom call is told in its own events, with the bare string", () => {
  const events = write([start, ...call("*** Begin", "text"), ...end("calls")])
  expect(short(events).slice(2, -1)).toEqual([
    "output_item.added",
    "custom_tool_call_input.delta",
    "custom_tool_call_input.done",
    "output_item.done",
  ])
  expect(events.at(-2).item).toMatchObject({ type: "custom_tool_call", call_id: "c1", name: "f", input: "*** Begin" })
  expect(events.at(-2).item.id).toMatch(/^ctc_/)
})

test("thinking is a summary with its signature as encrypted content; hidden thinking has no summary", () => {
  const events = write([start, ...think("hm", "enc"), ...think("", "dark"), ...say("text", "a"), ...end()])
  expect(short(events).slice(2, 7)).toEqual([
    "output_item.added",
    "reasoning_summary_part.added",
    "reasoning_summary_text.delta",
    "reasoning_summary_text.done",
    "reasoning_summary_part.done",
  ])
  expect(events.at(-1).response.output.slice(0, 2)).toMatchObject([
    { type: "reasoning", summary: [{ type: "summary_text", text: "hm" }], encrypted_content: "enc" },
    { type: "reasoning", summary: [], encrypted_content: "dark" },
  ])
})

test("a stream that says nothing at all still ends in its own last event", () => {
  expect(short(write([{ type: "end" }]))).toEqual(["created", "in_progress", "completed"])
  for (const [reason, why] of [
    ["length", "max_output_tokens"],
    ["context", "max_output_tokens"],
    ["pause", "max_output_tokens"],
    ["filtered", "content_filter"],
    ["refusal", "content_filter"],
  ] as const)
    expect(write([start, ...end(reason)]).at(-1)).toMatchObject({
      type: "response.incomplete",
      response: { incomplete_details: { reason: why } },
    })
})

test("a refusal in words is a complete answer", () => {
  const events = write([start, ...say("refusal", "No."), ...end("refusal")])
  expect(short(events).slice(2, -1)).toEqual([
    "output_item.added",
    "content_part.added",
    "refusal.delta",
    "refusal.done",
    "content_part.done",
    "output_item.done",
  ])
  expect(events.at(-1)).toMatchObject({ type: "response.completed", response: { status: "completed" } })
  const back = read(...events)
  expect(back.find((event) => event.type === "finish")).toMatchObject({ reason: "refusal" })
})

test("what was written is read as the same events", () => {
  const events: FormEvent[] = [
    start,
    ...think("hm", "enc"),
    ...say("text", "a", "b"),
    ...call('{"a":1}'),
    ...call("raw", "text"),
    ...end("calls"),
  ]
  const before = collect(events)
  const after = collect(read(...write(events)))
  expect({
    ...after,
    rawFinish: null,
    parts: after.parts.map((part) => ({ ...part, id: "id" in part && part.kind === "call" ? part.id : undefined })),
  }).toEqual({
    ...before,
    serviceTier: "default",
    parts: before.parts.map((part) => ({ ...part, id: "id" in part && part.kind === "call" ? part.id : undefined })),
  } as Loose)
})

test("arguments that come only with their item's end, items without a beginning, and a response that comes all at once are read", () => {
  const item = { type: "function_call", id: "fc_1", call_id: "c1", name: "f", arguments: '{"a":1}' }
  const message = { type: "message", id: "msg_1", role: "assistant", content: [{ type: "output_text", text: "hi" }] }
  const done = { type: "response.completed", response: { id: "resp_1", status: "completed", output: [message, item] } }
  const expected = [
    { kind: "text", text: "hi" },
    { kind: "call", id: "c1", name: "f", args: '{"a":1}' },
  ]
  const added = { ...item, arguments: "" }
  const ways = [
    [done],
    [
      { type: "response.output_item.done", item: message },
      { type: "response.output_item.added", item: added },
      { type: "response.output_item.done", item },
      done,
    ],
    [{ type: "response.output_text.delta", delta: "hi" }, { type: "response.output_item.done", item }, done],
    [
      { type: "response.output_text.delta", delta: "h" },
      { type: "response.output_text.done", text: "hi" },
      { type: "response.output_item.added", item: added },
      { type: "response.function_call_arguments.delta", delta: '{"a"' },
      { type: "response.output_item.done", item },
      done,
    ],
  ]
  for (const way of ways) {
    const events = read(...way)
    expect(collect(events).parts).toMatchObject(expected)
    expect(events.slice(-2)).toMatchObject([{ type: "finish", reason: "calls" }, { type: "end" }])
  }
})

test("a failure after 200 is an error, and a stream without a last event is broken off", () => {
  const created = { type: "response.created", response: { id: "resp_1", model: "m" } }
  const failures = [
    { type: "error", code: "server_error", message: "boom" },
    { type: "error", error: { message: "boom", code: "server_error" } },
    {
      type: "response.failed",
      response: { object: "response", status: "failed", error: { code: "server_error", message: "boom" } },
    },
  ]
  for (const failure of failures)
    expect(read(created, failure).at(-1)).toMatchObject({ type: "error", error: { message: "boom" } })
  expect(read(created, { type: "response.output_text.delta", delta: "a" }).some(({ type }) => type === "end")).toBe(
    false,
  )
})

test("a response repeats what was asked, and has every member that recent clients' schemas want", () => {
  const body = {
    temperature: 0.5,
    tools: [{ type: "function", name: "f", parameters: null }],
    reasoning: { effort: "low" },
    text: { verbosity: "low" },
    metadata: { a: "b" },
  }
  const { response } = write([start, ...end()], body).at(-1)
  expect(response).toMatchObject({
    temperature: 0.5,
    tools: [{ type: "function", name: "f", description: null, strict: true }],
    reasoning: { effort: "low", summary: null },
    text: { format: { type: "text" }, verbosity: "low" },
    metadata: { a: "b" },
    top_p: 1,
    presence_penalty: 0,
    frequency_penalty: 0,
    truncation: "disabled",
    completed_at: 5,
    error: null,
    incomplete_details: null,
    store: false,
  })
})
