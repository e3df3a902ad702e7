/** What Gemini's clients ask is read whole, in either spelling, and what is sent to Gemini is what it takes. */
import { describe, expect, test } from "bun:test"
import type { Json, JsonObject } from "../../../src/exchange.ts"
import {
  type CallPart,
  type Destination,
  type FormRequest,
  Losses,
  type ResultPart,
  type Thinking,
} from "../../../src/dialects/form.ts"
import { gemini } from "../../../src/dialects/gemini/codec.ts"
import { emptyForm, model, tool, turn, user } from "../../support/form.ts"
import type { Loose } from "../../support/json.ts"
import { wrongIn } from "../../support/valid-request.ts"

const HI: Json = [{ role: "user", parts: [{ text: "hi" }] }]
const read = (body: JsonObject) => gemini.readRequest({ contents: HI, ...body }, new Losses())
function write(form: Partial<FormRequest>, model = "gemini-2.5-flash"): { body: Loose; lost: string[] } {
  const losses = new Losses()
  const to: Destination = { dialect: "gemini", provider: "gemini", model, stream: false, losses }
  const body: Loose = gemini.writeRequest({ ...emptyForm(), turns: [user("hi")], ...form }, to)
  expect(wrongIn("gemini", body)).toEqual([])
  return { body, lost: losses.paths }
}
const call = (id: string, name: string, more: Partial<CallPart> = {}): CallPart => ({
  kind: "call",
  id,
  name,
  args: '{"a":1}',
  form: "json",
  ...more,
})
const result = (callId: string, said: string, more: Partial<ResultPart> = {}): ResultPart => ({
  kind: "result",
  callId,
  parts: [{ kind: "text", text: said }],
  isError: false,
  form: "json",
  ...more,
})
const thinking = { effort: null, budget: null, shown: null }

