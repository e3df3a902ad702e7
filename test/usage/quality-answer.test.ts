/** Form and tool calls of an answer: each signal with an answer that raises it, and a near miss that does not. */
import { expect, test } from "bun:test"
import type { CalledTool, Json } from "../../src/exchange.ts"
import { type Answer, countCalls, countForm, type Wanted } from "../../src/usage/quality-answer.ts"
import { duplicateShare, isRepetitive, readFences, similarity } from "../../src/usage/quality-text.ts"

const PROSE =
  "The cache keeps an entry for five minutes. After that a request pays for the whole prompt again, which is why the " +
  "order of its parts matters: what changes often belongs at the end. Tools come first, then the system prompt, then the " +
  "conversation. A timestamp in the first line of the prompt makes every entry useless, and so does a tool list whose order differs."
const answer = (change: Partial<Answer> = {}): Answer => ({
  text: PROSE,
  calls: [],
  callCount: 0,
  finishReason: "stop",
  refused: false,
  outputChars: PROSE.length,
  ...change,
})
const NONE: Wanted = { tools: new Map(), schema: null, isTranslated: false }
const said = (text: string): Partial<Answer> => ({ text, outputChars: text.length })

const SCHEMA: Json = { type: "object", required: ["city"], properties: { city: { type: "string" } } }
const ROWS = Array.from({ length: 30 }, (_, at) => `| item ${at} | ${at * 7} EUR | in stock since 20${10 + at} |`).join(
  "\n",
)
const LOOP = "I will now check the file and then I will run the tests again to be sure. ".repeat(8)

const FORM: [signal: string, raises: Partial<Answer>, nearMiss: Partial<Answer>, wanted?: Wanted][] = [
  ["truncated", { finishReason: "max_tokens" }, { finishReason: "end_turn" }],
  ["truncated", { finishReason: "MAX_TOKENS" }, { finishReason: "STOP" }],
  ["truncated", { finishReason: "length" }, { finishReason: "tool_calls", callCount: 1 }],
  ["truncated", { finishReason: "max_output_tokens" }, { finishReason: "completed" }],
  ["refused", { finishReason: "refusal" }, said("I refuse to believe that this is the cause; look at line 3.")],
  ["refused", { finishReason: "content_filter" }, { finishReason: "stop" }],
  ["refused", { finishReason: "SAFETY" }, { finishReason: "OTHER" }],
  ["refused", { refused: true, ...said("") }, said("")],
  ["empty", said(" \n"), { ...said(""), callCount: 1 }],
  ["repetitive", said(LOOP), said(ROWS)],
  ["repetitive", said("ok then\n\n".repeat(20)), said(`${PROSE}\n${"ok then\n\n".repeat(4)}`)],
  [
    "repetitive",
    said("我现在检查文件然后再次运行测试。".repeat(8)),
    said("我现在检查文件然后再次运行测试。".repeat(2)),
  ],
  ["unclosed", said("Run this:\n```sh\nmake\n"), said("Run this:\n```sh\nmake\n```\nand you are done.")],
  ["unclosed", said("````md\n```js\nx\n```\n"), said("````md\n```js\nx\n```\n````")],
  ["unclosed", said("- a step:\n  ```\n  make\n"), said("a ``` in the middle of a line")],
]
test.each(FORM)("%s is raised, and not by the near miss", (signal, raises, nearMiss, wanted = NONE) => {
  const [bad, fine] = [countForm(answer(raises), wanted), countForm(answer(nearMiss), wanted)]
  expect(bad).toMatchObject({ answers: 1, [signal]: 1 })
  expect(bad.well_formed).toBeUndefined()
  expect(Object.keys(fine)).not.toContain(signal)
})

test("an answer in the schema asked for is told from one that only looks like it", () => {
  const wanted = { ...NONE, schema: SCHEMA }
  const met = (text: string, schema: Json | true = SCHEMA) => countForm(answer(said(text)), { ...wanted, schema })
  expect(met('{"city":"Paris"}')).toMatchObject({ schemas: 1, schemas_met: 1, well_formed: 1 })
  for (const text of ['{"town":"Paris"}', '{"city":7}', '```json\n{"city":"Paris"}\n```', '{"city":"Par']) {
    expect(met(text)).toMatchObject({ schemas: 1 })
    expect(met(text).schemas_met ?? met(text).well_formed).toBeUndefined()
  }
  expect(met("[1]", true)).toMatchObject({ schemas_met: 1 })
  expect(countForm(answer({ callCount: 1 }), wanted).schemas).toBeUndefined()
  expect(countForm(answer(), NONE).schemas).toBeUndefined()
})

