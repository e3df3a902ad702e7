/** Tool names and custom tools on their way to a provider of another dialect, and back. */
import { expect, test } from "bun:test"
import { AnswerFit } from "../../../src/dialects/translation/answer.ts"
import { ReasoningRecorder } from "../../../src/dialects/translation/reasoning.ts"
import { fitRequest } from "../../../src/dialects/translation/request.ts"
import {
  type CallPart,
  type FormEvent,
  type FormRequest,
  type FunctionTool,
  Losses,
} from "../../../src/dialects/form.ts"
import { emptyForm } from "../../support/form.ts"

const tool = (name: string, more: Partial<FunctionTool> = {}): FunctionTool => ({
  kind: "function",
  name,
  description: null,
  schema: { type: "object", properties: {} },
  strict: null,
  form: "json",
  ...more,
})
const call = (name: string, more: Partial<CallPart> = {}): CallPart => ({
  kind: "call",
  id: "c1",
  name,
  args: "{}",
  form: "json",
  ...more,
})
const fit = (form: FormRequest, dialect: Parameters<typeof fitRequest>[2] = "anthropic") => {
  const losses = new Losses()
  return { names: fitRequest(form, "openai-responses", dialect, losses), losses, form }
}
const back = (names: ReturnType<typeof fitRequest>, events: FormEvent[]) => {
  const seen: FormEvent[] = []
  const answer = new AnswerFit("r-1", true, names, new ReasoningRecorder("p/m", () => {}), new Losses())
  for (const event of events) answer.event(event, (one) => seen.push(one))
  return seen
}

test("names that the provider refuses are changed and come back as the client wrote them, also when two would become one", () => {
  const written = ["ns.tool:a", "ns_tool_a", "ns.tool_a", "x".repeat(80), `${"x".repeat(79)}y`, "näme", "ok-1"]
  const { names, form } = fit({ ...emptyForm(), tools: written.map((name) => tool(name)) })
  const sent = form.tools.map((one) => (one.kind === "function" ? one.name : ""))
  for (const name of sent) expect(name).toMatch(/^[a-zA-Z0-9_-]{1,64}$/)
  expect(new Set(sent).size).toBe(written.length)
  expect(sent.at(-1)).toBe("ok-1")
  expect(sent.map((name) => names.inward(name).name)).toEqual(written)
})

test("Gemini keeps its dots and colons, and no name begins with a digit", () => {
  const { form } = fit({ ...emptyForm(), tools: [tool("a.b:c-d"), tool("1st")] }, "gemini")
  expect(form.tools).toMatchObject([{ name: "a.b:c-d" }, { name: "_1st" }])
})

test("a namespaced tool is one function, and its call comes back in its namespace", () => {
  const { names, form } = fit({
    ...emptyForm(),
    tools: [tool("read", { namespace: "mcp__files__" }), tool("read", { namespace: "web" }), tool("read")],
  })
  expect(form.tools.map((one) => one.kind === "function" && [one.name, one.namespace])).toEqual([
    ["mcp__files__read", undefined],
    ["web__read", undefined],
    ["read", undefined],
  ])
  expect(names.inward("web__read")).toEqual({ name: "read", namespace: "web" })
})

test("a custom tool becomes a function of one string, and its call a bare string again, streamed and whole", () => {
  const earlier = call("apply_patch", { form: "text", args: '*** Begin\n"x"' })
  const { names, form } = fit({
    ...emptyForm(),
    tools: [
      tool("apply_patch", {
        form: "text",
        schema: null,
        description: "Patches.",
        grammar: { syntax: "lark", definition: "start: x" },
      }),
    ],
    turns: [{ role: "assistant", parts: [earlier] }],
  })
  expect(form.tools).toMatchObject([{ name: "apply_patch", form: "json", schema: { required: ["input"] } }])
  expect((form.tools[0] as FunctionTool).description).toContain("start: x")
  expect(form.turns[0]!.parts).toMatchObject([{ form: "json", args: JSON.stringify({ input: earlier.args }) }])
  const seen = back(names, [
    { type: "open", part: { kind: "call", id: "c2", name: "apply_patch", form: "json" } },
    { type: "delta", text: '{"input":"*** ' },
    { type: "delta", text: 'End\\n"}' },
    { type: "close" },
  ])
  expect(seen).toEqual([
    { type: "open", part: { kind: "call", id: "c2", name: "apply_patch", form: "text" } },
    { type: "delta", text: "*** End\n" },
    { type: "close" },
  ])
  const whole = new AnswerFit("r-1", true, names, new ReasoningRecorder("p/m", () => {}), new Losses())
  expect(whole.parts([call("apply_patch", { args: "not json at all" })])).toMatchObject([
    { form: "text", args: "not json at all" },
  ])
})

test("Responses providers get custom tools as they are", () => {
  const { form } = fit({ ...emptyForm(), tools: [tool("apply_patch", { form: "text" })] }, "openai-responses")
  expect(form.tools).toMatchObject([{ form: "text" }])
})

test("tools and parts that only the client's dialect knows are left out and listed, a choice of them is none", () => {
  const { form, losses } = fit({
    ...emptyForm(),
    tools: [
      { kind: "hosted", dialect: "openai-responses", what: "web_search", raw: { type: "web_search" } },
      tool("bash"),
    ],
    toolChoice: { mode: "some", names: ["web_search"], required: true },
    turns: [
      {
        role: "assistant",
        parts: [
          { kind: "opaque", dialect: "openai-responses", what: "web_search_call", raw: {} },
          { kind: "text", text: "hi" },
        ],
      },
    ],
  })
  expect(form.tools).toHaveLength(1)
  expect(form.toolChoice).toEqual({ mode: "auto" })
  expect(form.turns[0]!.parts).toEqual([{ kind: "text", text: "hi" }])
  expect(losses.paths).toEqual(["tools[0] (web_search)", "web_search_call"])
})
