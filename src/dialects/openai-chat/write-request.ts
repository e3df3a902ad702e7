/** A Chat Completions request, written. https://platform.openai.com/docs/api-reference/chat/create */
import type { Json, JsonObject } from "../../exchange.ts"
import { safeCallId } from "../call-ids.ts"
import type {
  Destination,
  FormRequest,
  FunctionTool,
  Losses,
  OutputFormat,
  Part,
  ResultPart,
  Tool,
  ToolChoice,
  Turn,
} from "../form.ts"
import { objectSchema } from "../schema.ts"
import { effortOf } from "../thinking.ts"
import { settleTurns } from "../turns.ts"
import { writeCall } from "./calls.ts"
import { writeMedia } from "./media.ts"
import { writeReasoning } from "./reasoning.ts"

/** Who knows `prompt_cache_key`. */
const CACHE_KEYS: ReadonlySet<string> = new Set(["openai", "azure"])

export function writeRequest(form: FormRequest, to: Destination): JsonObject {
  const { losses } = to
  const body: JsonObject = { model: to.model, messages: writeMessages(form, to) }
  const set = (name: string, value: Json | undefined | null) => {
    if (value !== null && value !== undefined) body[name] = value
  }
  if (to.stream) Object.assign(body, { stream: true, stream_options: { include_usage: true } })
  if (form.tools.length > 0) body["tools"] = form.tools.map(writeTool)
  set("tool_choice", form.toolChoice && writeChoice(form.toolChoice))
  if (form.tools.length > 0) set("parallel_tool_calls", form.parallelCalls)
  set("max_tokens", form.maxTokens)
  set("temperature", form.temperature)
  set("top_p", form.topP)
  if (form.topK !== null) losses.note("top_k")
  if (form.stop.length > 0) body["stop"] = form.stop.slice(0, 4)
  if (form.stop.length > 4) losses.note("stop (more than 4)")
  set("seed", form.seed)
  set("presence_penalty", form.presencePenalty)
  set("frequency_penalty", form.frequencyPenalty)
  if ((form.candidates ?? 1) > 1) losses.note("n")
  if (form.topLogprobs !== null) losses.note("logprobs")
  const effort = form.thinking && effortOf(form.thinking)
  if (effort) body["reasoning_effort"] = effort === "max" ? "xhigh" : effort
  set("response_format", form.format && writeFormat(form.format))
  set("verbosity", form.verbosity)
  set("service_tier", writeTier(form.serviceTier))
  set("user", form.endUser && form.endUser.slice(0, 64))
  set("prompt_cache_key", CACHE_KEYS.has(to.provider) ? form.cacheKey : null)
  return body
}

/** Anthropic's `standard_only` is no word here. */
const writeTier = (tier: string | null) => (tier !== null && /^(auto|default|flex|priority)$/.test(tier) ? tier : null)

function writeMessages(form: FormRequest, to: Destination): JsonObject[] {
  const messages: JsonObject[] = []
  const system = form.system.map(({ text }) => text).filter((text) => text !== "")
  if (system.length > 0) messages.push({ role: "system", content: system.join("\n\n") })
  for (const turn of settleTurns(form.turns, { laterSystem: true, userFirst: false }))
    messages.push(...writeTurn(turn, to))
  return messages
}

function writeTurn({ role, parts }: Turn, to: Destination): JsonObject[] {
  if (role === "assistant") return writeAssistant(parts, to)
  const results = parts.filter((part) => part.kind === "result")
  const shown = results.flatMap((result) => result.parts.filter((part) => part.kind === "media"))
  const said = parts.filter((part) => part.kind !== "result")
  const messages = results.map(writeResult)
  // a tool's message holds text alone: what it shows comes right after
  const content = writeContent([...shown, ...said], to.losses)
  if (content.length > 0) messages.push({ role, content })
  return messages
}

function writeResult({ callId, parts, isError }: ResultPart): JsonObject {
  const text = parts
    .map((part) => (part.kind === "text" ? part.text : part.kind === "media" ? `[${part.type}]` : ""))
    .join("")
  return {
    role: "tool",
    tool_call_id: safeCallId(callId),
    content: isError && !/^error/i.test(text) ? `Error: ${text}` : text,
  }
}

function writeContent(parts: readonly Part[], losses: Losses): string | JsonObject[] {
  if (parts.every((part) => part.kind === "text")) {
    if (parts.length <= 1) return parts[0]?.text ?? ""
    return parts.map(({ text }) => ({ type: "text", text }))
  }
  return parts.flatMap((part): JsonObject[] => {
    if (part.kind === "text" || part.kind === "refusal") return [{ type: "text", text: part.text }]
    const media = part.kind === "media" ? writeMedia(part) : null
    if (!media) losses.note(part.kind === "media" ? part.type : part.kind)
    return media ? [media] : []
  })
}

/** Thinking alone says nothing here. */
function writeAssistant(parts: readonly Part[], to: Destination): JsonObject[] {
  const text = parts.map((part) => (part.kind === "text" || part.kind === "refusal" ? part.text : "")).join("")
  const calls = parts.filter((part) => part.kind === "call")
  if (text === "" && calls.length === 0) return []
  const message: JsonObject = { role: "assistant", content: text === "" && calls.length > 0 ? null : text }
  if (calls.length > 0) message["tool_calls"] = calls.map((call) => writeCall({ ...call, id: safeCallId(call.id) }))
  if (calls.length > 0) {
    const reasoning = parts.filter((part) => part.kind === "reasoning")
    Object.assign(message, writeReasoning(reasoning, to))
  }
  return [message]
}

function writeTool(tool: Tool): JsonObject {
  if (tool.kind === "hosted") return tool.raw
  const { name, description, schema, strict, form, grammar }: FunctionTool = tool
  const described: JsonObject = description === null ? { name } : { name, description }
  if (form === "text") {
    const format: JsonObject = grammar ? { format: { type: "grammar", grammar } } : {}
    return { type: "custom", custom: { ...described, ...format } }
  }
  const declared: JsonObject = { ...described, parameters: objectSchema(schema) }
  if (strict !== null) declared["strict"] = strict
  return { type: "function", function: declared }
}

function writeChoice(choice: ToolChoice): Json {
  if (choice.mode !== "some") return choice.mode
  const tools = choice.names.map((name) => ({ type: "function", function: { name } }))
  if (tools.length === 1 && choice.required) return tools[0]!
  return { type: "allowed_tools", allowed_tools: { mode: choice.required ? "required" : "auto", tools } }
}

function writeFormat({ schema, name, description, strict }: OutputFormat): JsonObject {
  if (schema === null) return { type: "json_object" }
  return {
    type: "json_schema",
    json_schema: {
      name: name ?? "answer",
      schema,
      ...(description !== null && { description }),
      ...(strict !== null && { strict }),
    },
  }
}
