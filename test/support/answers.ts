/** What a good provider answers, in each dialect: texts, tool calls, tool loops, usage. Bytes only; `fake-provider.ts` sends them. */
import type { Answer, Received } from "./fake-provider.ts"
import type { Dialect } from "../../src/exchange.ts"
import type { Loose } from "./json.ts"

/** What the model says. Tokens are in the ledger's sense: `input` includes `cached`, `output` includes `reasoning`. */
export interface Say {
  text?: string
  tools?: { name: string; args: Loose; id?: string }[]
  usage?: { input: number; cached: number; output: number; reasoning: number }
  model?: string
}

export const DEFAULT_TEXT = "Hello from the fake provider."
export const DEFAULT_USAGE = { input: 25, cached: 10, output: 9, reasoning: 3 }

/** The dialect of a provider path; null for what is none of the four. */
export function dialectOf(path: string): Dialect | null {
  if (path.endsWith("/chat/completions")) return "openai-chat"
  if (path.endsWith("/responses")) return "openai-responses"
  if (path.endsWith("/messages")) return "anthropic"
  if (/:(stream)?generateContent$/i.test(path)) return "gemini"
  return null
}

/** Whether the request asks for a stream, in its dialect. */
export const wantsStream = (request: Received): boolean =>
  request.path.endsWith(":streamGenerateContent") || request.json?.stream === true

const sse = (event: string | null, data: Loose): string =>
  `${event ? `event: ${event}\n` : ""}data: ${JSON.stringify(data)}\n\n`
const words = (text: string): string[] => text.match(/\s*\S+/g) ?? (text ? [text] : [])
const usageOf = (say: Say) => say.usage ?? DEFAULT_USAGE
const textOf = (say: Say) => say.text ?? (say.tools?.length ? "" : DEFAULT_TEXT)
const idOf = (tool: { id?: string }, index: number, prefix: string) => tool.id ?? `${prefix}fake${index}`

/** The answer to `request` in its own dialect, streamed if it asks. */
export function answerIn(request: Received, say: Say = {}): Answer {
  const dialect = dialectOf(request.path)
  if (!dialect) return notFound(request)
  const model = say.model ?? request.json?.model ?? /models\/([^:]+):/.exec(request.path)?.[1] ?? "fake"
  if (!wantsStream(request))
    return { headers: { "content-type": "application/json" }, body: JSON.stringify(wholeOf[dialect](say, model)) }
  if (dialect === "gemini" && !request.target.includes("alt=sse"))
    return { headers: { "content-type": "application/json; charset=UTF-8" }, pieces: geminiArray(say, model) }
  const withUsage = request.json?.stream_options?.include_usage === true
  return {
    headers: {
      "content-type": dialect === "openai-responses" ? "text/event-stream; charset=utf-8" : "text/event-stream",
    },
    pieces: eventsOf[dialect](say, model, withUsage),
  }
}

/** Each dialect's answer as one JSON value. */
const wholeOf: Record<Dialect, (say: Say, model: string) => Loose> = {
  "openai-chat": (say, model) => ({
    id: "chatcmpl-fake",
    object: "chat.completion",
    created: 1790000000,
    model,
    choices: [
      {
        index: 0,
        message: {
          role: "assistant",
          content: textOf(say) || null,
          refusal: null,
          ...(say.tools && {
            tool_calls: say.tools.map((tool, index) => ({
              id: idOf(tool, index, "call_"),
              type: "function",
              function: { name: tool.name, arguments: JSON.stringify(tool.args) },
            })),
          }),
        },
        logprobs: null,
        finish_reason: say.tools ? "tool_calls" : "stop",
      },
    ],
    usage: chatUsage(say),
  }),
  "openai-responses": (say, model) => responsesObject(say, model, "completed"),
  anthropic: (say, model) => ({
    id: "msg_fake",
    type: "message",
    role: "assistant",
    model,
    content: [
      ...(textOf(say) ? [{ type: "text", text: textOf(say) }] : []),
      ...(say.tools ?? []).map((tool, index) => ({
        type: "tool_use",
        id: idOf(tool, index, "toolu_"),
        name: tool.name,
        input: tool.args,
      })),
    ],
    stop_reason: say.tools ? "tool_use" : "end_turn",
    stop_sequence: null,
    usage: anthropicUsage(say),
  }),
  gemini: (say, model) => geminiChunk(say, model, geminiParts(say), true),
}

