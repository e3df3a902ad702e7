/** An answer that thinks, speaks, and calls two tools at once, signed as each provider signs. Bytes only. */
import type { Dialect } from "../../src/exchange.ts"
import { dialectOf, wantsStream } from "./answers.ts"
import type { Answer, Received } from "./fake-provider.ts"
import type { Loose } from "./json.ts"

const THOUGHT = "Hm, two of them."
const TEXT = "I run both."
const SIGNATURE = "c2lnbmVk"
const COMMANDS = ["echo 1", "echo 2"]

export function thinkingAnswer(request: Received): Answer {
  const dialect = dialectOf(request.path)!
  if (!wantsStream(request))
    return { headers: { "content-type": "application/json" }, body: JSON.stringify(wholes[dialect]) }
  return { headers: { "content-type": "text/event-stream" }, pieces: streams[dialect]() }
}

const sse = (data: Loose, event?: string) => `${event ? `event: ${event}\n` : ""}data: ${JSON.stringify(data)}\n\n`
const calls = (prefix: string) => COMMANDS.map((command, index) => ({ id: `${prefix}${index}`, args: { command } }))

const anthropicBlocks: Loose[] = [
  { type: "thinking", thinking: THOUGHT, signature: SIGNATURE },
  { type: "text", text: TEXT },
  ...calls("toolu_").map(({ id, args }) => ({ type: "tool_use", id, name: "bash", input: args })),
]
const responsesItems: Loose[] = [
  { type: "reasoning", id: "rs_1", summary: [{ type: "summary_text", text: THOUGHT }], encrypted_content: SIGNATURE },
  {
    type: "message",
    id: "msg_1",
    role: "assistant",
    status: "completed",
    content: [{ type: "output_text", text: TEXT, annotations: [] }],
  },
  ...calls("call_").map(({ id, args }, index) => ({
    type: "function_call",
    id: `fc_${index}`,
    call_id: id,
    name: "bash",
    arguments: JSON.stringify(args),
    status: "completed",
  })),
]
const geminiParts: Loose[] = [
  { text: THOUGHT, thought: true },
  { text: TEXT },
  ...calls("").map(({ args }, index) => ({
    functionCall: { name: "bash", args },
    ...(index === 0 && { thoughtSignature: SIGNATURE }),
  })),
]
const chatMessage: Loose = {
  role: "assistant",
  content: TEXT,
  reasoning_content: THOUGHT,
  tool_calls: calls("call_").map(({ id, args }) => ({
    id,
    type: "function",
    function: { name: "bash", arguments: JSON.stringify(args) },
  })),
}

const geminiChunk = (parts: Loose[], last: boolean): Loose => ({
  candidates: [{ content: { role: "model", parts }, index: 0, ...(last && { finishReason: "STOP" }) }],
  usageMetadata: { promptTokenCount: 25, candidatesTokenCount: 6, thoughtsTokenCount: 3, totalTokenCount: 34 },
  modelVersion: "fake",
  responseId: "r1",
})
const response = (status: string, output: Loose[]): Loose => ({
  id: "resp_1",
  object: "response",
  created_at: 1790000000,
  status,
  model: "fake",
  output,
  parallel_tool_calls: true,
  tool_choice: "auto",
  tools: [],
  usage:
    status === "completed"
      ? {
          input_tokens: 25,
          input_tokens_details: { cached_tokens: 0 },
          output_tokens: 9,
          output_tokens_details: { reasoning_tokens: 3 },
          total_tokens: 34,
        }
      : null,
})
const message = (content: Loose[], more: Loose): Loose => ({
  id: "msg_1",
  type: "message",
  role: "assistant",
  model: "fake",
  content,
  stop_sequence: null,
  usage: { input_tokens: 25, output_tokens: 9 },
  ...more,
})
const completion = (choice: Loose, object: string, more: Loose = {}): Loose => ({
  id: "chatcmpl-1",
  object,
  created: 1790000000,
  model: "fake",
  choices: [{ index: 0, ...choice }],
  ...more,
})
const chatUsage = {
  prompt_tokens: 25,
  completion_tokens: 9,
  total_tokens: 34,
  completion_tokens_details: { reasoning_tokens: 3 },
}

const wholes: Record<Dialect, Loose> = {
  anthropic: message(anthropicBlocks, { stop_reason: "tool_use" }),
  "openai-responses": response("completed", responsesItems),
  gemini: geminiChunk(geminiParts, true),
  "openai-chat": completion({ message: chatMessage, finish_reason: "tool_calls" }, "chat.completion", {
    usage: chatUsage,
  }),
}

