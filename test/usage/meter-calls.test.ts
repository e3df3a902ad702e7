/** The tool calls a meter keeps: their names, ids and whole arguments, in every dialect, streamed or not. */
import { expect, test } from "bun:test"
import type { CalledTool, Dialect } from "../../src/exchange.ts"
import { loadFixtures } from "../support/fixtures.ts"
import { events, meter, wayOf } from "./metering.ts"

const keeping = (dialect: Dialect, data: object | object[], more = {}): readonly CalledTool[] =>
  Array.isArray(data)
    ? meter(events(...data), { dialect, keepsSpeech: true, ...more }).calls
    : meter([JSON.stringify(data)], { dialect, contentType: "application/json", keepsSpeech: true, ...more }).calls
const call = (name: string, args: string, id: string | null = "c1", isJson = true): CalledTool => ({
  id,
  name,
  arguments: args,
  isJson,
})

test("Anthropic: two parallel calls, a server's tool between them", () => {
  const block = (index: number, type: string, id: string, name: string) => ({
    type: "content_block_start",
    index,
    content_block: { type, id, name, input: {} },
  })
  const part = (index: number, partial_json: string) => ({
    type: "content_block_delta",
    index,
    delta: { type: "input_json_delta", partial_json },
  })
  const streamed = keeping("anthropic", [
    block(0, "tool_use", "c1", "Read"),
    part(0, '{"path":'),
    part(0, '"a b c d"'),
    part(0, "}"),
    block(1, "server_tool_use", "s1", "web_search"),
    part(1, '{"query":"x"}'),
    block(2, "tool_use", "c2", "Stop"),
  ])
  expect(streamed).toEqual([call("Read", '{"path":"a b c d"}'), call("Stop", "", "c2")])
  const content = [
    { type: "text", text: "so" },
    { type: "tool_use", id: "c1", name: "Read", input: { path: "a" } },
  ]
  expect(keeping("anthropic", { type: "message", content })).toEqual([call("Read", '{"path":"a"}')])
})

test("Chat: parallel calls by index, by nothing but a new id, the old function call, arguments as a value", () => {
  const delta = (tool_calls: object[]) => ({ choices: [{ index: 0, delta: { tool_calls } }] })
  const part = (index: number | undefined, args: string, id?: string, name?: string) =>
    delta([{ index, ...(id && { id, type: "function" }), function: { ...(name && { name }), arguments: args } }])
  const expected = [call("f", '{"a":1,"b":"two"}'), call("g", "{}", "c2")]
  expect(
    keeping("openai-chat", [
      part(0, "", "c1", "f"),
      part(1, "", "c2", "g"),
      part(0, '{"a":1,'),
      part(1, "{}"),
      part(0, '"b":"two"}'),
    ]),
  ).toEqual(expected)
  expect(
    keeping("openai-chat", [part(undefined, '{"a":1,"b":"two"}', "c1", "f"), part(undefined, "{}", "c2", "g")]),
  ).toEqual(expected)
  const old = { choices: [{ message: { function_call: { name: "f", arguments: "{}" } } }] }
  expect(keeping("openai-chat", old)).toEqual([call("f", "{}", null)])
  const value = { choices: [{ message: { tool_calls: [{ id: "c1", function: { name: "f", arguments: { a: 1 } } }] } }] }
  expect(keeping("openai-chat", value)).toEqual([call("f", '{"a":1}')])
})

test("Responses: functions, free text, patches and shells, from a stream's items or the whole answer", () => {
  const items = [
    { type: "function_call", call_id: "c1", name: "f", arguments: '{"a":1}' },
    { type: "custom_tool_call", call_id: "c2", name: "apply_patch", input: "*** Begin Patch" },
    { type: "local_shell_call", call_id: "c3", action: { command: ["ls"] } },
    { type: "web_search_call", id: "w1" },
  ]
  const expected = [
    call("f", '{"a":1}'),
    call("apply_patch", "*** Begin Patch", "c2", false),
    call("local_shell_call", '{"command":["ls"]}', "c3", false),
  ]
  const done = items.map((item) => ({ type: "response.output_item.done", item }))
  const completed = { type: "response.completed", response: { status: "completed", output: items } }
  expect(keeping("openai-responses", [...done, completed])).toEqual(expected)
  expect(keeping("openai-responses", [completed])).toEqual(expected)
  expect(keeping("openai-responses", { object: "response", status: "completed", output: items })).toEqual(expected)
})

test("Gemini: with and without an id", () => {
  const parts = [{ functionCall: { name: "f", args: { a: 1 } } }, { functionCall: { id: "c2", name: "g", args: {} } }]
  const answer = { candidates: [{ content: { parts }, finishReason: "STOP" }] }
  expect(keeping("gemini", [answer])).toEqual([call("f", '{"a":1}', null), call("g", "{}", "c2")])
})

test("arguments and calls without end are not kept without end", () => {
  const huge = "x".repeat(300_000)
  const [long] = keeping("anthropic", {
    type: "message",
    content: [{ type: "tool_use", id: "c1", name: "W", input: huge }],
  })
  expect([long!.isJson, long!.arguments.length]).toEqual([false, 262_144])
  const many = Array.from({ length: 500 }, () => ({ type: "tool_use", id: "c", name: "W", input: {} }))
  const { calls, toolCalls } = meter([JSON.stringify({ type: "message", content: many })], {
    dialect: "anthropic",
    contentType: "application/json",
    keepsSpeech: true,
  })
  expect([calls.length, toolCalls]).toEqual([100, 500])
})

test("nothing is kept where nobody wants it; a refusal is noted", () => {
  const refusing = { choices: [{ message: { refusal: "I can't help with that." }, finish_reason: "stop" }] }
  expect(meter([JSON.stringify(refusing)], { dialect: "openai-chat", contentType: "application/json" })).toMatchObject({
    refused: true,
    calls: [],
  })
})

const recorded = loadFixtures().filter(({ response, dialect }) => response !== null && dialect !== null)
test.if(recorded.length > 0)("of every recording all calls are kept, each with a name and JSON", () => {
  let calls = 0
  for (const fixture of recorded) {
    const found = meter([fixture.response!], wayOf(fixture))
    expect([fixture.id, found.calls.length]).toEqual([fixture.id, found.toolCalls])
    for (const { name, arguments: args, isJson } of found.calls) {
      expect(name).not.toBe("")
      if (isJson) expect(() => JSON.parse(args || "{}")).not.toThrow()
      calls++
    }
  }
  expect(calls).toBeGreaterThan(20)
})