/** Each dialect's stream as whole events. */
export const eventsOf: Record<Dialect, (say: Say, model: string, withUsage: boolean) => string[]> = {
  "openai-chat": chatEvents,
  "openai-responses": responsesEvents,
  anthropic: anthropicEvents,
  gemini: geminiEvents,
}

const chatUsage = (say: Say) => {
  const usage = usageOf(say)
  return {
    prompt_tokens: usage.input,
    completion_tokens: usage.output,
    total_tokens: usage.input + usage.output,
    prompt_tokens_details: { cached_tokens: usage.cached, audio_tokens: 0 },
    completion_tokens_details: { reasoning_tokens: usage.reasoning, audio_tokens: 0 },
  }
}

function chatEvents(say: Say, model: string, withUsage: boolean): string[] {
  const chunk = (choices: Loose[], usage?: Loose) =>
    sse(null, {
      id: "chatcmpl-fake",
      object: "chat.completion.chunk",
      created: 1790000000,
      model,
      choices,
      ...(withUsage && { usage: usage ?? null }),
    })
  const delta = (delta: Loose, finish: string | null = null) =>
    chunk([{ index: 0, delta, logprobs: null, finish_reason: finish }])
  return [
    delta({ role: "assistant", content: "", refusal: null }),
    ...words(textOf(say)).map((content) => delta({ content })),
    ...(say.tools ?? []).flatMap((tool, index) => [
      delta({
        tool_calls: [
          { index, id: idOf(tool, index, "call_"), type: "function", function: { name: tool.name, arguments: "" } },
        ],
      }),
      delta({ tool_calls: [{ index, function: { arguments: JSON.stringify(tool.args) } }] }),
    ]),
    delta({}, say.tools ? "tool_calls" : "stop"),
    ...(withUsage ? [chunk([], chatUsage(say))] : []),
    "data: [DONE]\n\n",
  ]
}

function responsesObject(say: Say, model: string, status: "in_progress" | "completed"): Loose {
  const usage = usageOf(say)
  const done = status === "completed"
  return {
    id: "resp_fake",
    object: "response",
    created_at: 1790000000,
    status,
    error: null,
    incomplete_details: null,
    instructions: null,
    max_output_tokens: null,
    model,
    output: done ? responsesItems(say) : [],
    parallel_tool_calls: true,
    previous_response_id: null,
    reasoning: { effort: null, summary: null },
    store: false,
    temperature: 1,
    text: { format: { type: "text" } },
    tool_choice: "auto",
    tools: [],
    top_p: 1,
    top_logprobs: 0,
    presence_penalty: 0,
    frequency_penalty: 0,
    max_tool_calls: null,
    background: false,
    service_tier: "default",
    prompt_cache_key: null,
    safety_identifier: null,
    completed_at: done ? 1790000001 : null,
    truncation: "disabled",
    usage: done
      ? {
          input_tokens: usage.input,
          input_tokens_details: { cached_tokens: usage.cached },
          output_tokens: usage.output,
          output_tokens_details: { reasoning_tokens: usage.reasoning },
          total_tokens: usage.input + usage.output,
        }
      : null,
    user: null,
    metadata: {},
  }
}

function responsesItems(say: Say): Loose[] {
  const text = textOf(say)
  const part = { type: "output_text", text, annotations: [], logprobs: [] }
  return [
    ...(text ? [{ type: "message", id: "msg_fake", status: "completed", role: "assistant", content: [part] }] : []),
    ...(say.tools ?? []).map((tool, index) => ({
      type: "function_call",
      id: `fc_fake${index}`,
      call_id: idOf(tool, index, "call_"),
      name: tool.name,
      arguments: JSON.stringify(tool.args),
      status: "completed",
    })),
  ]
}

