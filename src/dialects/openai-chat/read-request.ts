/** A Chat Completions request, read. https://platform.openai.com/docs/api-reference/chat/create, and what LiteLLM's and OpenRouter's clients add. */
import type { Json, JsonObject } from "../../exchange.ts"
import { readCache } from "../cache-mark.ts"
import {
  booleanOf,
  invalid,
  jsonText,
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
import { readCall } from "./calls.ts"
import { readContentPart } from "./media.ts"
import { readReasoning } from "./reasoning.ts"

/** What the form holds, and what says nothing to another provider. */
const HELD: ReadonlySet<string> = new Set(
  `model messages stream stream_options tools tool_choice functions function_call parallel_tool_calls max_tokens
  max_completion_tokens temperature top_p top_k stop seed presence_penalty frequency_penalty n logprobs top_logprobs reasoning_effort reasoning
  thinking response_format verbosity service_tier user safety_identifier prompt_cache_key prompt_cache_retention store`.split(
    /\s+/,
  ),
)

export function readRequest(body: JsonObject): FormRequest {
  const { system, turns } = readMessages(body["messages"])
  return {
    system,
    turns,
    tools: readTools(body),
    toolChoice: readChoice(body["tool_choice"] ?? body["function_call"]),
    parallelCalls: booleanOf(body["parallel_tool_calls"]),
    maxTokens: numberOf(body["max_completion_tokens"]) ?? numberOf(body["max_tokens"]),
    temperature: numberOf(body["temperature"]),
    topP: numberOf(body["top_p"]),
    topK: numberOf(body["top_k"]),
    stop: typeof body["stop"] === "string" ? [body["stop"]] : textsOf(body["stop"]),
    seed: numberOf(body["seed"]),
    presencePenalty: numberOf(body["presence_penalty"]),
    frequencyPenalty: numberOf(body["frequency_penalty"]),
    candidates: numberOf(body["n"]),
    topLogprobs: body["logprobs"] === true ? (numberOf(body["top_logprobs"]) ?? 0) : null,
    thinking: readThinking(body),
    format: readFormat(objectOf(body["response_format"])),
    verbosity: wordOf(body["verbosity"]),
    serviceTier: wordOf(body["service_tier"]),
    endUser: wordOf(body["safety_identifier"]) ?? wordOf(body["user"]),
    cacheKey: wordOf(body["prompt_cache_key"]),
    unheld: unheldIn(body, HELD),
  }
}

function readMessages(messages: Json | undefined): { system: TextPart[]; turns: Turn[] } {
  if (!Array.isArray(messages)) throw invalid("messages", "must be an array")
  const system: TextPart[] = []
  const turns: Turn[] = []
  messages.forEach((item, at) => {
    const path = `messages[${at}]`
    const message = objectOf(item)
    if (!message) throw invalid(path, "must be an object")
    const role = message["role"]
    if (role === "system" || role === "developer") {
      const parts = readContent(message["content"], path).filter((part) => part.kind === "text")
      if (turns.length === 0) system.push(...parts)
      else turns.push({ role: "system", parts })
    } else if (role === "assistant") turns.push({ role, parts: readAssistant(message, path) })
    else if (role === "tool" || role === "function") turns.push({ role: "user", parts: [readResult(message, path)] })
    else if (role === "user" || role === undefined)
      turns.push({ role: "user", parts: readContent(message["content"], path) })
    else throw invalid(`${path}.role`, "must be system, developer, user, assistant or tool")
  })
  return { system, turns }
}

function readContent(content: Json | undefined, path: string): Part[] {
  if (typeof content === "string") return [{ kind: "text", text: content }]
  if (content === null || content === undefined) return []
  if (!Array.isArray(content)) throw invalid(`${path}.content`, "must be a string or an array of parts")
  return content.flatMap((part) => {
    if (typeof part === "string") return [{ kind: "text" as const, text: part }]
    const object = objectOf(part)
    return object ? [readContentPart(object)] : []
  })
}

function readAssistant(message: JsonObject, path: string): Part[] {
  const parts: Part[] = readReasoning(message)
  parts.push(...readContent(message["content"], path))
  const refusal = wordOf(message["refusal"])
  if (refusal) parts.push({ kind: "refusal", text: refusal })
  parts.push(...objectsOf(message["tool_calls"]).map(readCall))
  const old = objectOf(message["function_call"])
  if (old)
    parts.push({
      kind: "call",
      id: oldId(old["name"]),
      name: textOf(old["name"]) ?? "",
      args: jsonText(old["arguments"]),
      form: "json",
    })
  return parts
}

/** Calls of before November 2023 have no id: a function's name is it. */
const oldId = (name: Json | undefined) => `function_${textOf(name) ?? ""}`

function readResult(message: JsonObject, path: string): ResultPart {
  const name = wordOf(message["name"])
  const callId = message["role"] === "function" ? oldId(message["name"]) : (textOf(message["tool_call_id"]) ?? "")
  const parts = readContent(message["content"], path).filter(
    (part) => part.kind === "text" || part.kind === "media" || part.kind === "opaque",
  )
  return { kind: "result", callId, ...(name && { name }), parts, isError: false, form: "json" }
}

function readTools(body: JsonObject): Tool[] {
  const old = objectsOf(body["functions"]).map((one): JsonObject => ({ type: "function", function: one }))
  return [...objectsOf(body["tools"]), ...old].map((tool): Tool => {
    const custom = objectOf(tool["custom"])
    // Cursor declares functions as Responses or Anthropic would
    const declared = custom ?? objectOf(tool["function"]) ?? ((tool["type"] ?? "function") === "function" ? tool : null)
    const name = wordOf(declared?.["name"])
    if (!declared || !name)
      return { kind: "hosted", dialect: "openai-chat", what: textOf(tool["type"]) ?? "tool", raw: tool }
    const grammar = objectOf(objectOf(custom?.["format"])?.["grammar"])
    return {
      kind: "function",
      name,
      description: textOf(declared["description"]),
      schema: objectOf(declared["parameters"] ?? declared["input_schema"]),
      strict: booleanOf(declared["strict"]),
      form: custom ? "text" : "json",
      ...(grammar && { grammar }),
      ...readCache(tool["cache_control"] ?? declared["cache_control"]),
    }
  })
}

function readChoice(choice: Json | undefined): ToolChoice | null {
  if (choice === "auto" || choice === "none" || choice === "required") return { mode: choice }
  if (choice === "any") return { mode: "required" } // Mistral's word
  const object = objectOf(choice)
  if (!object) return null
  const allowed = objectOf(object["allowed_tools"])
  if (allowed) {
    const names = objectsOf(allowed["tools"]).flatMap(
      (tool) => wordOf(objectOf(tool["function"] ?? tool["custom"])?.["name"]) ?? [],
    )
    return { mode: "some", names, required: allowed["mode"] === "required" }
  }
  const name = wordOf(objectOf(object["function"] ?? object["custom"])?.["name"]) ?? wordOf(object["name"])
  return name ? { mode: "some", names: [name], required: true } : null
}

/** OpenAI's word, OpenRouter's object, and Anthropic's, which LiteLLM takes here. */
function readThinking(body: JsonObject): Thinking | null {
  const router = objectOf(body["reasoning"])
  const claude = objectOf(body["thinking"])
  const effort = readEffort(wordOf(body["reasoning_effort"]) ?? wordOf(router?.["effort"]))
  const off = claude?.["type"] === "disabled" || router?.["enabled"] === false
  const budget = off ? 0 : (numberOf(claude?.["budget_tokens"]) ?? numberOf(router?.["max_tokens"]))
  if (effort === null && budget === null && !claude && !router) return null
  return {
    effort,
    budget,
    shown: router?.["exclude"] === true ? false : null,
  }
}

function readFormat(format: JsonObject | null): OutputFormat | null {
  if (format?.["type"] === "json_object") return { schema: null, name: null, description: null, strict: null }
  const asked = objectOf(format?.["json_schema"])
  if (format?.["type"] !== "json_schema" || !asked) return null
  return {
    schema: objectOf(asked["schema"]),
    name: wordOf(asked["name"]),
    description: wordOf(asked["description"]),
    strict: booleanOf(asked["strict"]),
  }
}
