/** What OpenAI and its many imitators stream, read; and what Chat clients are streamed. */
import { expect, test } from "bun:test"
import type { Json } from "../../../src/exchange.ts"
import { type FormEvent, Losses, type Reception } from "../../../src/dialects/form.ts"
import { openaiChat } from "../../../src/dialects/openai-chat/codec.ts"
import { collect } from "../../../src/dialects/translation/collect.ts"
import { usageOf } from "../../../src/dialects/usage-count.ts"
import { readEvents } from "../../support/form.ts"
import { parseLoose } from "../../support/json.ts"

const chunk = (delta: Json, finish_reason: string | null = null, more: { [name: string]: Json } = {}): Json => ({
  id: "chatcmpl-1",
  model: "m",
  choices: [{ index: 0, delta, finish_reason }],
  ...more,
})
const call = (index: number | null, id: string | null, name: string | null, args: Json): Json => ({
  tool_calls: [{ ...(index !== null && { index }), ...(id !== null && { id }), function: { name, arguments: args } }],
})
const read = (...chunks: Json[]) => readEvents(openaiChat, chunks)
const calls = (...chunks: Json[]) =>
  collect(read(...chunks, chunk({}, "tool_calls"))).parts.map((part) =>
    part.kind === "call" ? [part.id, part.name, part.args] : part,
  )

const reception = (wantsUsage: boolean): Reception => ({
  id: "r-1",
  created: 5,
  model: "m",
  body: {},
  wantsUsage,
  losses: new Losses(),
})
function write(events: readonly FormEvent[], wantsUsage = false): string[] {
  const writer = openaiChat.streamWriter(reception(wantsUsage))
  const text = events.map((event) => writer.write(event)).join("")
  return text.split("\n\n").filter(Boolean)
}
const finish = (reason: Extract<FormEvent, { type: "finish" }>["reason"] = "stop"): FormEvent[] => [
  { type: "finish", reason, raw: null, stopSequence: null },
  { type: "end" },
]
const deltas = (written: readonly string[]) =>
  written.flatMap((line) => parseLoose(line.slice(6))?.choices?.[0]?.delta ?? [])

test("thinking between texts stays between them", () => {
  const events = read(
    chunk({ content: "a" }),
    chunk({ reasoning_content: "t1" }),
    chunk({ content: "b" }),
    chunk({ reasoning: "t2" }, "stop"),
  )
  expect(collect(events).parts.map((part) => "text" in part && [part.kind, part.text])).toEqual([
    ["text", "a"],
    ["reasoning", "t1"],
    ["text", "b"],
    ["reasoning", "t2"],
  ])
})

test("thinking is read under each of its names, with its signature, and never shown as content", () => {
  const names: Json[] = [
    { reasoning_content: "hm" },
    { reasoning: "hm" },
    { content: [{ type: "thinking", thinking: [{ type: "text", text: "hm" }] }] },
  ]
  for (const delta of names)
    expect(collect(read(chunk(delta, "stop"))).parts).toMatchObject([{ kind: "reasoning", text: "hm" }])
  const signed = read(
    chunk({ reasoning: "h", reasoning_details: [{ type: "reasoning.text", text: "h" }] }),
    chunk({ reasoning: "m", reasoning_details: [{ type: "reasoning.text", text: "m" }] }),
    chunk({ reasoning: null, reasoning_details: [{ type: "reasoning.text", signature: "sig" }] }),
    chunk({ thinking_blocks: [{ type: "redacted_thinking", data: "dark" }] }),
    chunk({ content: "ok" }, "stop"),
  )
  expect(collect(signed).parts).toMatchObject([
    { kind: "reasoning", text: "hm", signature: "sig", redacted: false },
    { kind: "reasoning", text: "", signature: "dark", redacted: true },
    { kind: "text", text: "ok" },
  ])
  const written = deltas(write(signed))
  expect(written.map((delta) => delta.content ?? "").join("")).toBe("ok")
  expect(written.map((delta) => delta.reasoning_content ?? "").join("")).toBe("hm")
  expect(written.flatMap((delta) => delta.thinking_blocks ?? [])).toEqual([
    { type: "thinking", thinking: "hm", signature: "sig" },
    { type: "redacted_thinking", data: "dark" },
  ])
})