function responsesEvents(say: Say, model: string): string[] {
  const out: string[] = []
  const emit = (type: string, more: Loose) => out.push(sse(type, { type, sequence_number: out.length, ...more }))
  emit("response.created", { response: responsesObject(say, model, "in_progress") })
  emit("response.in_progress", { response: responsesObject(say, model, "in_progress") })
  responsesItems(say).forEach((item, output_index) => {
    const at = { item_id: item.id, output_index }
    if (item.type === "message") {
      const part = item.content[0]
      emit("response.output_item.added", { output_index, item: { ...item, status: "in_progress", content: [] } })
      emit("response.content_part.added", { ...at, content_index: 0, part: { ...part, text: "" } })
      for (const delta of words(part.text))
        emit("response.output_text.delta", { ...at, content_index: 0, delta, logprobs: [] })
      emit("response.output_text.done", { ...at, content_index: 0, text: part.text, logprobs: [] })
      emit("response.content_part.done", { ...at, content_index: 0, part })
    } else {
      emit("response.output_item.added", { output_index, item: { ...item, status: "in_progress", arguments: "" } })
      emit("response.function_call_arguments.delta", { ...at, delta: item.arguments })
      emit("response.function_call_arguments.done", { ...at, name: item.name, arguments: item.arguments })
    }
    emit("response.output_item.done", { output_index, item })
  })
  emit("response.completed", { response: responsesObject(say, model, "completed") })
  return out
}

const anthropicUsage = (say: Say) => {
  const usage = usageOf(say)
  return {
    input_tokens: usage.input - usage.cached,
    cache_creation_input_tokens: 0,
    cache_read_input_tokens: usage.cached,
    cache_creation: { ephemeral_5m_input_tokens: 0, ephemeral_1h_input_tokens: 0 },
    output_tokens: usage.output,
    service_tier: "standard",
  }
}

function anthropicEvents(say: Say, model: string): string[] {
  const whole = wholeOf.anthropic(say, model)
  const emit = (type: string, more: Loose = {}) => sse(type, { type, ...more })
  const start = { ...whole, content: [], stop_reason: null, usage: { ...whole.usage, output_tokens: 1 } }
  return [
    emit("message_start", { message: start }),
    emit("ping"),
    ...whole.content.flatMap((block: Loose, index: number) => [
      emit("content_block_start", {
        index,
        content_block: block.type === "text" ? { type: "text", text: "" } : { ...block, input: {} },
      }),
      ...(block.type === "text"
        ? words(block.text).map((text) => ({ type: "text_delta", text }))
        : [{ type: "input_json_delta", partial_json: JSON.stringify(block.input) }]
      ).map((delta) => emit("content_block_delta", { index, delta })),
      emit("content_block_stop", { index }),
    ]),
    emit("message_delta", { delta: { stop_reason: whole.stop_reason, stop_sequence: null }, usage: whole.usage }),
    emit("message_stop"),
  ]
}

const geminiParts = (say: Say): Loose[] => [
  ...(textOf(say) ? [{ text: textOf(say) }] : []),
  ...(say.tools ?? []).map((tool) => ({ functionCall: { name: tool.name, args: tool.args } })),
]

function geminiChunk(say: Say, model: string, parts: Loose[], last: boolean): Loose {
  const usage = usageOf(say)
  return {
    candidates: [{ content: { parts, role: "model" }, ...(last && { finishReason: "STOP" }), index: 0 }],
    usageMetadata: {
      promptTokenCount: usage.input,
      ...(last && {
        candidatesTokenCount: usage.output - usage.reasoning,
        thoughtsTokenCount: usage.reasoning,
        cachedContentTokenCount: usage.cached,
      }),
      totalTokenCount: usage.input + (last ? usage.output : 0),
    },
    modelVersion: model,
    responseId: "fake",
  }
}