describe("reading", () => {
  test("members are read in camelCase and in snake_case", () => {
    const camel = read({
      systemInstruction: { parts: [{ text: "s" }] },
      generationConfig: { maxOutputTokens: 5, topK: 3, stopSequences: ["x"], thinkingConfig: { thinkingBudget: 0 } },
      toolConfig: { functionCallingConfig: { mode: "ANY", allowedFunctionNames: ["f"] } },
      tools: [{ functionDeclarations: [{ name: "f" }] }],
    })
    const snake = read({
      system_instruction: { parts: [{ text: "s" }] },
      generation_config: {
        max_output_tokens: 5,
        top_k: 3,
        stop_sequences: ["x"],
        thinking_config: { thinking_budget: 0 },
      },
      tool_config: { function_calling_config: { mode: "any", allowed_function_names: ["f"] } },
      tools: [{ function_declarations: [{ name: "f" }] }],
    })
    expect(snake).toEqual(camel)
    expect(camel).toMatchObject({
      system: [{ text: "s" }],
      maxTokens: 5,
      topK: 3,
      stop: ["x"],
      thinking: { budget: 0 },
      toolChoice: { mode: "some", names: ["f"], required: true },
      tools: [{ name: "f" }],
      unheld: [],
    })
  })

  test("the only element of a list may stand without the list, as in Google's own examples", () => {
    const calling = { functionCall: { id: "c", name: "f", args: {} } }
    const answering = { functionResponse: { id: "c", name: "f", response: { output: "o" }, parts: { text: "x" } } }
    const listed = read({
      systemInstruction: { parts: [{ text: "s" }] },
      contents: [
        { role: "user", parts: [{ text: "hi" }] },
        { role: "model", parts: [calling] },
        { role: "user", parts: [answering] },
      ],
      tools: [{ functionDeclarations: [{ name: "f" }] }],
    })
    const bare = read({
      systemInstruction: { parts: { text: "s" } },
      contents: [
        { role: "user", parts: { text: "hi" } },
        { role: "model", parts: calling },
        { role: "user", parts: answering },
      ],
      tools: { functionDeclarations: { name: "f" } },
    })
    expect(bare).toEqual(listed)
    expect(listed).toMatchObject({ system: [{ text: "s" }], tools: [{ name: "f" }] })
    expect(listed.turns.map(({ parts }) => parts[0]!.kind)).toEqual(["text", "call", "result"])
  })

  test("a tool's schema is read as JSON Schema, whichever member and spelling it came in", () => {
    const parameters = {
      type: "OBJECT",
      properties: {
        type: { type: "STRING", nullable: true, enum: ["A"] },
        properties: { type: "ARRAY", items: { type: "INTEGER" }, minItems: "2" },
      },
      propertyOrdering: ["type"],
      required: ["type"],
    }
    const schema = {
      type: "object",
      properties: {
        type: { type: ["string", "null"], enum: ["A"] },
        properties: { type: "array", items: { type: "integer" }, minItems: 2 },
      },
      required: ["type"],
    }
    const declared = (one: JsonObject) => read({ tools: [{ functionDeclarations: [{ name: "f", ...one }] }] }).tools[0]
    expect(declared({ parameters })).toMatchObject({ schema })
    expect(declared({ parametersJsonSchema: schema })).toMatchObject({ schema })
    expect(declared({ parametersJsonSchema: parameters })).toMatchObject({ schema })
    const generationConfig = { responseMimeType: "application/json", responseSchema: parameters }
    expect(read({ generationConfig }).format?.schema).toEqual(schema)
  })

  test("calls without ids are numbered over the whole conversation, and responses find theirs by name, in order", () => {
    const calling = (...names: string[]): Json => ({
      role: "model",
      parts: names.map((name) => ({ functionCall: { name, args: {} } })),
    })
    const answering = (...names: string[]): Json => ({
      role: "user",
      parts: names.map((name, at) => ({ functionResponse: { name, response: { output: `${name}${at}` } } })),
    })
    const { turns } = read({
      contents: [calling("f", "f", "g"), answering("g", "f", "f"), calling("f"), answering("f")],
    })
    const ids = turns.flatMap(({ parts }) => parts.flatMap((part) => (part.kind === "call" ? part.id : [])))
    const of = turns.flatMap(({ parts }) => parts.flatMap((part) => (part.kind === "result" ? part.callId : [])))
    expect(new Set(ids).size).toBe(4)
    expect(of).toEqual([ids[2]!, ids[0]!, ids[1]!, ids[3]!])
  })

  test("signatures of texts, thoughts and calls are kept", () => {
    const parts: Json[] = [
      { text: "hm", thought: true, thoughtSignature: "s1" },
      { functionCall: { id: "c", name: "f", args: {} }, thought_signature: "s2" },
      { text: "so", thoughtSignature: "s3" },
    ]
    expect(read({ contents: [{ role: "model", parts }] }).turns[0]!.parts).toMatchObject([
      { kind: "reasoning", signature: "s1" },
      { kind: "call", signature: "s2" },
      { kind: "text", signature: "s3" },
    ])
  })

  test("files of every kind are read, and what runs at Google stays whole", () => {
    const parts: Json[] = [
      { inlineData: { mimeType: "audio/wav", data: "AA==" } },
      { file_data: { file_uri: "https://a.example/b.pdf", mime_type: "application/pdf" } },
      { fileData: { fileUri: "gs://bucket/a.mp4", mimeType: "video/mp4" } },
      { executableCode: { language: "PYTHON", code: "1" } },
    ]
    expect(read({ contents: [{ role: "user", parts }] }).turns[0]!.parts).toMatchObject([
      { kind: "media", type: "audio", source: { by: "data" } },
      { kind: "media", type: "document", source: { by: "url" } },
      { kind: "media", type: "video", source: { by: "id" } },
      { kind: "opaque", what: "executableCode", raw: parts[3]! },
    ])
  })

  test("a response holds text, JSON, an error or media", () => {
    const parts: Json[] = [
      { functionResponse: { name: "f", response: { output: "text" } } },
      { functionResponse: { name: "f", response: { a: 1 } } },
      { functionResponse: { name: "f", response: { error: "no" } } },
      {
        functionResponse: { name: "f", response: {}, parts: [{ inlineData: { mimeType: "image/png", data: "AA==" } }] },
      },
    ]
    expect(read({ contents: [{ role: "user", parts }] }).turns[0]!.parts).toMatchObject([
      { parts: [{ text: "text" }], isError: false },
      { parts: [{ text: '{"a":1}' }], isError: false },
      { parts: [{ text: "no" }], isError: true },
      { parts: [{ text: "{}" }, { kind: "media", type: "image" }] },
    ])
  })

  test("what only Google knows is told by its name", () => {
    const form = read({
      safetySettings: [],
      cachedContent: "c",
      generationConfig: { speechConfig: {} },
      tools: [{ googleSearch: {} }],
    })
    expect(form.unheld).toEqual(["safetySettings", "cachedContent", "generationConfig.speechConfig"])
    expect(form.tools).toMatchObject([{ kind: "hosted", what: "googleSearch" }])
  })
})