const call = (name: string, args: string, isJson = true): CalledTool => ({ id: "c", name, arguments: args, isJson })
const TOOLS: Wanted = {
  schema: null,
  isTranslated: false,
  tools: new Map<string, Json | null>([
    [
      "read",
      { type: "object", required: ["path"], properties: { path: { type: "string" } }, additionalProperties: false },
    ],
    ["apply_patch", null],
  ]),
}
const CALLS: [what: string, call: CalledTool, counts: object, good: boolean][] = [
  [
    "a good one",
    call("read", '{"path":"a"}'),
    { calls_parsed: 1, calls_valid: 1, calls_known: 1, calls_good: 1 },
    true,
  ],
  ["arguments cut in the middle", call("read", '{"path":"a'), { calls_known: 1 }, false],
  ["a required one missing", call("read", "{}"), { calls_parsed: 1, calls_checked: 1, calls_known: 1 }, false],
  ["one that is not declared", call("read", '{"path":"a","all":true}'), { calls_parsed: 1, calls_checked: 1 }, false],
  ["a number for a text", call("read", '{"path":1}'), { calls_parsed: 1, calls_checked: 1 }, false],
  ["an unknown tool", call("Read", '{"path":"a"}'), { calls_parsed: 1, calls_named: 1 }, false],
  ["free text by design", call("apply_patch", "*** Begin", false), { calls_parsed: 1, calls_known: 1 }, true],
]
test.each(CALLS)("a call with %s", (_, one, expected, isGood) => {
  const { counts, good } = countCalls([one], TOOLS)
  expect(counts).toMatchObject({ calls: 1, calls_named: 1, ...expected })
  expect(good).toEqual([isGood])
  expect(counts.calls_good ?? 0).toBe(isGood ? 1 : 0)
  if (!("calls_valid" in expected)) expect(counts.calls_valid).toBeUndefined()
  if (!("calls_parsed" in expected)) expect(counts.calls_parsed).toBeUndefined()
})

test("without tools on offer no name is unknown", () => {
  expect(countCalls([call("x", "{}")], NONE).counts).toEqual({ calls: 1, calls_parsed: 1, calls_good: 1 })
})

test("a tool that the provider knew by another name is the client's; where nothing was translated it is unknown", () => {
  const long = "mcp__a_server_with_a_long_name__and_a_tool_with_an_even_longer_name_than_that"
  const tools = new Map([
    ["files.read", null],
    [long, null],
  ])
  const known = (name: string, isTranslated: boolean) =>
    countCalls([call(name, "{}")], { tools, schema: null, isTranslated }).counts.calls_known ?? 0
  expect([known("files_read", true), known(`${long.slice(0, 52)}_1abc2def3gh`, true)]).toEqual([1, 1])
  expect([known("files_write", true), known("files_read", false)]).toEqual([0, 0])
})

test("repetition is a share of sequences, and needs some text", () => {
  expect(duplicateShare(PROSE)).toBe(0)
  expect(duplicateShare(LOOP)).toBeGreaterThan(0.8)
  expect(isRepetitive("no no no no no no no no")).toBe(false)
  expect(isRepetitive("-----\n".repeat(40))).toBe(false)
  expect(isRepetitive(`${PROSE}\n${PROSE}`)).toBe(false)
})

test("fences are CommonMark's", () => {
  expect(readFences("no fence at all")).toEqual({ any: false, isOpen: false })
  expect(readFences("~~~\n```\n~~~")).toEqual({ any: true, isOpen: false })
  expect(readFences("```js\ncode\n``` not the end\n")).toEqual({ any: true, isOpen: true })
  expect(readFences("```js\r\ncode\r\n```\r\n")).toEqual({ any: true, isOpen: false })
})

test("a corrected question is alike, another one is not", () => {
  const question = "Write a function that parses ISO 8601 dates in TypeScript"
  expect(similarity(question, `${question}, without a library`)).toBeGreaterThan(0.7)
  expect(similarity(question, "Write a function that formats prices in Rust for me")).toBeLessThan(0.7)
  expect(similarity(question, question.toUpperCase())).toBe(1)
})
