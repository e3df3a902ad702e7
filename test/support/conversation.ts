/** A client's conversation in each dialect: user turns, tool loops, and the whole history sent again each time, as agents do. */
import { JsonText } from "../../src/json/json-text.ts"
import { lastMember, scanDocument } from "../../src/json/scan.ts"
import type { Dialect } from "../../src/exchange.ts"
import type { Loose } from "./json.ts"
import type { Lane } from "./lanes.ts"

export interface Writer {
  key: "messages" | "input" | "contents"
  user(text: string): Loose
  says(text: string): Loose
  calls(id: string): Loose
  result(id: string, text: string): Loose
}

const responsesText = (type: string, text: string) => [{ type, text }]

export const writers: Record<Dialect, Writer> = {
  "openai-chat": {
    key: "messages",
    user: (content) => ({ role: "user", content }),
    says: (content) => ({ role: "assistant", content }),
    calls: (id) => ({
      role: "assistant",
      content: null,
      tool_calls: [{ id, type: "function", function: { name: "look", arguments: "{}" } }],
    }),
    result: (id, content) => ({ role: "tool", tool_call_id: id, content }),
  },
  "openai-responses": {
    key: "input",
    user: (text) => ({ type: "message", role: "user", content: responsesText("input_text", text) }),
    says: (text) => ({ type: "message", role: "assistant", content: responsesText("output_text", text) }),
    calls: (id) => ({ type: "function_call", call_id: id, name: "look", arguments: "{}" }),
    result: (id, output) => ({ type: "function_call_output", call_id: id, output }),
  },
  anthropic: {
    key: "messages",
    user: (text) => ({ role: "user", content: [{ type: "text", text }] }),
    says: (text) => ({ role: "assistant", content: [{ type: "text", text }] }),
    calls: (id) => ({ role: "assistant", content: [{ type: "tool_use", id, name: "look", input: {} }] }),
    result: (id, content) => ({ role: "user", content: [{ type: "tool_result", tool_use_id: id, content }] }),
  },
  gemini: {
    key: "contents",
    user: (text) => ({ role: "user", parts: [{ text }] }),
    says: (text) => ({ role: "model", parts: [{ text }] }),
    calls: () => ({ role: "model", parts: [{ functionCall: { name: "look", args: {} } }] }),
    result: (_, text) => ({ role: "user", parts: [{ functionResponse: { name: "look", response: { text } } }] }),
  },
}

/** The body with this history; `system` and a tool beside it, in the dialect's own place. */
export function bodyOf(lane: Lane, history: readonly Loose[], more: Loose = {}): Loose {
  const { key } = writers[lane.dialect]
  const tool = { name: "look", description: "Looks.", parameters: { type: "object", properties: {} } }
  const about: Record<Dialect, Loose> = {
    "openai-chat": { tools: [{ type: "function", function: tool }] },
    "openai-responses": { instructions: "Be brief.", tools: [{ type: "function", ...tool }] },
    anthropic: {
      system: [{ type: "text", text: "Be brief.", cache_control: { type: "ephemeral" } }],
      tools: [{ name: "look", description: "Looks.", input_schema: tool.parameters }],
    },
    gemini: { systemInstruction: { parts: [{ text: "Be brief." }] }, tools: [{ functionDeclarations: [tool] }] },
  }
  return { ...lane.body(false), ...about[lane.dialect], [key]: history, ...more }
}

/** A member of a JSON text, as its bytes stand there. */
export function rawMember(text: string, key: string): string {
  const json = JsonText.from(text)
  const member = lastMember(scanDocument(json), key)
  return member ? json.slice(member.value.start, member.value.end) : ""
}

/** The conversation's bytes without its closing bracket: what the next one must begin with. */
export const conversationBytes = (lane: Lane, text: string): string =>
  rawMember(text, writers[lane.dialect].key).replace(/\s*\]$/, "")