describe("writing", () => {
  test("all leading instructions are one; later ones are a user's words in a tag", () => {
    const turns = [user("a"), turn("system", ["be brief"]), model("b"), user("c")]
    const { body } = write({
      system: [
        { kind: "text", text: "s1" },
        { kind: "text", text: "s2" },
      ],
      turns,
    })
    expect(body.systemInstruction.parts).toEqual([{ text: "s1" }, { text: "s2" }])
    expect(body.contents[0].parts[1].text).toBe("<system>\nbe brief\n</system>")
  })

  test("as many responses as calls, in the calls' order, with their names", () => {
    const { body } = write({
      turns: [
        user("a"),
        model(call("1", "f"), call("2", "g"), call("3", "h")),
        user("so", result("2", "two"), result("1", "one")),
      ],
    })
    expect(body.contents[2].parts).toMatchObject([
      { functionResponse: { id: "1", name: "f", response: { output: "one" } } },
      { functionResponse: { id: "2", name: "g", response: { output: "two" } } },
      { functionResponse: { id: "3", name: "h", response: { error: expect.any(String) } } },
      { text: "so" },
    ])
  })

  test("a failed call's response is an error; its pictures follow it", () => {
    const picture = {
      kind: "media" as const,
      type: "image" as const,
      source: { by: "data" as const, mime: "image/png", data: "AA==" },
    }
    const { body } = write({
      turns: [
        user("a"),
        model(call("1", "f")),
        user(result("1", "no", { isError: true })),
        model(call("2", "f")),
        user(result("2", "", { parts: [picture] })),
      ],
    })
    expect(body.contents[2].parts[0].functionResponse.response).toEqual({ error: "no" })
    expect(body.contents[4].parts[1]).toEqual({ inlineData: { mimeType: "image/png", data: "AA==" } })
  })

  test("Gemini 3 gets each turn's first call signed, with Google's own word where the signature is unknown", () => {
    const turns = [user("a"), model(call("1", "f"), call("2", "f")), user(result("1", "x"), result("2", "y"))]
    const signatures = (body: Loose) => body.contents[1].parts.map((part: Loose) => part.thoughtSignature)
    expect(signatures(write({ turns }, "gemini-3-pro-preview").body)).toEqual([
      "skip_thought_signature_validator",
      undefined,
    ])
    expect(signatures(write({ turns }, "gemini-2.5-pro").body)).toEqual([undefined, undefined])
    const own = [user("a"), model(call("1", "f", { signature: "s" })), user(result("1", "x"))]
    expect(signatures(write({ turns: own }, "gemini-flash-latest").body)).toEqual(["s"])
  })

  test("schemas go out as JSON Schema, in the members that take one", () => {
    const schema = { type: "object", properties: { a: { const: 1 } }, additionalProperties: false, $schema: "x" }
    const { body } = write({
      tools: [
        { ...tool, schema },
        { ...tool, name: "g", schema: { type: "object", properties: {} } },
      ],
      format: { schema, name: null, description: null, strict: true },
    })
    expect(body.tools).toEqual([{ functionDeclarations: [{ name: "f", parametersJsonSchema: schema }, { name: "g" }] }])
    expect(body.generationConfig).toMatchObject({ responseMimeType: "application/json", responseJsonSchema: schema })
  })

  test("choices of tools", () => {
    const chosen = (toolChoice: FormRequest["toolChoice"]) =>
      write({ tools: [tool], toolChoice }).body.toolConfig.functionCallingConfig
    expect(chosen({ mode: "auto" })).toEqual({ mode: "AUTO" })
    expect(chosen({ mode: "required" })).toEqual({ mode: "ANY" })
    expect(chosen({ mode: "none" })).toEqual({ mode: "NONE" })
    expect(chosen({ mode: "some", names: ["f"], required: true })).toEqual({ mode: "ANY", allowedFunctionNames: ["f"] })
  })

  test("how much to think: levels for Gemini 3, budgets for 2.5, nothing for what does not think", () => {
    const config = (name: string, asked: Partial<Thinking>) =>
      write({ thinking: { ...thinking, ...asked } }, name).body.generationConfig?.thinkingConfig
    expect(config("gemini-3-pro-preview", { effort: "medium" })).toEqual({
      includeThoughts: true,
      thinkingLevel: "high",
    })
    expect(config("gemini-3-flash", { effort: "none" })).toEqual({ includeThoughts: false, thinkingLevel: "minimal" })
    expect(config("gemini-2.5-flash", { effort: "low" })).toEqual({ includeThoughts: true, thinkingBudget: 1024 })
    expect(config("gemini-2.5-flash", { budget: 0 })).toEqual({ includeThoughts: false, thinkingBudget: 0 })
    expect(config("gemini-2.5-pro", { budget: 0 })).toEqual({ includeThoughts: false, thinkingBudget: 128 })
    expect(config("gemini-2.0-flash", { effort: "high" })).toBeUndefined()
  })

  test("what Gemini has no place for is told", () => {
    const { body, lost } = write({
      stop: ["1", "2", "3", "4", "5", "6"],
      parallelCalls: false,
      topLogprobs: 2,
      candidates: 2,
    })
    expect(body.generationConfig).toEqual({ stopSequences: ["1", "2", "3", "4", "5"] })
    expect(lost.toSorted()).toEqual(["logprobs", "n", "parallel_tool_calls", "stop (more than 5)"])
  })
})
