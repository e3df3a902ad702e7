/** Responses requests, read and written: what Codex and OpenAI's SDKs send, and what OpenAI would refuse. */
import { expect, test } from "bun:test"
import { Refusal } from "../../../src/exchange.ts"
import { type FormRequest, Losses, type Part } from "../../../src/dialects/form.ts"
import { openaiResponses } from "../../../src/dialects/openai-responses/codec.ts"
import { fitRequest } from "../../../src/dialects/translation/request.ts"
import { haveFixtures, loadFixture, requestOf } from "../../support/fixtures.ts"
import { emptyForm } from "../../support/form.ts"
import type { Loose } from "../../support/json.ts"
import { wrongIn } from "../../support/valid-request.ts"

const read = (body: Loose) => openaiResponses.readRequest(body, new Losses())
const write = (form: FormRequest, model = "gpt-5"): Loose => {
  const losses = new Losses()
  const to = { dialect: "openai-responses", provider: "openai", model, stream: true, losses } as const
  const body = openaiResponses.writeRequest(form, to)
  expect(wrongIn("openai-responses", body)).toEqual([])
  return { ...body, losses: losses.paths }
}
const refusal = (body: Loose) => {
  try {
    return read(body)
  } catch (error) {
    return error
  }
}
const user = (text = "hi") => ({ type: "message", role: "user", content: [{ type: "input_text", text }] })
const asked = (call_id: string, more: object = {}) => ({
  type: "function_call",
  call_id,
  name: "f",
  arguments: "{}",
  ...more,
})
const gave = (call_id: string, output: Loose = "done") => ({ type: "function_call_output", call_id, output })
const thought = (more: object = {}) => ({
  type: "reasoning",
  id: "rs_1",
  summary: [{ type: "summary_text", text: "hm" }],
  encrypted_content: "enc",
  ...more,
})

test("a conversation of instructions alone begins with a word: OpenAI refuses an empty input", () => {
  const { input, instructions } = write({ ...emptyForm(), system: [{ kind: "text", text: "Be a potato." }], turns: [] })
  expect(instructions).toBe("Be a potato.")
  expect(input).toEqual([{ role: "user", content: [{ type: "input_text", text: expect.stringMatching(/./) }] }])
})

test("reasoning goes out with the item it led to, its id beside it, or not at all", () => {
  const together = write(read({ input: [user(), thought(), asked("c1", { id: "fc_9" }), gave("c1")] })).input
  expect(together.map((item: Loose) => item.type ?? item.role)).toEqual([
    "user",
    "reasoning",
    "function_call",
    "function_call_output",
  ])
  expect(together[1]).toEqual({
    type: "reasoning",
    id: "rs_1",
    summary: [{ type: "summary_text", text: "hm" }],
    encrypted_content: "enc",
  })
  expect(together[2]).toEqual({ type: "function_call", call_id: "c1", name: "f", arguments: "{}" })
  const alone = write(read({ input: [user(), thought(), user("go on")] })).input
  expect(alone.map((item: Loose) => item.type ?? item.role)).toEqual(["user", "user"])
  const foreign = write(read({ input: [user(), thought({ encrypted_content: null }), asked("c1"), gave("c1")] })).input
  expect(foreign.map((item: Loose) => item.type ?? item.role)).toEqual([
    "user",
    "function_call",
    "function_call_output",
  ])
})

test("calls without an output and outputs without a call are mended", () => {
  const { input } = write(read({ input: [user(), asked("a"), asked("b"), gave("b"), gave("z", "lost"), user("go")] }))
  expect(input.map((item: Loose) => item.call_id ?? item.role)).toEqual(["user", "a", "b", "a", "b", "user"])
  expect(JSON.stringify(input.at(-1))).toContain("lost")
})

