/** Gemini's answers and streams as they are read, and what Gemini's clients are streamed. */
import { expect, test } from "bun:test"
import type { Json } from "../../../src/exchange.ts"
import { type FormEvent, Losses, type Reception } from "../../../src/dialects/form.ts"
import { gemini } from "../../../src/dialects/gemini/codec.ts"
import { collect, replay } from "../../../src/dialects/translation/collect.ts"
import { usageOf } from "../../../src/dialects/usage-count.ts"
import { readEvents } from "../../support/form.ts"
import { type Loose, parseLoose } from "../../support/json.ts"

const reception = (): Reception => ({
  id: "r-1",
  created: 1,
  model: "m",
  body: {},
  wantsUsage: false,
  losses: new Losses(),
})
const read = (...chunks: Json[]) => readEvents(gemini, chunks)
function write(events: readonly FormEvent[]): Loose[] {
  const writer = gemini.streamWriter(reception())
  const sse = events.map((event) => writer.write(event)).join("")
  return sse
    .split("\n\n")
    .filter(Boolean)
    .map((event) => parseLoose(event.replace(/^data: /, "")))
}
const chunk = (parts: Json[], finishReason: string | null = null, more: { [name: string]: Json } = {}): Json => ({
  candidates: [{ content: { role: "model", parts }, ...(finishReason !== null && { finishReason }) }],
  responseId: "r",
  modelVersion: "gemini",
  ...more,
})
const partsOf = (chunks: readonly Loose[]) => chunks.flatMap((one) => one.candidates[0].content.parts)
const end: FormEvent[] = [
  { type: "usage", usage: usageOf({ input: 10, cacheRead: 4, output: 9, reasoning: 5 }) },
  { type: "finish", reason: "calls", raw: null, stopSequence: null },
  { type: "end" },
]

test("calls of single chunks are parts of their own, numbered by nobody yet", () => {
  const call = (name: string): Json => ({ functionCall: { name, args: { a: 1 } } })
  const answer = collect(read(chunk([call("f")]), chunk([call("g")]), chunk([{ text: "" }], "STOP")))
  expect(answer.parts).toMatchObject([
    { kind: "call", name: "f", args: '{"a":1}', id: "" },
    { kind: "call", name: "g", args: '{"a":1}', id: "" },
  ])
})

test("STOP with a call means calls; every filter's word is one; a blocked prompt is filtered; unknown words are kept", () => {
  const ends = (...chunks: Json[]) => {
    const { finish, rawFinish } = collect(read(...chunks))
    return [finish, rawFinish]
  }
  expect(ends(chunk([{ functionCall: { name: "f" } }], "STOP"))).toEqual(["calls", "STOP"])
  for (const word of ["SAFETY", "RECITATION", "PROHIBITED_CONTENT", "SPII", "BLOCKLIST"])
    expect(ends(chunk([], word))).toEqual(["filtered", word])
  expect(ends(chunk([], "MAX_TOKENS"))).toEqual(["length", "MAX_TOKENS"])
  expect(ends(chunk([], "MALFORMED_FUNCTION_CALL"))).toEqual(["stop", "MALFORMED_FUNCTION_CALL"])
  const blocked = { promptFeedback: { blockReason: "SAFETY" } }
  expect(ends(blocked)).toEqual(["filtered", "SAFETY"])
  expect(gemini.readAnswer(blocked)).toMatchObject({ finish: "filtered", parts: [] })
})

test("arguments in pieces are put together by their paths, also where the last piece is missing", () => {
  const begin = (more: Json): Json => ({
    functionCall: { name: "f", id: "c", willContinue: true, ...(more as object) },
    thoughtSignature: "s",
  })
  const piece = (jsonPath: string, value: { [name: string]: Json }, willContinue = true): Json => ({
    functionCall: { partialArgs: [{ jsonPath, ...value }], willContinue },
  })
  const events = read(
    chunk([begin({ partialArgs: [{ jsonPath: "$.city", stringValue: "Bos" }] })]),
    chunk([piece("$.city", { stringValue: "ton" })]),
    chunk([piece("$.days[1]", { numberValue: 2 })]),
    chunk([piece("$['odd.name'].x", { boolValue: true })]),
    chunk([{ functionCall: {} }]),
    chunk([begin({})]),
    chunk([piece("$.a", { nullValue: null })], "STOP"),
  )
  const calls = collect(events).parts as Loose[]
  expect(calls.map((one) => parseLoose(one.args))).toEqual([
    { city: "Boston", days: [null, 2], "odd.name": { x: true } },
    { a: null },
  ])
  expect(calls.map((one) => one.signature)).toEqual(["s", "s"])
})

