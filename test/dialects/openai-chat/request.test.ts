/** Chat requests, read and written: what OpenAI and its imitators would refuse does not go out. */
import { expect, test } from "bun:test"
import { Refusal, type Json, type JsonObject } from "../../../src/exchange.ts"
import { type FormRequest, Losses, type Part } from "../../../src/dialects/form.ts"
import { openaiChat } from "../../../src/dialects/openai-chat/codec.ts"
import { emptyForm } from "../../support/form.ts"
import type { Loose } from "../../support/json.ts"
import { wrongIn } from "../../support/valid-request.ts"

const read = (body: Loose) => openaiChat.readRequest(body, new Losses())
const write = (form: FormRequest, provider = "openai", model = "m"): Loose => {
  const losses = new Losses()
  const to = { dialect: "openai-chat", provider, model, stream: false, losses } as const
  const body = openaiChat.writeRequest(form, to)
  expect(wrongIn("openai-chat", body)).toEqual([])
  return { ...body, losses: losses.paths }
}
const again = (messages: Loose, provider?: string, model?: string) =>
  write(read({ messages }), provider, model).messages
const user = (content: Json = "hi") => ({ role: "user", content })
const asks = (...ids: string[]) => ({
  role: "assistant",
  content: null,
  tool_calls: ids.map((id) => ({ id, type: "function", function: { name: "f", arguments: "{}" } })),
})
const answer = (tool_call_id: string, content: Json = "done") => ({ role: "tool", tool_call_id, content })

test("thinking goes back to those who want it in a tool loop, and never to OpenAI", () => {
  const history = [
    user(),
    {
      ...asks("c1"),
      reasoning_content: "hm",
      thinking_blocks: [{ type: "thinking", thinking: "hm", signature: "sig" }],
    },
    answer("c1"),
  ]
  expect(JSON.stringify(again(history))).not.toContain("hm")
  expect(again(history, "deepseek")[1].reasoning_content).toBe("hm")
  expect(again(history, "openrouter", "anthropic/claude-sonnet-4.5")[1].reasoning_details).toEqual([
    { type: "reasoning.text", text: "hm", signature: "sig", format: "anthropic-claude-v1" },
  ])
  const details = [
    { type: "reasoning.summary", summary: "hm", format: "openai-responses-v1" },
    { type: "reasoning.encrypted", data: "sig", format: "openai-responses-v1" },
  ]
  const fromRouter = [user(), { ...asks("c1"), reasoning: "hm", reasoning_details: details }, answer("c1")]
  expect(again(fromRouter, "openrouter", "openai/gpt-5")[1].reasoning_details).toEqual(details)
})

test("each call has one result right after it; what is missing is told, what is too much is not", () => {
  const said = again([user(), asks("a", "b"), user("wait"), answer("a"), answer("a", "again"), answer("z", "lost")])
  expect(said.map((one: Loose) => one.tool_call_id ?? one.role)).toEqual(["user", "assistant", "a", "b", "user"])
  expect(said[3].content).toMatch(/^Error: No result/)
  expect(JSON.stringify(said)).toContain("lost")
})

test("ids that begin anew in each turn are told apart, with their results", () => {
  const said = again([user(), asks("call_0"), answer("call_0", "one"), asks("call_0"), answer("call_0", "two")])
  const pairs = said.filter((one: Loose) => one.role === "tool").map((one: Loose) => [one.tool_call_id, one.content])
  expect(pairs).toEqual([
    ["call_0", "one"],
    ["call_0_2", "two"],
  ])
  const parallel = again([user(), asks("x", "x"), answer("x", "one"), answer("x", "two")])
  expect(parallel.slice(2).map((one: Loose) => one.content)).toEqual(["one", "two"])
})

test("ids of any length and letters go out as OpenAI takes them, call and result alike", () => {
  const id = `functions.Bash:0${"x".repeat(80)}`
  const said = again([user(), asks(id), answer(id)])
  expect(said[2].tool_call_id).toBe(said[1].tool_calls[0].id)
  expect(said[2].tool_call_id).toMatch(/^[a-zA-Z0-9_-]{1,64}$/)
})

test("choices of tools", () => {
  const tools = [{ type: "function", function: { name: "f", parameters: { type: "object", properties: {} } } }]
  const choices: [Json, Json][] = [
    ["auto", "auto"],
    ["none", "none"],
    ["required", "required"],
    ["any", "required"],
    [
      { type: "function", function: { name: "f" } },
      { type: "function", function: { name: "f" } },
    ],
  ]
  for (const [tool_choice, written] of choices)
    expect(write(read({ messages: [user()], tools, tool_choice, parallel_tool_calls: false }))).toMatchObject({
      tool_choice: written,
      parallel_tool_calls: false,
    })
})

