/** The official JavaScript SDKs in a tool-call loop through the proxy, streamed and not: a call, its result, the answer; each step in the ledger. */
import Anthropic from "@anthropic-ai/sdk"
import { type Content, GoogleGenAI } from "@google/genai"
import { beforeEach, expect, test } from "bun:test"
import OpenAI from "openai"
import { MASTER } from "../support/memproxy.ts"
import { useRig } from "../support/rig.ts"
import { hasToolResult, toolLoop } from "../support/tool-loop.ts"

const rig = useRig()
const SCHEMA = { type: "object" as const, properties: { command: { type: "string" } }, required: ["command"] }
const ANSWER = "The tool has answered."
beforeEach(() => rig.provider.script(toolLoop()))

async function chat(stream: boolean): Promise<unknown> {
  const client = new OpenAI({ baseURL: `${rig.proxy.url}/v1`, apiKey: MASTER, maxRetries: 0 })
  const messages: OpenAI.ChatCompletionMessageParam[] = [{ role: "user", content: "run it" }]
  const tools: OpenAI.ChatCompletionTool[] = [{ type: "function", function: { name: "bash", parameters: SCHEMA } }]
  const ask = async () => {
    const call = { model: "chat", messages, tools }
    const completion = stream
      ? await client.chat.completions.stream(call).finalChatCompletion()
      : await client.chat.completions.create(call)
    return completion.choices[0]!.message
  }
  const first = await ask()
  messages.push(first, { role: "tool", tool_call_id: first.tool_calls![0]!.id, content: "tool-ran" })
  return (await ask()).content
}

async function responses(stream: boolean): Promise<unknown> {
  const client = new OpenAI({ baseURL: `${rig.proxy.url}/v1`, apiKey: MASTER, maxRetries: 0 })
  const input: OpenAI.Responses.ResponseInput = [{ role: "user", content: "run it" }]
  const tools: OpenAI.Responses.FunctionTool[] = [{ type: "function", name: "bash", parameters: SCHEMA, strict: false }]
  const ask = () => {
    const call = { model: "responses", input, tools }
    return stream ? client.responses.stream(call).finalResponse() : client.responses.create(call)
  }
  const first = await ask()
  const call = first.output.find((item) => item.type === "function_call") as OpenAI.Responses.ResponseFunctionToolCall
  input.push(...(first.output as OpenAI.Responses.ResponseInput))
  input.push({ type: "function_call_output", call_id: call.call_id, output: "tool-ran" })
  return (await ask()).output_text
}

async function anthropic(stream: boolean): Promise<unknown> {
  const client = new Anthropic({ baseURL: rig.proxy.url, apiKey: MASTER, maxRetries: 0 })
  const messages: Anthropic.MessageParam[] = [{ role: "user", content: "run it" }]
  const ask = () => {
    const call = { model: "claude", max_tokens: 64, messages, tools: [{ name: "bash", input_schema: SCHEMA }] }
    return stream ? client.messages.stream(call).finalMessage() : client.messages.create(call)
  }
  const first = await ask()
  const call = first.content.find((block) => block.type === "tool_use")!
  messages.push({ role: "assistant", content: first.content })
  messages.push({ role: "user", content: [{ type: "tool_result", tool_use_id: call.id, content: "tool-ran" }] })
  return (await ask()).content.map((block) => (block.type === "text" ? block.text : "")).join("")
}

async function google(stream: boolean): Promise<unknown> {
  const client = new GoogleGenAI({ apiKey: MASTER, httpOptions: { baseUrl: rig.proxy.url } })
  const contents: Content[] = [{ role: "user", parts: [{ text: "run it" }] }]
  const config = { tools: [{ functionDeclarations: [{ name: "bash", parametersJsonSchema: SCHEMA }] }] }
  const ask = async () => {
    const call = { model: "gem", contents, config }
    if (!stream) return (await client.models.generateContent(call)).candidates![0]!.content!.parts!
    const parts: NonNullable<Content["parts"]> = []
    for await (const chunk of await client.models.generateContentStream(call))
      parts.push(...(chunk.candidates?.[0]?.content?.parts ?? []))
    return parts
  }
  const first = await ask()
  contents.push({ role: "model", parts: first })
  contents.push({ role: "user", parts: [{ functionResponse: { name: "bash", response: { output: "tool-ran" } } }] })
  return (await ask()).map((part) => part.text ?? "").join("")
}

const loops = [
  ["openai-js", "chat", chat],
  ["openai-js", "responses", responses],
  ["anthropic-js", "claude", anthropic],
  ["google-genai", "gem", google],
] as const

for (const [client, model, loop] of loops)
  for (const stream of [false, true])
    test(`${client} on ${model}${stream ? ", streamed" : ""}: the tool is called, answers, and the model speaks`, async () => {
      const before = (await rig.proxy.rows()).length
      expect(await loop(stream)).toBe(ANSWER)
      expect(rig.provider.received.map(hasToolResult)).toEqual([false, true])
      const rows = (await rig.proxy.rows()).slice(0, -before || undefined)
      expect(rows).toHaveLength(2)
      for (const row of rows) {
        expect(row).toMatchObject({ client, model, stream, status: 200, outcome: "done", user_id: "default-dev" })
        expect(row.client_version).toMatch(/^\d+\.\d+/)
        expect([row.input_tokens! > 0, row.output_tokens! > 0]).toEqual([true, true])
      }
      expect(rows[0]!.session_id).toBe(rows[1]!.session_id!)
    })
