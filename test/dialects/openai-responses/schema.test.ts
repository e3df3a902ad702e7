/**
 * A translated Response and its events hold every member that recent clients demand, in the order they demand, whichever dialect the provider speaks.
 * Members and types: https://www.openresponses.org/reference and `openai`'s own; https://platform.openai.com/docs/api-reference/responses-streaming
 */
import { describe, expect, test } from "bun:test"
import { createParser } from "eventsource-parser"
import type { Json } from "../../../src/exchange.ts"
import { readCall, translate } from "../../../src/dialects/translation/translation.ts"
import { createMeter } from "../../../src/usage/meter.ts"
import { answerIn } from "../../support/answers.ts"
import type { Answer, Received } from "../../support/fake-provider.ts"
import type { Loose } from "../../support/json.ts"
import { type Lane, lanes } from "../../support/lanes.ts"
import { thinkingAnswer } from "../../support/thinking-answers.ts"

/** What is wrong with a value: one line each, with its path. */
type Check = (value: Loose, path: string) => string[]

const is =
  (holds: (value: Loose) => boolean, what: string): Check =>
  (value, path) =>
    holds(value) ? [] : [`${path} is no ${what}: ${JSON.stringify(value)}`]
const string = is((value) => typeof value === "string", "string")
const integer = is(Number.isInteger, "integer")
const number = is((value) => typeof value === "number", "number")
const boolean = is((value) => typeof value === "boolean", "boolean")
const anything: Check = (value, path) => (value === undefined ? [`${path} is missing`] : [])
const word = (...words: string[]) => is((value) => words.includes(value), words.join(" or "))
const orNull =
  (check: Check): Check =>
  (value, path) =>
    value === null ? [] : check(value, path)
const list =
  (check: Check): Check =>
  (value, path) =>
    Array.isArray(value) ? value.flatMap((one, at) => check(one, `${path}[${at}]`)) : [`${path} is no list`]
const object =
  (members: Record<string, Check>): Check =>
  (value, path) =>
    Object.entries(members).flatMap(([name, check]) => check(value?.[name], `${path}.${name}`))
const typed =
  (types: Record<string, Record<string, Check>>): Check =>
  (value, path) =>
    types[value?.type] ? object(types[value.type]!)(value, path) : [`${path} is of unknown type ${value?.type}`]

const status = word("in_progress", "completed", "incomplete")
const part = typed({
  output_text: { text: string, annotations: list(anything), logprobs: list(anything) },
  summary_text: { text: string },
  refusal: { refusal: string },
})
const item = typed({
  message: { id: string, status, role: word("assistant"), content: list(part) },
  function_call: { id: string, call_id: string, name: string, arguments: string, status },
  reasoning: { id: string, summary: list(part) },
})
const response = object({
  id: string,
  object: word("response"),
  created_at: integer,
  completed_at: orNull(integer),
  status,
  incomplete_details: orNull(object({ reason: string })),
  model: string,
  previous_response_id: orNull(string),
  instructions: orNull(string),
  output: list(item),
  error: orNull(object({ code: string, message: string })),
  tools: list(
    typed({ function: { name: string, description: orNull(string), parameters: anything, strict: orNull(boolean) } }),
  ),
  tool_choice: word("auto", "none", "required"),
  truncation: word("auto", "disabled"),
  parallel_tool_calls: boolean,
  text: object({ format: object({ type: string }) }),
  top_p: number,
  presence_penalty: number,
  frequency_penalty: number,
  top_logprobs: integer,
  temperature: number,
  reasoning: object({ effort: orNull(string), summary: orNull(string) }),
  usage: orNull(
    object({
      input_tokens: integer,
      input_tokens_details: object({ cached_tokens: integer }),
      output_tokens: integer,
      output_tokens_details: object({ reasoning_tokens: integer }),
      total_tokens: integer,
    }),
  ),
  max_output_tokens: orNull(integer),
  max_tool_calls: orNull(integer),
  store: boolean,
  background: boolean,
  service_tier: string,
  metadata: anything,
  safety_identifier: orNull(string),
  prompt_cache_key: orNull(string),
})
const at = { sequence_number: integer, item_id: string, output_index: integer }
const inContent = { ...at, content_index: integer }
const inSummary = { ...at, summary_index: integer }
const told = { sequence_number: integer, response }
const itemTold = { sequence_number: integer, output_index: integer, item }
const event = typed({
  "response.created": told,
  "response.in_progress": told,
  "response.completed": told,
  "response.output_item.added": itemTold,
  "response.output_item.done": itemTold,
  "response.content_part.added": { ...inContent, part },
  "response.content_part.done": { ...inContent, part },
  "response.output_text.delta": { ...inContent, delta: string, logprobs: list(anything) },
  "response.output_text.done": { ...inContent, text: string, logprobs: list(anything) },
  "response.reasoning_summary_part.added": { ...inSummary, part },
  "response.reasoning_summary_part.done": { ...inSummary, part },
  "response.reasoning_summary_text.delta": { ...inSummary, delta: string },
  "response.reasoning_summary_text.done": { ...inSummary, text: string },
  "response.function_call_arguments.delta": { ...at, delta: string },
  "response.function_call_arguments.done": { ...at, arguments: string },
})

