/** An Anthropic Messages request, read. https://docs.anthropic.com/en/api/messages, and what Claude Code sends. */
import type { Json, JsonObject } from "../../exchange.ts"
import { readCache } from "../cache-mark.ts"
import {
  booleanOf,
  invalid,
  listOf,
  numberOf,
  objectOf,
  objectsOf,
  textOf,
  textsOf,
  unheldIn,
  wordOf,
} from "../fields.ts"
import type {
  FormRequest,
  OutputFormat,
  Part,
  ResultPart,
  TextPart,
  Thinking,
  Tool,
  ToolChoice,
  Turn,
} from "../form.ts"
import { readEffort } from "../thinking.ts"
import { readBlock } from "./blocks.ts"

/** `context_management` and `metadata` steer what only Anthropic does. */
const HELD: ReadonlySet<string> = new Set(
  `model messages system stream tools tool_choice max_tokens temperature top_p top_k stop_sequences thinking output_config output_format
  metadata service_tier context_management cache_control`.split(/\s+/),
)

export function readRequest(body: JsonObject): FormRequest {
  const choice = objectOf(body["tool_choice"])
  const parallel = booleanOf(choice?.["disable_parallel_tool_use"])
  const config = objectOf(body["output_config"])
  const { system, turns } = readMessages(body)
  return {
    system,
    turns,
    tools: objectsOf(body["tools"]).map(readTool),
    toolChoice: readChoice(choice),
    parallelCalls: parallel === null ? null : !parallel,
    maxTokens: numberOf(body["max_tokens"]),
    temperature: numberOf(body["temperature"]),
    topP: numberOf(body["top_p"]),
    topK: numberOf(body["top_k"]),
    stop: textsOf(body["stop_sequences"]),
    seed: null,
    presencePenalty: null,
    frequencyPenalty: null,
    candidates: null,
    topLogprobs: null,
    thinking: readThinking(objectOf(body["thinking"]), wordOf(config?.["effort"])),
    format: readFormat(objectOf(config?.["format"]) ?? objectOf(body["output_format"])),
    verbosity: null,
    serviceTier: wordOf(body["service_tier"]),
    endUser: wordOf(objectOf(body["metadata"])?.["user_id"]),
    cacheKey: null,
    unheld: unheldIn(body, HELD),
  }
}

/** Claude Code's first block changes with every request and would spoil any other provider's prompt cache. */
const BILLING = "x-anthropic-billing-header"

function readMessages(body: JsonObject): { system: TextPart[]; turns: Turn[] } {
  const system = readSystem(body["system"]).filter(({ text }) => !text.startsWith(BILLING))
  const turns: Turn[] = []
  listOf(body["messages"]).forEach((item, at) => {
    const path = `messages[${at}]`
    const message = objectOf(item)
    if (!message) throw invalid(path, "must be an object")
    const { role, content } = message
    if (role === "system") {
      const parts = readSystem(content)
      if (turns.length === 0) system.push(...parts)
      else turns.push({ role, parts })
    } else if (role === "user" || role === "assistant") turns.push({ role, parts: readContent(content, path) })
    else throw invalid(`${path}.role`, "must be user or assistant")
  })
  return { system, turns }
}

function readSystem(system: Json | undefined): TextPart[] {
  if (typeof system === "string") return system === "" ? [] : [{ kind: "text", text: system }]
  return objectsOf(system).flatMap((block) => {
    const text = wordOf(block["text"])
    return text ? [{ kind: "text" as const, text, ...readCache(block["cache_control"]) }] : []
  })
}

function readContent(content: Json | undefined, path: string): Part[] {
  if (typeof content === "string") return [{ kind: "text", text: content }]
  if (!Array.isArray(content)) throw invalid(`${path}.content`, "must be a string or an array of blocks")
  return objectsOf(content).map((block) => (block["type"] === "tool_result" ? readResult(block) : readBlock(block)))
}

function readResult(block: JsonObject): ResultPart {
  const { content } = block
  const parts: Part[] =
    typeof content === "string"
      ? [{ kind: "text", text: content }]
      : objectsOf(content).map((inner) => readBlock(inner))
  return {
    kind: "result",
    callId: textOf(block["tool_use_id"]) ?? "",
    parts: parts.filter((part) => part.kind === "text" || part.kind === "media" || part.kind === "opaque"),
    isError: block["is_error"] === true,
    form: "json",
    ...readCache(block["cache_control"]),
  }
}

/** Tools with a dated `type` are Anthropic's own; those that clients run have a name and no schema for anybody else. */
function readTool(tool: JsonObject): Tool {
  const type = textOf(tool["type"])
  if (type !== null && type !== "custom") return { kind: "hosted", dialect: "anthropic", what: type, raw: tool }
  return {
    kind: "function",
    name: textOf(tool["name"]) ?? "",
    description: textOf(tool["description"]),
    schema: objectOf(tool["input_schema"]),
    strict: booleanOf(tool["strict"]),
    form: "json",
    ...readCache(tool["cache_control"]),
  }
}

function readChoice(choice: JsonObject | null): ToolChoice | null {
  switch (choice?.["type"]) {
    case "auto":
    case "none":
      return { mode: choice["type"] }
    case "any":
      return { mode: "required" }
    case "tool":
      return { mode: "some", names: [textOf(choice["name"]) ?? ""], required: true }
    default:
      return null
  }
}

/** `display: omitted` hides the text and keeps the signature. */
function readThinking(thinking: JsonObject | null, effort: string | null): Thinking | null {
  const word = readEffort(effort)
  if (!thinking && word === null) return null
  const type = thinking?.["type"]
  const isOn = type === "enabled" || type === "adaptive"
  return {
    // effort alone says how much to say, not whether to think
    effort: isOn || !thinking ? word : null,
    budget: type === "disabled" ? 0 : numberOf(thinking?.["budget_tokens"]),
    shown: isOn ? thinking?.["display"] !== "omitted" : null,
  }
}

function readFormat(format: JsonObject | null): OutputFormat | null {
  if (format?.["type"] !== "json_schema") return null
  return { schema: objectOf(format["schema"]), name: wordOf(format["name"]), description: null, strict: true }
}
