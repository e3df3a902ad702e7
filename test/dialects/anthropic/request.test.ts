/** What Claude's clients ask is read whole, and what is sent to Claude is what it takes. */
import { describe, expect, test } from "bun:test"
import type { Json, JsonObject } from "../../../src/exchange.ts"
import { anthropic } from "../../../src/dialects/anthropic/codec.ts"
import { type CallPart, type FormRequest, Losses, type Part, type ResultPart } from "../../../src/dialects/form.ts"
import { emptyForm, model, tool, user } from "../../support/form.ts"
import type { Loose } from "../../support/json.ts"
import { wrongIn } from "../../support/valid-request.ts"

const read = (body: JsonObject) =>
  anthropic.readRequest({ max_tokens: 9, messages: [{ role: "user", content: "hi" }], ...body }, new Losses())
const partsOf = (...content: Json[]) => read({ messages: [{ role: "user", content }] }).turns[0]!.parts

function write(form: Partial<FormRequest>, model = "claude-sonnet-4-5"): { body: Loose; lost: string[] } {
  const losses = new Losses()
  const to = { dialect: "anthropic" as const, provider: "anthropic", model, stream: false, losses }
  const body: Loose = anthropic.writeRequest({ ...emptyForm(), turns: [user("hi")], ...form }, to)
  expect(wrongIn("anthropic", body)).toEqual([])
  return { body, lost: losses.paths }
}
const call = (id: string, more: Partial<CallPart> = {}): CallPart => ({
  kind: "call",
  id,
  name: "f",
  args: "{}",
  form: "json",
  ...more,
})
const result = (callId: string, ...parts: ResultPart["parts"]): ResultPart => ({
  kind: "result",
  callId,
  parts,
  isError: false,
  form: "json",
})
const thought = (signature: string | null): Part => ({ kind: "reasoning", text: "hm", signature, redacted: false })
const thinking = { effort: null, budget: null, shown: null }