test("parallel calls that come in pieces of each other are put in turn, by index", () => {
  const both = [
    ["a", "x", '{"p":1}'],
    ["b", "y", '{"q":2}'],
  ]
  const interleaved = calls(
    chunk(call(0, "a", "x", "")),
    chunk(call(1, "b", "y", "")),
    chunk(call(0, null, null, '{"p"')),
    chunk(call(1, null, null, '{"q":2}')),
    chunk(call(0, null, null, ":1}")),
  )
  expect(interleaved).toEqual(both)
  const inTurn = calls(
    chunk(call(0, "a", "x", '{"p":1}')),
    chunk(call(1, "b", "y", '{"q":')),
    chunk(call(1, null, null, "2}")),
  )
  expect(inTurn).toEqual(both)
})

test("a call without arguments is an empty object to the client", () => {
  const said = calls(chunk(call(0, "a", "x", "")), chunk(call(1, "b", "y", "{}")))
  expect(said).toEqual([
    ["a", "x", ""],
    ["b", "y", "{}"],
  ])
  const written = write([
    { type: "open", part: { kind: "call", id: "a", name: "x", form: "json" } },
    { type: "close" },
    ...finish("calls"),
  ])
  const args = deltas(written).flatMap((delta) => delta.tool_calls?.[0]?.function.arguments ?? [])
  expect(args.join("")).toBe("{}")
})

test("a call that was cut off keeps its half arguments: a client must not run it", () => {
  const answer = collect(read(chunk(call(0, "a", "x", '{"path":"/tm')), chunk({}, "length")))
  const whole = parseLoose(JSON.stringify(openaiChat.writeAnswer(answer, reception(false))))
  expect(whole.choices[0].finish_reason).toBe("length")
  expect(whole.choices[0].message.tool_calls[0].function.arguments).toBe('{"path":"/tm')
})

test("a hallucinated multi_tool_use.parallel is an ordinary call", () => {
  const args = '{"tool_uses":[{"recipient_name":"functions.a","parameters":{}}]}'
  expect(calls(chunk(call(0, "a", "multi_tool_use.parallel", args)))).toEqual([["a", "multi_tool_use.parallel", args]])
})

test("usage that comes after the finish reason counts, and the finish waits for it", () => {
  const usage = {
    prompt_tokens: 10,
    completion_tokens: 5,
    total_tokens: 15,
    prompt_tokens_details: { cached_tokens: 4 },
  }
  const events = read(chunk({ content: "a" }), chunk({}, "stop"), { id: "chatcmpl-1", model: "m", choices: [], usage })
  expect(events.filter(({ type }) => type === "usage")).toMatchObject([
    { usage: { input: 10, cacheRead: 4, output: 5 } },
  ])
  expect(events.slice(-2)).toMatchObject([{ type: "finish", reason: "stop" }, { type: "end" }])
})

test("the usage chunk is for those who asked for it, and asked of every provider", () => {
  const events: FormEvent[] = [
    {
      type: "usage",
      usage: usageOf({ input: 3, cacheRead: 1, output: 2 }),
    },
    ...finish(),
  ]
  expect(write(events).filter((line) => line.includes("usage"))).toEqual([])
  const last = parseLoose(write(events, true).at(-2)!.slice(6))
  expect(last).toMatchObject({
    choices: [],
    usage: { prompt_tokens: 3, total_tokens: 5, prompt_tokens_details: { cached_tokens: 1 } },
  })
  const asked = openaiChat.readRequest({ messages: [{ role: "user", content: "hi" }] }, new Losses())
  const to = { dialect: "openai-chat", provider: "groq", model: "m", stream: true, losses: new Losses() } as const
  expect(openaiChat.writeRequest(asked, to)).toMatchObject({ stream: true, stream_options: { include_usage: true } })
})

