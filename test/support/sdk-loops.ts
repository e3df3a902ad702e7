/** The official JavaScript SDKs in a tool-call loop: ask, run every call, give the results, read the answer. History goes back as the SDK had it. */
import Anthropic from "@anthropic-ai/sdk"
import { type Content, GoogleGenAI } from "@google/genai"
import OpenAI from "openai"
import type { Dialect } from "../../src/exchange.ts"
import { MASTER } from "./memproxy.ts"

const SCHEMA = { type: "object" as const, properties: { command: { type: "string" } }, required: ["command"] }
const RESULT = "tool-ran"

/** The model's last words. */
export type Loop = (url: string, model: string, stream: boolean) => Promise<string | null>

const chat: Loop = async (url, model, stream) => {
  const client = new OpenAI({ baseURL: `${url}/v1`, apiKey: MASTER, maxRetries: 0 })
  const messages: OpenAI.ChatCompletionMessageParam[] = [{ role: "user", content: "run it" }]
  const tools: OpenAI.ChatCompletionTool[] = [{ type: "function", function: { name: "bash", parameters: SCHEMA } }]
  const ask = async () => {
    const call = { model, messages, tools }
    const completion = stream
      ? await client.chat.completions.stream(call).finalChatCompletion()
      : await client.chat.completions.create(call)
    return completion.choices[0]!.message
  }
  const first = await ask()
  messages.push(first)
  for (const { id } of first.tool_calls!) messages.push({ role: "tool", tool_call_id: id, content: RESULT })
  return (await ask()).content
}

const responses: Loop = async (url, model, stream) => {
  const client = new OpenAI({ baseURL: `${url}/v1`, apiKey: MASTER, maxRetries: 0 })
  const input: OpenAI.Responses.ResponseInput = [{ role: "user", content: "run it" }]
  const tools: OpenAI.Responses.FunctionTool[] = [{ type: "function", name: "bash", parameters: SCHEMA, strict: false }]
  const ask = () => {
    const call = { model, input, tools, store: false, include: ["reasoning.encrypted_content" as const] }
    return stream ? client.responses.stream(call).finalResponse() : client.responses.create(call)
  }
  const first = await ask()
  input.push(...(first.output as OpenAI.Responses.ResponseInput))
  for (const item of first.output)
    if (item.type === "function_call")
      input.push({ type: "function_call_output", call_id: item.call_id, output: RESULT })
  return (await ask()).output_text
}

const anthropic: Loop = async (url, model, stream) => {
  const client = new Anthropic({ baseURL: url, apiKey: MASTER, maxRetries: 0 })
  const messages: Anthropic.MessageParam[] = [{ role: "user", content: "run it" }]
  const ask = () => {
    const call = { model, max_tokens: 64, messages, tools: [{ name: "bash", input_schema: SCHEMA }] }
    return stream ? client.messages.stream(call).finalMessage() : client.messages.create(call)
  }
  const first = await ask()
  const calls = first.content.filter((block) => block.type === "tool_use")
  messages.push({ role: "assistant", content: first.content })
  messages.push({
    role: "user",
    content: calls.map((call) => ({ type: "tool_result" as const, tool_use_id: call.id, content: RESULT })),
  })
  return (await ask()).content.map((block) => (block.type === "text" ? block.text : "")).join("")
}

const gemini: Loop = async (url, model, stream) => {
  const client = new GoogleGenAI({ apiKey: MASTER, httpOptions: { baseUrl: url } })
  const contents: Content[] = [{ role: "user", parts: [{ text: "run it" }] }]
  const config = { tools: [{ functionDeclarations: [{ name: "bash", parametersJsonSchema: SCHEMA }] }] }
  const ask = async () => {
    const call = { model, contents, config }
    if (!stream) return (await client.models.generateContent(call)).candidates![0]!.content!.parts!
    const parts: NonNullable<Content["parts"]> = []
    for await (const chunk of await client.models.generateContentStream(call))
      parts.push(...(chunk.candidates?.[0]?.content?.parts ?? []))
    return parts
  }
  const first = await ask()
  const calls = first.flatMap((part) => part.functionCall ?? [])
  contents.push({ role: "model", parts: first })
  contents.push({
    role: "user",
    parts: calls.map(({ id, name }) => ({
      functionResponse: { ...(id && { id }), name, response: { output: RESULT } },
    })),
  })
  return (await ask()).map((part) => (part.thought ? "" : (part.text ?? ""))).join("")
}

/** Each with the name its client has in the ledger. */
export const LOOPS: Record<Dialect, readonly [client: string, loop: Loop]> = {
  "openai-chat": ["openai-js", chat],
  "openai-responses": ["openai-js", responses],
  anthropic: ["anthropic-js", anthropic],
  gemini: ["google-genai", gemini],
}