describe("reading", () => {
  test("Claude Code's billing block, which changes with every request, is dropped", () => {
    const system: Json[] = [
      { type: "text", text: "x-anthropic-billing-header: cc_version=2.1; cch=abc;" },
      { type: "text", text: "You are Claude Code.", cache_control: { type: "ephemeral", ttl: "1h" } },
    ]
    expect(read({ system }).system).toEqual([{ kind: "text", text: "You are Claude Code.", cache: { ttl: "1h" } }])
  })

  test("instructions among the messages stay where they are; those before the first turn lead", () => {
    const messages = [
      { role: "system", content: "first" },
      { role: "user", content: "hi" },
      { role: "system", content: [{ type: "text", text: "later" }] },
    ]
    const form = read({ messages })
    expect(form.system).toEqual([{ kind: "text", text: "first" }])
    expect(form.turns.map(({ role }) => role)).toEqual(["user", "system"])
  })

  test("thinking keeps its signature, hidden and redacted thinking too, in the order they came", () => {
    const content: Json[] = [
      { type: "thinking", thinking: "a", signature: "s1" },
      { type: "text", text: "b" },
      { type: "thinking", thinking: "", signature: "s2" },
      { type: "redacted_thinking", data: "d" },
    ]
    const form = read({
      messages: [
        { role: "user", content: "hi" },
        { role: "assistant", content },
      ],
    })
    expect(form.turns[1]!.parts).toMatchObject([
      { kind: "reasoning", text: "a", signature: "s1", redacted: false },
      { kind: "text", text: "b" },
      { kind: "reasoning", text: "", signature: "s2", redacted: false },
      { kind: "reasoning", signature: "d", redacted: true },
    ])
    const { body } = write({ turns: [...form.turns, user("go on")] })
    expect(body.messages[1].content).toEqual(content)
  })

  test("a result holds texts, pictures, documents and what was found, and says whether it failed", () => {
    const [part] = partsOf({
      type: "tool_result",
      tool_use_id: "t1",
      is_error: true,
      content: [
        { type: "text", text: "a" },
        { type: "image", source: { type: "base64", media_type: "image/png", data: "AA==" } },
        { type: "document", source: { type: "file", file_id: "file_1" }, title: "T" },
        { type: "search_result", source: "https://a.example", title: "A", content: [{ type: "text", text: "found" }] },
        { type: "tool_reference", tool_name: "g" },
      ],
    })
    expect(part).toMatchObject({ kind: "result", callId: "t1", isError: true })
    expect((part as ResultPart).parts).toMatchObject([
      { kind: "text", text: "a" },
      { kind: "media", type: "image", source: { by: "data", mime: "image/png", data: "AA==" } },
      { kind: "media", type: "document", source: { by: "id", id: "file_1" }, name: "T" },
      { kind: "text", text: expect.stringContaining("found") },
      { kind: "text", text: expect.stringContaining("g") },
    ])
  })

  test("documents of every source are read: a PDF, a link, plain text, blocks of text", () => {
    const document = (source: JsonObject) => ({ type: "document", source })
    expect(
      partsOf(
        document({ type: "base64", media_type: "application/pdf", data: "JVBE" }),
        document({ type: "url", url: "https://a.example/b.pdf" }),
        document({ type: "text", media_type: "text/plain", data: "plain" }),
        document({ type: "content", content: [{ type: "text", text: "one" }] }),
      ),
    ).toMatchObject([
      { kind: "media", source: { by: "data", mime: "application/pdf" } },
      { kind: "media", source: { by: "url", url: "https://a.example/b.pdf" } },
      { kind: "text", text: "plain" },
      { kind: "text", text: "one" },
    ])
  })

  test("what Anthropic's servers run stays whole and is known by its name; settings that only they know are told", () => {
    const block = { type: "web_search_tool_result", tool_use_id: "srv", content: [] }
    expect(partsOf(block)).toEqual([{ kind: "opaque", dialect: "anthropic", what: block.type, raw: block }])
    const form = read({
      tools: [
        { type: "web_search_20250305", name: "web_search" },
        { name: "f", input_schema: { type: "object" } },
      ],
      mcp_servers: [],
      container: "c",
    })
    expect(form.tools).toMatchObject([
      { kind: "hosted", what: "web_search_20250305" },
      { kind: "function", name: "f" },
    ])
    expect(form.unheld).toEqual(["mcp_servers", "container"])
  })

  test("choices of tools and parallel calls are read and written the same", () => {
    const choices: JsonObject[] = [
      { type: "auto", disable_parallel_tool_use: true },
      { type: "any" },
      { type: "none" },
      { type: "tool", name: "f", disable_parallel_tool_use: true },
    ]
    for (const tool_choice of choices) {
      const form = read({ tool_choice, tools: [{ name: "f", input_schema: { type: "object" } }] })
      expect(write(form).body.tool_choice).toEqual(tool_choice)
    }
  })

  test("an output format is read from either place", () => {
    const format = { type: "json_schema", schema: { type: "object" } }
    expect(read({ output_format: format }).format?.schema).toEqual({ type: "object" })
    expect(read({ output_config: { format, effort: "high" } })).toMatchObject({
      format: { schema: { type: "object" } },
      thinking: { effort: "high" },
    })
  })

  test("a message that is none is refused with its place", () => {
    expect(() => read({ messages: ["x"] as Json[] })).toThrow("messages[0]")
    expect(() => read({ messages: [{ role: "robot", content: "x" }] })).toThrow("messages[0].role")
    expect(() => read({ messages: [{ role: "user", content: 7 }] })).toThrow("messages[0].content")
  })
})