test("what gateways stream is accepted: no index, changing ids, null deltas, empty lists, arguments as an object", () => {
  const one = [["a", "x", '{"p":1}']]
  expect(calls(chunk(call(null, "a", "x", '{"p":')), chunk(call(null, null, null, "1}")))).toEqual(one)
  expect(calls(chunk(call(0, "a", "x", '{"p":')), chunk(call(0, "other", null, "1}")))).toEqual(one)
  expect(calls(chunk(call(0, "a", "x", '{"p":')), chunk(call(0, "a", "x", "1}")))).toEqual(one)
  expect(calls(chunk(null), chunk({ tool_calls: [], content: null }), chunk(call(0, "a", "x", { p: 1 })))).toEqual(one)
  expect(calls(chunk(call(0, "a", null, "")), chunk(call(0, null, "x", '{"p":1}')))).toEqual(one)
  // Gemini's compatible API: every parallel call has index 0; others have ids and no index
  const two = [
    ["a", "x", "{}"],
    ["b", "x", "{}"],
  ]
  expect(calls(chunk(call(0, "a", "x", "{}")), chunk(call(0, "b", "x", "{}")))).toEqual(two)
  expect(
    calls(
      chunk(call(null, "a", "x", "{")),
      chunk(call(null, "b", "x", "{")),
      chunk(call(null, "a", null, "}")),
      chunk(call(null, "b", null, "}")),
    ),
  ).toEqual(two)
})

test("Azure's first chunk without id and model, and OpenAI's obfuscation, say nothing", () => {
  const events = read(
    { id: "", model: "", choices: [], prompt_filter_results: [{}] },
    { ...(chunk({ role: "assistant", content: "hi" }) as object), obfuscation: "xyz" },
    chunk({}, "stop"),
  )
  expect(events.map(({ type }) => type)).toEqual(["start", "open", "delta", "close", "finish", "end"])
  expect(events[0]).toMatchObject({ id: "chatcmpl-1", model: "m" })
})

test("a stream is whole after a finish reason or [DONE], and broken off without either", () => {
  expect(readEvents(openaiChat, [chunk({ content: "a" })], true).at(-1)).toEqual({ type: "end" })
  expect(read(chunk({ content: "a" })).at(-1)).toEqual({ type: "close" })
})

test("an error after 200 is one in every form it comes in", () => {
  for (const body of [
    { error: { message: "boom", code: 502 } },
    { error: "boom" },
    { object: "error", message: "boom" },
    { id: "x", choices: [{ index: 0, error: { message: "boom" }, finish_reason: "error" }] },
  ] as Json[])
    expect(read(chunk({ content: "a" }), body).at(-1)).toMatchObject({ type: "error", error: { message: "boom" } })
})

test("`stop` with calls is calls, with a refusal a refusal, and unknown words are kept", () => {
  const last = (...chunks: Json[]) => read(...chunks).at(-2)
  expect(last(chunk(call(0, "a", "x", "{}")), chunk({}, "stop"))).toMatchObject({ reason: "calls", raw: "stop" })
  expect(last(chunk({ refusal: "No." }), chunk({}, "stop"))).toMatchObject({ reason: "refusal" })
  expect(last(chunk({ content: "a" }, "eos"))).toMatchObject({ reason: "stop", raw: "eos" })
  const said = (reason: Parameters<typeof finish>[0]) => write(finish(reason)).at(-2)!
  expect(said("pause")).toContain('"finish_reason":"length"')
  expect(said("context")).toContain('"finish_reason":"length"')
  expect(said("refusal")).toContain('"finish_reason":"content_filter"')
  expect(said("calls")).toContain('"finish_reason":"tool_calls"')
})

test("xAI's and Gemini's counts leave reasoning out of the completion's tokens", () => {
  const usage = {
    prompt_tokens: 10,
    completion_tokens: 5,
    total_tokens: 22,
    completion_tokens_details: { reasoning_tokens: 7 },
  }
  expect(collect(read(chunk({ content: "a" }, "stop", { usage }))).usage).toMatchObject({
    input: 10,
    output: 12,
    reasoning: 7,
  })
})

test("a picture made by the model is a part of its own", () => {
  const url = "data:image/png;base64,aGk="
  const events = read(
    chunk({ content: "see" }),
    chunk({ images: [{ type: "image_url", image_url: { url } }] }),
    chunk({}, "stop"),
  )
  expect(collect(events).parts).toMatchObject([
    { kind: "text" },
    { kind: "media", source: { mime: "image/png", data: "aGk=" } },
  ])
  expect(deltas(write(events)).flatMap((delta) => delta.images ?? [])).toEqual([
    { type: "image_url", image_url: { url } },
  ])
})