const streams: Record<Dialect, () => string[]> = {
  anthropic: () => {
    const named = (data: Loose) => sse(data, data.type)
    return [
      named({
        type: "message_start",
        message: message([], { stop_reason: null, usage: { input_tokens: 25, output_tokens: 1 } }),
      }),
      ...anthropicBlocks.flatMap((block, index) => [
        named({
          type: "content_block_start",
          index,
          content_block:
            block.type === "tool_use"
              ? { ...block, input: {} }
              : block.type === "text"
                ? { type: "text", text: "" }
                : { type: "thinking", thinking: "", signature: "" },
        }),
        ...deltasOf(block).map((delta) => named({ type: "content_block_delta", index, delta })),
        named({ type: "content_block_stop", index }),
      ]),
      named({
        type: "message_delta",
        delta: { stop_reason: "tool_use", stop_sequence: null },
        usage: { output_tokens: 9 },
      }),
      named({ type: "message_stop" }),
    ]
  },
  "openai-responses": () => {
    let sequence_number = 0
    const named = (type: string, more: Loose) => sse({ type, sequence_number: sequence_number++, ...more }, type)
    return [
      named("response.created", { response: response("in_progress", []) }),
      ...responsesItems.flatMap((item, output_index) => {
        const at = { item_id: item.id, output_index }
        const added = (blank: Loose) =>
          named("response.output_item.added", { output_index, item: { ...item, ...blank } })
        const done = () => named("response.output_item.done", { output_index, item })
        if (item.type === "reasoning")
          return [
            added({ summary: [], encrypted_content: null }),
            named("response.reasoning_summary_part.added", {
              ...at,
              summary_index: 0,
              part: { type: "summary_text", text: "" },
            }),
            named("response.reasoning_summary_text.delta", { ...at, summary_index: 0, delta: THOUGHT }),
            named("response.reasoning_summary_text.done", { ...at, summary_index: 0, text: THOUGHT }),
            named("response.reasoning_summary_part.done", { ...at, summary_index: 0, part: item.summary[0] }),
            done(),
          ]
        if (item.type === "message")
          return [
            added({ content: [], status: "in_progress" }),
            named("response.content_part.added", {
              ...at,
              content_index: 0,
              part: { type: "output_text", text: "", annotations: [] },
            }),
            named("response.output_text.delta", { ...at, content_index: 0, delta: TEXT }),
            named("response.output_text.done", { ...at, content_index: 0, text: TEXT }),
            named("response.content_part.done", { ...at, content_index: 0, part: item.content[0] }),
            done(),
          ]
        return [
          added({ arguments: "", status: "in_progress" }),
          named("response.function_call_arguments.delta", { ...at, delta: item.arguments }),
          named("response.function_call_arguments.done", { ...at, name: item.name, arguments: item.arguments }),
          done(),
        ]
      }),
      named("response.completed", { response: response("completed", responsesItems) }),
    ]
  },
  gemini: () => geminiParts.map((part, index) => sse(geminiChunk([part], index === geminiParts.length - 1))),
  "openai-chat": () => {
    const chunk = (delta: Loose, finish_reason: string | null = null) =>
      sse(completion({ delta, finish_reason }, "chat.completion.chunk"))
    return [
      chunk({ role: "assistant", content: "" }),
      chunk({ reasoning_content: THOUGHT }),
      chunk({ content: TEXT }),
      ...chatMessage.tool_calls.flatMap((call: Loose, index: number) => [
        chunk({ tool_calls: [{ index, ...call, function: { name: "bash", arguments: "" } }] }),
        chunk({ tool_calls: [{ index, function: { arguments: call.function.arguments } }] }),
      ]),
      chunk({}, "tool_calls"),
      sse({ ...completion({}, "chat.completion.chunk"), choices: [], usage: chatUsage }),
      "data: [DONE]\n\n",
    ]
  },
}

function deltasOf(block: Loose): Loose[] {
  if (block.type === "text") return [{ type: "text_delta", text: block.text }]
  if (block.type === "tool_use") return [{ type: "input_json_delta", partial_json: JSON.stringify(block.input) }]
  return [
    { type: "thinking_delta", thinking: block.thinking },
    { type: "signature_delta", signature: block.signature },
  ]
}