/** A stream as letters: C and P for its beginning, E for its end; an item is ( … ), its parts < … >, d a delta and t the whole text. */
const LETTERS: readonly (readonly [type: RegExp, letter: string])[] = [
  [/\.created$/, "C"],
  [/\.in_progress$/, "P"],
  [/\.completed$/, "E"],
  [/output_item\.added$/, "("],
  [/output_item\.done$/, ")"],
  [/part\.added$/, "<"],
  [/part\.done$/, ">"],
  [/\.delta$/, "d"],
  [/\.done$/, "t"],
]
const letter = (type: string) => LETTERS.find(([pattern]) => pattern.test(type))![1]
const GRAMMAR = /^CP(\((<d*t>)*\)|\(d*t\))+E$/

const ASKED = {
  model: "m",
  input: [{ type: "message", role: "user", content: "Run both." }],
  tools: [{ type: "function", name: "bash", parameters: { type: "object", properties: {} } }],
}

function translationTo({ dialect }: Lane, stream: boolean) {
  const body = { ...ASKED, stream } as Record<string, Json>
  const client = { dialect: "openai-responses", id: "0f1e-2d", created: 1790000000, estimate: () => 1 } as const
  return translate(
    readCall("openai-responses", "generate", body),
    { ...client, wantsUsage: true, wantsArray: false },
    { dialect, provider: "p", model: "m", stream },
    new Map(),
    () => {},
  )
}

const asked = (lane: Lane, stream: boolean) => {
  const [path] = lane.upstreamPath(stream).split("?")
  return {
    path,
    target: lane.upstreamPath(stream),
    json: { stream, stream_options: { include_usage: true } },
  } as Received
}

const ANSWERS: Record<string, (request: Received) => Answer> = {
  "a text": (request) => answerIn(request),
  "a text and a call": (request) => answerIn(request, { text: "Let me see.", tools: [{ name: "bash", args: {} }] }),
  "thinking, a text and two calls": thinkingAnswer,
}

describe("every member and every event is there", () => {
  for (const upstream of lanes.filter(({ dialect }) => dialect !== "openai-responses"))
    for (const [what, answer] of Object.entries(ANSWERS)) {
      test(`${what} of ${upstream.dialect}, whole`, () => {
        const written = translationTo(upstream, false).whole(JSON.parse(String(answer(asked(upstream, false)).body)))
        expect(response(written, "response")).toEqual([])
        expect(written).toMatchObject({ status: "completed", completed_at: 1790000000, tools: [{ name: "bash" }] })
      })

      test(`${what} of ${upstream.dialect}, streamed`, () => {
        const bytes = Buffer.from([...(answer(asked(upstream, true)).pieces as string[])].join(""))
        const stream = translationTo(upstream, true).streamed!.open()
        createMeter({
          dialect: upstream.dialect,
          operation: "generate",
          contentType: "text/event-stream",
          listener: stream,
        }).push(bytes)
        const text = Buffer.from(stream.end()).toString()
        const events: Loose[] = []
        createParser({
          onEvent({ event: name, data }) {
            const json = JSON.parse(data)
            expect(json.type).toBe(name)
            events.push(json)
          },
        }).feed(text)
        expect(events.flatMap((one, index) => event(one, `events[${index}]`))).toEqual([])
        expect(events.map((one) => one.sequence_number)).toEqual(events.map((_, index) => index))
        expect(events.map((one) => letter(one.type)).join("")).toMatch(GRAMMAR)
        placed(events)
      })
    }
})

/** Items are counted from 0, what is said of one carries its id, deltas are the whole text, and the last event has all of it. */
function placed(events: readonly Loose[]): void {
  const done = events.filter(({ type }) => type === "response.output_item.done")
  expect(done.map((one) => one.output_index)).toEqual(done.map((_, index) => index))
  expect(events.at(-1)!.response.output).toEqual(done.map((one) => one.item))
  let said = ""
  for (const one of events) {
    if (one.item_id) expect(one.item_id).toBe(done[one.output_index]!.item.id)
    if (one.type.endsWith(".delta")) said += one.delta
    const whole = letter(one.type) === "t" ? (one.text ?? one.arguments) : null
    if (whole === null) continue
    expect(said).toBe(whole)
    said = ""
  }
}