test("counts are converted: cached tokens are part of the prompt, thoughts are not part of the candidates", () => {
  const usageMetadata = {
    promptTokenCount: 10,
    toolUsePromptTokenCount: 3,
    cachedContentTokenCount: 4,
    candidatesTokenCount: 4,
    thoughtsTokenCount: 5,
  }
  const { usage } = collect(read(chunk([{ text: "a" }], "STOP", { usageMetadata })))
  expect(usage).toMatchObject({ input: 13, cacheRead: 4, output: 9, reasoning: 5 })
  expect(write(end).at(-1).usageMetadata).toEqual({
    promptTokenCount: 10,
    cachedContentTokenCount: 4,
    candidatesTokenCount: 4,
    thoughtsTokenCount: 5,
    totalTokenCount: 19,
  })
})

test("signatures of texts, thoughts and calls come back where they were, streamed and whole", () => {
  const events = read(
    chunk([{ text: "hm", thought: true }]),
    chunk([{ text: "", thought: true, thoughtSignature: "s1" }]),
    chunk([{ text: "so" }]),
    chunk([{ text: "", thoughtSignature: "s2" }]),
    chunk([{ functionCall: { name: "f", args: {} }, thoughtSignature: "s3" }], "STOP"),
  )
  const parts = [
    { kind: "reasoning", text: "hm", signature: "s1" },
    { kind: "text", text: "so", signature: "s2" },
    { kind: "call", name: "f", signature: "s3" },
  ]
  const answer = collect(events)
  expect(answer.parts).toMatchObject(parts)
  expect(collect(read(...write(events))).parts).toMatchObject(parts)
  expect(gemini.readAnswer(gemini.writeAnswer(answer, reception())).parts).toMatchObject(parts)
})

test("Gemini's clients get calls whole, in one part", () => {
  const events = write([
    { type: "start", id: "x", model: "gpt", serviceTier: null },
    { type: "open", part: { kind: "text" } },
    { type: "delta", text: "a" },
    { type: "delta", text: "b" },
    { type: "close" },
    { type: "open", part: { kind: "call", id: "c", name: "f", form: "json" } },
    { type: "delta", text: '{"a":' },
    { type: "delta", text: "1}" },
    { type: "close" },
    ...end,
  ])
  expect(partsOf(events).filter((part) => part.text !== "")).toEqual([
    { text: "a" },
    { text: "b" },
    { functionCall: { id: "c", name: "f", args: { a: 1 } } },
  ])
  expect(events.map((one) => one.candidates[0].finishReason)).toEqual([undefined, undefined, undefined, "STOP"])
  for (const one of events) expect(one).toMatchObject({ responseId: "x", modelVersion: "gpt" })
})

test("an error in a stream is its last word, also inside an array; a stream without a finish reason has no end", () => {
  const error = { error: { code: 429, status: "RESOURCE_EXHAUSTED", message: "Quota" } }
  for (const said of [error, [error]] as Json[])
    expect(read(chunk([{ text: "a" }]), said, chunk([{ text: "b" }])).at(-1)).toEqual({
      type: "error",
      error: { type: "rate_limit", message: "Quota", code: "RESOURCE_EXHAUSTED" },
    })
  expect(read(chunk([{ text: "a" }])).map(({ type }) => type)).toEqual(["start", "open", "delta", "close"])
})

test("parts and members nobody knows are kept whole or passed over", () => {
  const events = read(
    { usageMetadata: {} },
    { candidates: [null] },
    chunk([{ brandNew: 1 }, { executableCode: { code: "1" } }, { text: "a" }]),
    { candidates: [{ finishReason: "STOP", groundingMetadata: {} }] },
  )
  expect(collect(events).parts).toMatchObject([
    { kind: "opaque", what: "brandNew" },
    { kind: "opaque", what: "executableCode" },
    { kind: "text", text: "a" },
  ])
  expect(events.at(-1)).toEqual({ type: "end" })
})

test("an answer whole and replayed is the same", () => {
  const answer = gemini.readAnswer(
    chunk(
      [{ text: "hm", thought: true }, { text: "a" }, { functionCall: { id: "c", name: "f", args: {} } }],
      "STOP",
    ) as Loose,
  )
  expect(collect(read(...write(replay(answer)))).parts).toEqual(answer.parts)
})