describe("writing", () => {
  test("roles alternate, a user begins, and a conversation of instructions alone has a turn", () => {
    const { body } = write({ turns: [model("a"), user("b"), user("c")] })
    expect(body.messages.map((one: Loose) => one.role)).toEqual(["user", "assistant", "user"])
    expect(write({ turns: [], system: [{ kind: "text", text: "Say hi." }] }).body.messages).toHaveLength(1)
  })

  test("a turn of nothing but unsigned thinking leaves no two turns of one role", () => {
    const { body } = write({ turns: [user("a"), model(thought(null)), user("b")] })
    expect(body.messages).toHaveLength(1)
  })

  test("an answer begun by the client is kept where the model takes one, without blanks at its end", () => {
    const turns = [user("a"), model("The answer: ")]
    expect(write({ turns }).body.messages[1].content[0].text).toBe("The answer:")
    const newer = write({ turns }, "claude-opus-4-6")
    expect(newer.body.messages.at(-1).role).toBe("user")
    expect(newer.lost).toEqual(["prefill"])
  })

  test("results of a turn's calls come first, in one turn, one each; a call without one gets an error", () => {
    const { body } = write({
      turns: [model(call("a"), call("b")), user("so", result("a", { kind: "text", text: "1" })), user(result("a"))],
    })
    expect(body.messages[2].content).toMatchObject([
      { type: "tool_result", tool_use_id: "a", content: "1" },
      { type: "tool_result", tool_use_id: "b", is_error: true },
      { type: "text", text: "so" },
    ])
  })

  test("ids that Claude refuses are changed, the same for call and result, and stay apart", () => {
    const ids = ["functions.Bash:0", "functions.Bash:1", "x".repeat(80), "ok_1"]
    const { body } = write({
      turns: [user("a"), model(...ids.map((id) => call(id))), user(...ids.map((id) => result(id)))],
    })
    const sent = body.messages[1].content.map((one: Loose) => one.id)
    for (const id of sent) expect(id).toMatch(/^[a-zA-Z0-9_-]{1,64}$/)
    expect(new Set(sent).size).toBe(4)
    expect(sent[3]).toBe("ok_1")
    expect(body.messages[2].content.map((one: Loose) => one.tool_use_id)).toEqual(sent)
  })

  test("a call without arguments has an empty object, and arguments that are no JSON are kept", () => {
    const turns = [
      user("a"),
      model(call("a", { args: "" }), call("b", { args: "{no" })),
      user(result("a"), result("b")),
    ]
    expect(write({ turns }).body.messages[1].content.map((one: Loose) => one.input)).toEqual([{}, { input: "{no" }])
  })

  test("thinking leaves room for the answer, and what it forbids is left out and told", () => {
    const { body, lost } = write({
      thinking: { ...thinking, effort: "high" },
      maxTokens: 1000,
      temperature: 0.2,
      topK: 5,
      topP: 0.5,
    })
    expect(body).toMatchObject({ thinking: { type: "enabled", budget_tokens: 4096 }, max_tokens: 5096 })
    expect(body).not.toContainAnyKeys(["temperature", "top_k", "top_p"])
    expect(lost).toEqual(expect.arrayContaining(["temperature (thinking)", "top_k (thinking)"]))
    expect(write({ thinking: { ...thinking, budget: 2000 }, maxTokens: 8000 }).body.max_tokens).toBe(8000)
  })

  test("a forced tool and thinking exclude each other: the tool wins", () => {
    const { body, lost } = write({
      thinking: { ...thinking, effort: "high" },
      tools: [tool],
      toolChoice: { mode: "required" },
    })
    expect(body.thinking).toBeUndefined()
    expect(lost).toEqual(["thinking (a tool is forced)"])
  })

  test("in a tool loop whose thinking another model made, older models do not think; newer ones may", () => {
    const turns = [user("a"), model(thought(null), call("t")), user(result("t", { kind: "text", text: "1" }))]
    const asked = { turns, thinking: { ...thinking, effort: "low" as const } }
    expect(write(asked).body.thinking).toBeUndefined()
    expect(write(asked, "claude-opus-4-6").body.thinking).toMatchObject({ type: "adaptive" })
    const own = [user("a"), model(thought("s"), call("t")), user(result("t", { kind: "text", text: "1" }))]
    expect(write({ ...asked, turns: own }).body.thinking).toMatchObject({ type: "enabled" })
  })

  test("how much to think is a budget for older models and a word for newer ones, which show it only when asked", () => {
    const asked = { thinking: { ...thinking, effort: "xhigh" as const } }
    expect(write(asked, "claude-3-7-sonnet-latest").body.thinking.budget_tokens).toBe(16_384)
    expect(write(asked, "claude-opus-4-6").body.output_config).toEqual({ effort: "high" })
    const newest = write(asked, "claude-opus-4-7").body
    expect(newest).toMatchObject({
      output_config: { effort: "xhigh" },
      thinking: { type: "adaptive", display: "summarized" },
    })
    expect(write({ thinking: { ...thinking, effort: "none" } }).body.thinking).toBeUndefined()
    expect(write(asked, "claude-3-5-haiku-latest").lost).toEqual(["thinking (this model does not)"])
  })

  test("an answer's length is always said, and a temperature is at most 1", () => {
    expect(write({}).body.max_tokens).toBe(32_000)
    expect(write({}, "claude-3-haiku-20240307").body.max_tokens).toBe(4096)
    expect(write({ temperature: 1.6 }).body.temperature).toBe(1)
  })

  test("a schema goes natively to models that take one, closed, with the keywords they know; others are told in words", () => {
    const schema = {
      type: "object",
      properties: {
        additionalProperties: { type: "integer", minimum: 1, description: "n" },
        when: { type: "string", format: "date" },
      },
    }
    const format = { schema, name: null, description: null, strict: null }
    expect(write({ format }).body.output_config.format).toEqual({
      type: "json_schema",
      schema: {
        type: "object",
        additionalProperties: false,
        properties: {
          additionalProperties: { type: "integer", description: "n\n\n{minimum: 1}" },
          when: { type: "string", format: "date" },
        },
      },
    })
    const old = write({ format }, "claude-3-5-haiku-latest")
    expect(old.body.system[0].text).toContain('"properties"')
    expect(old.lost).toEqual(["response_format (told as an instruction)"])
  })

  test("a tool's schema is an object, also where it was a union", () => {
    const anyOf: Json[] = [{ properties: { a: { type: "string" } } }, { properties: { b: { type: "number" } } }]
    const { body } = write({
      tools: [
        { ...tool, schema: { anyOf } },
        { ...tool, name: "g" },
      ],
    })
    expect(body.tools.map((one: Loose) => one.input_schema)).toEqual([
      { type: "object", properties: { a: { type: "string" }, b: { type: "number" } } },
      { type: "object", properties: {} },
    ])
  })

  test("at most four cache marks are left, the last ones", () => {
    const cache = { ttl: "5m" as const }
    const turns = [user(...Array.from({ length: 6 }, (_, at): Part => ({ kind: "text", text: `${at}`, cache })))]
    const { body } = write({ turns, system: [{ kind: "text", text: "s", cache }] })
    expect(body.system[0].cache_control).toBeUndefined()
    expect(body.messages[0].content.map((one: Loose) => one.cache_control !== undefined)).toEqual([
      false,
      false,
      true,
      true,
      true,
      true,
    ])
  })

  test("pictures go by data, link and id; a sound is named, so that no turn is empty", () => {
    const image = (source: Loose): Part => ({ kind: "media", type: "image", source })
    const sound: Part = { kind: "media", type: "audio", source: { by: "data", mime: "audio/wav", data: "AA==" } }
    const { body } = write({
      turns: [
        user(
          image({ by: "data", mime: "image/png", data: "AA==" }),
          image({ by: "url", url: "https://a.example/b.png", mime: null }),
        ),
      ],
    })
    expect(body.messages[0].content.map((one: Loose) => one.source.type)).toEqual(["base64", "url"])
    const { body: heard, lost } = write({ turns: [user(sound)] })
    expect(heard.messages[0].content).toEqual([{ type: "text", text: expect.stringContaining("audio") }])
    expect(lost).toEqual(["audio"])
  })
})