test("Codex' custom tools, its namespaces and hosted tools are read; a custom call keeps its bare string", () => {
  const form = read({
    input: [
      user(),
      { type: "custom_tool_call", call_id: "c1", name: "apply_patch", input: "*** Begin" },
      { type: "custom_tool_call_output", call_id: "c1", output: "ok" },
    ],
    tools: [
      {
        type: "custom",
        name: "apply_patch",
        description: "d",
        format: { type: "grammar", syntax: "lark", definition: "start: x" },
      },
      {
        type: "namespace",
        name: "mcp__git__",
        tools: [{ type: "function", name: "log", parameters: { type: "object", properties: {} } }],
      },
      { type: "web_search" },
      { type: "local_shell" },
      { type: "tomorrow's tool", name: "x" },
    ],
  })
  expect(form.tools).toMatchObject([
    { kind: "function", name: "apply_patch", form: "text", grammar: { syntax: "lark", definition: "start: x" } },
    { kind: "function", name: "log", namespace: "mcp__git__", form: "json" },
    { kind: "hosted", what: "web_search" },
    { kind: "hosted", what: "local_shell" },
    { kind: "hosted", what: "tomorrow's tool" },
  ])
  form.tools.splice(1)
  const body = write(form)
  expect(body.tools[0].format).toEqual({ type: "grammar", syntax: "lark", definition: "start: x" })
  expect(body.input.slice(1)).toEqual([
    { type: "custom_tool_call", call_id: "c1", name: "apply_patch", input: "*** Begin" },
    { type: "custom_tool_call_output", call_id: "c1", output: "ok" },
  ])
})

test("items that only OpenAI understands are opaque, an output in words is told", () => {
  const form = read({
    input: [
      user(),
      { type: "web_search_call", id: "ws_1", status: "completed" },
      { type: "local_shell_call", call_id: "s1", action: { type: "exec", command: ["ls"] } },
      { type: "local_shell_call_output", call_id: "s1", output: "a.txt" },
      { type: "tool_search_output", call_id: "t1", tools: [] },
      { type: "compaction", encrypted_content: "x" },
    ],
  })
  expect(form.turns.flatMap(({ parts }) => parts.map((part) => ("what" in part ? part.what : part.kind)))).toEqual([
    "text",
    "web_search_call",
    "local_shell_call",
    "result",
    "tool_search_output",
    "compaction",
  ])
  const losses = new Losses()
  fitRequest(form, "openai-responses", "anthropic", losses)
  expect(losses.paths).toEqual(["web_search_call", "local_shell_call", "tool_search_output", "compaction"])
})

test.skipIf(!haveFixtures)("Codex' own request holds its developer's words, its tools and nothing unknown", () => {
  const body = requestOf(loadFixture("inbound-codex-cli", "exec-hello"))
  const form = read(body)
  const words = body.input.filter((item: Loose) => item.role === "developer").flatMap((item: Loose) => item.content)
  const led = body.instructions ? [body.instructions] : []
  expect(form.system.map(({ text }) => text)).toEqual([...led, ...words.map((part: Loose) => part.text)])
  expect(form.turns.every(({ role }) => role === "user")).toBe(true)
  const declared = body.tools.flatMap((tool: Loose) => (tool.type === "namespace" ? tool.tools : [tool]))
  expect(form.tools).toHaveLength(declared.length)
  expect(form.unheld).toEqual([])
})

test("an output of pictures and text stays a list, an error says so first", () => {
  const output = [
    { type: "input_text", text: "see" },
    { type: "input_image", image_url: "data:image/png;base64,aGk=", detail: "auto" },
  ]
  expect(write(read({ input: [user(), asked("a"), gave("a", output)] })).input[2].output).toEqual(output)
  const failed = { ...gave("a", output), status: "failed" }
  expect(write(read({ input: [user(), asked("a"), failed] })).input[2].output[0]).toEqual({
    type: "input_text",
    text: "Error:",
  })
  const odd = { type: "function_call_output", call_id: "a", output: { ok: true } }
  expect(write(read({ input: [user(), asked("a"), odd] })).input[2].output).toBe('{"ok":true}')
})