function geminiChunks(say: Say, model: string): Loose[] {
  const parts = [...words(textOf(say)).map((text) => ({ text })), ...geminiParts({ text: "", tools: say.tools })]
  return parts.map((part, index) => geminiChunk(say, model, [part], index === parts.length - 1))
}

/** Google ends its lines with CRLF. */
function geminiEvents(say: Say, model: string): string[] {
  return geminiChunks(say, model).map((chunk) => `data: ${JSON.stringify(chunk)}\r\n\r\n`)
}

function geminiArray(say: Say, model: string): string[] {
  const chunks = geminiChunks(say, model).map(
    (chunk, index) => `${index ? "," : "["}${JSON.stringify(chunk, null, 1)}\r\n`,
  )
  return [...chunks, "]"]
}

const json = (body: Loose, status = 200): Answer => ({
  status,
  headers: { "content-type": "application/json" },
  body: JSON.stringify(body),
})

const notFound = (request: Received): Answer =>
  json({ error: { message: `the fake provider has nothing at ${request.path}`, type: "not_found" } }, 404)

/** https://platform.openai.com/docs/api-reference/responses/compacted-object */
const compaction = (): Answer =>
  json({
    id: "resp_fake",
    object: "response.compaction",
    created_at: 1,
    output: [{ id: "cmp_fake", type: "compaction", encrypted_content: "gAAAAfake" }],
    usage: {
      input_tokens: DEFAULT_USAGE.input,
      input_tokens_details: { cached_tokens: DEFAULT_USAGE.cached },
      output_tokens: DEFAULT_USAGE.output,
      output_tokens_details: { reasoning_tokens: DEFAULT_USAGE.reasoning },
    },
  })

/** A sensible answer for every path a provider serves. */
export function defaultAnswer(request: Received): Answer {
  const { path, method } = request
  if (method === "POST" && path.endsWith("/count_tokens")) return json({ input_tokens: 42 })
  if (path.endsWith("/responses/input_tokens")) return json({ object: "response.input_tokens", input_tokens: 42 })
  if (path.endsWith("/responses/compact")) return compaction()
  if (path.endsWith(":countTokens")) return json({ totalTokens: 42 })
  if (path.endsWith(":embedContent")) return json({ embedding: { values: [0.1, 0.2] } })
  if (path.endsWith("/embeddings"))
    return json({
      object: "list",
      data: [{ object: "embedding", index: 0, embedding: [0.1, 0.2] }],
      model: request.json?.model ?? "fake",
      usage: { prompt_tokens: 5, total_tokens: 5 },
    })
  if (method === "POST" && path.endsWith("/completions") && !path.endsWith("/chat/completions")) return legacy(request)
  if (method === "GET" && path.endsWith("/models"))
    return json({ object: "list", data: [{ id: "fake", object: "model" }] })
  return method === "POST" ? answerIn(request) : notFound(request)
}

function legacy(request: Received): Answer {
  const usage = { prompt_tokens: 5, completion_tokens: 4, total_tokens: 9 }
  const chunk = (text: string, finish: string | null, more: Loose = {}) => ({
    id: "cmpl-fake",
    object: "text_completion",
    created: 1790000000,
    model: request.json?.model ?? "fake",
    choices: [{ text, index: 0, logprobs: null, finish_reason: finish }],
    ...more,
  })
  if (!wantsStream(request)) return json(chunk(DEFAULT_TEXT, "stop", { usage }))
  const withUsage = request.json?.stream_options?.include_usage === true
  return {
    headers: { "content-type": "text/event-stream" },
    pieces: [
      ...words(DEFAULT_TEXT).map((text) => sse(null, chunk(text, null))),
      sse(null, chunk("", "stop")),
      ...(withUsage ? [sse(null, { ...chunk("", null), choices: [], usage })] : []),
      "data: [DONE]\n\n",
    ],
  }
}