test("a call without arguments, or with broken ones, is JSON in a history", () => {
  const history = (args: string) => [
    user(),
    {
      role: "assistant",
      content: "",
      tool_calls: [{ id: "a", type: "function", function: { name: "f", arguments: args } }],
    },
    answer("a"),
  ]
  expect(again(history(""))[1].tool_calls[0].function.arguments).toBe("{}")
  expect(again(history('{"a":'))[1].tool_calls[0].function.arguments).toBe('{"input":"{\\"a\\":"}')
  expect(again(history('{ "a": 1.0 }'))[1].tool_calls[0].function.arguments).toBe('{ "a": 1.0 }')
})

test("parameters are an object's schema, also where the client left that out", () => {
  const tools = [
    { type: "function", function: { name: "none" } },
    { type: "function", function: { name: "bare", parameters: { properties: { type: { type: "string" } } } } },
    { name: "anthropic", input_schema: { type: "object", properties: { a: {} } } },
  ]
  const said = write(read({ messages: [user()], tools })).tools.map((tool: Loose) => tool.function.parameters)
  expect(said).toEqual([
    { type: "object", properties: {} },
    { properties: { type: { type: "string" } }, type: "object" },
    { type: "object", properties: { a: {} } },
  ])
})

test("a tool's picture follows its results in a user message, an error says so", () => {
  const image: Part = { kind: "media", type: "image", source: { by: "data", mime: "image/png", data: "aGk=" } }
  const call = (id: string): Part => ({ kind: "call", id, name: "f", args: "{}", form: "json" })
  const result = (callId: string, parts: Loose[], isError = false): Part => ({
    kind: "result",
    callId,
    parts,
    isError,
    form: "json",
  })
  const { messages } = write({
    ...emptyForm(),
    turns: [
      { role: "assistant", parts: [call("a"), call("b")] },
      {
        role: "user",
        parts: [
          result("a", [{ kind: "text", text: "see" }, image]),
          result("b", [{ kind: "text", text: "no file" }], true),
        ],
      },
    ],
  })
  expect(messages.map((one: Loose) => one.role)).toEqual(["assistant", "tool", "tool", "user"])
  expect(messages[2].content).toBe("Error: no file")
  expect(messages[3].content).toEqual([{ type: "image_url", image_url: { url: "data:image/png;base64,aGk=" } }])
})

test("developer and system words lead, and stay in their place later on", () => {
  const form = read({
    messages: [
      { role: "developer", content: "one" },
      { role: "system", content: [{ type: "text", text: "two" }] },
      user(),
      { role: "system", content: "three" },
    ],
  })
  expect(form.system.map(({ text }) => text)).toEqual(["one", "two"])
  expect(write(form).messages).toEqual([
    { role: "system", content: "one\n\ntwo" },
    { role: "user", content: "hi" },
    { role: "system", content: "three" },
  ])
})

test("an assistant that only thought says nothing, and no message is empty", () => {
  expect(again([user(), { role: "assistant", content: null, reasoning_content: "hm" }, user("go")])).toEqual([
    user(),
    user("go"),
  ])
})

test("structured output", () => {
  const schema = { type: "object", properties: {}, additionalProperties: false }
  const response_format = { type: "json_schema", json_schema: { name: "n", schema, strict: true } }
  expect(write(read({ messages: [user()], response_format }))).toMatchObject({ response_format })
  expect(write(read({ messages: [user()], response_format: { type: "json_object" } }))).toMatchObject({
    response_format: { type: "json_object" },
  })
})

test("functions of before November 2023 are tools, each call with its own result", () => {
  const form = read({
    messages: [
      user(),
      { role: "assistant", content: null, function_call: { name: "f", arguments: "{}" } },
      { role: "function", name: "f", content: "one" },
      { role: "assistant", content: null, function_call: { name: "f", arguments: "{}" } },
      { role: "function", name: "f", content: "two" },
    ],
    functions: [{ name: "f" }],
    function_call: { name: "f" },
  })
  const body = write(form)
  expect(body.messages.filter((one: Loose) => one.role === "tool").map((one: Loose) => one.content)).toEqual([
    "one",
    "two",
  ])
  expect(body.tools).toHaveLength(1)
})

test("what the dialect itself would refuse is refused, with the place", () => {
  const wrong: [JsonObject, string][] = [
    [{}, "messages"],
    [{ messages: "hi" }, "messages"],
    [{ messages: [3] }, "messages[0]"],
    [{ messages: [{ role: "wizard", content: "x" }] }, "messages[0].role"],
    [{ messages: [{ role: "user", content: 3 }] }, "messages[0].content"],
  ]
  for (const [body, param] of wrong) {
    const refusal = (() => {
      try {
        return read(body)
      } catch (error) {
        return error
      }
    })()
    expect(refusal).toBeInstanceOf(Refusal)
    expect(refusal).toMatchObject({ status: 400, param })
  }
})

test("what this dialect alone knows is listed as not held", () => {
  const body = {
    messages: [user()],
    logit_bias: { a: 1 },
    prediction: null,
    modalities: ["text"],
    model: "m",
    user: "u",
  }
  expect(read(body).unheld).toEqual(["logit_bias", "modalities"])
  expect(write({ ...read(body), topK: 3, stop: ["a", "b", "c", "d", "e"] }).losses).toEqual([
    "top_k",
    "stop (more than 4)",
  ])
})