test("an output limit below OpenAI's least is raised; reasoning goes to models that reason", () => {
  const form: FormRequest = { ...read({ input: "hi", reasoning: { effort: "high", summary: "auto" } }), maxTokens: 3 }
  expect(write(form)).toMatchObject({
    max_output_tokens: 16,
    store: false,
    include: ["reasoning.encrypted_content"],
    reasoning: { effort: "high", summary: "auto" },
  })
  const plain = write(form, "gpt-4.1")
  expect(plain.reasoning).toBeUndefined()
  expect(plain.include).toBeUndefined()
})

test("a developer's later words stay in their place", () => {
  const developer = (text: string) => ({ role: "developer", content: text })
  const body = write(read({ instructions: "one", input: [developer("two"), user(), developer("three"), user("go")] }))
  expect(body.instructions).toBe("one\n\ntwo")
  expect(body.input.map((item: Loose) => [item.role, item.content[0].text])).toEqual([
    ["user", "hi"],
    ["developer", "three"],
    ["user", "go"],
  ])
})

test("structured output and verbosity are carried, strict only where the client said so", () => {
  const schema = { type: "object", properties: {} }
  const text = { format: { type: "json_schema", name: "n", schema, strict: true }, verbosity: "low" }
  expect(write(read({ input: "hi", text })).text).toEqual(text)
  const lax = {
    ...emptyForm(),
    ...read({ input: "hi" }),
    format: { schema, name: null, description: null, strict: null },
  }
  expect(write(lax).text.format).toEqual({ type: "json_schema", name: "answer", schema, strict: false })
})

test("images and files keep their form", () => {
  const content = [
    { type: "input_image", image_url: "https://example.com/a.png", detail: "low" },
    { type: "input_image", file_id: "file-1", detail: "auto" },
    { type: "input_file", filename: "a.pdf", file_data: "data:application/pdf;base64,aGk=" },
    { type: "input_file", file_url: "https://example.com/a.pdf" },
    { type: "input_file", file_id: "file-2" },
  ]
  const form = read({ input: [{ role: "user", content }] })
  expect(form.turns[0]!.parts.map((part: Part) => part.kind === "media" && [part.type, part.source.by])).toEqual([
    ["image", "url"],
    ["image", "id"],
    ["document", "data"],
    ["document", "url"],
    ["document", "id"],
  ])
  expect(write(form).input[0].content).toEqual(content)
})

test("what only the provider that kept it can go on from is refused, saying what to do", () => {
  const kept: [Loose, string][] = [
    [{ input: "hi", previous_response_id: "resp_1" }, "previous_response_id"],
    [{ input: "hi", conversation: "conv_1" }, "conversation"],
    [{ input: "hi", prompt: { id: "p" } }, "prompt"],
    [{ input: "hi", background: true }, "background"],
    [{ input: [user(), { type: "item_reference", id: "msg_1" }] }, "input[1] (item_reference)"],
  ]
  for (const [body, param] of kept) {
    expect(refusal(body)).toBeInstanceOf(Refusal)
    expect(refusal(body)).toMatchObject({
      status: 400,
      param,
      message: expect.stringContaining("Send the whole conversation"),
    })
  }
})

test("what the dialect itself would refuse is refused, with the place", () => {
  const wrong: [Loose, string][] = [
    [{}, "input"],
    [{ input: 3 }, "input"],
    [{ input: ["hi"] }, "input[0]"],
    [{ input: [{ role: "wizard", content: "x" }] }, "input[0].role"],
  ]
  for (const [body, param] of wrong) expect(refusal(body)).toMatchObject({ status: 400, param })
})

test("what this dialect has no place for is listed", () => {
  const form = { ...read({ input: "hi" }), topK: 1, seed: 2, stop: ["x"], candidates: 2, presencePenalty: 0 }
  expect(write(form).losses.sort()).toEqual(["n", "seed", "stop", "top_k"])
})
