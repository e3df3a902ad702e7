/** A Responses request, read. https://platform.openai.com/docs/api-reference/responses/create, and what Codex sends. */
import { type Json, type JsonObject, Refusal } from "../../exchange.ts"
import { booleanOf, invalid, numberOf, objectOf, objectsOf, textOf, unheldIn, wordOf } from "../fields.ts"
import type {
  FormRequest,
  HostedTool,
  OpaquePart,
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
import { readContent } from "./content.ts"
import { readMade } from "./items.ts"

/** What the form holds, and what says nothing to a provider that keeps nothing. */
const HELD: ReadonlySet<string> = new Set(
  `model input instructions stream stream_options tools tool_choice parallel_tool_calls max_output_tokens temperature top_p top_logprobs reasoning text
  service_tier user safety_identifier prompt_cache_key prompt_cache_retention include store metadata client_metadata truncation`.split(
    /\s+/,
  ),
)
/** What only the provider that kept it can go on from. */
const KEPT = ["previous_response_id", "conversation", "prompt"]

export function readRequest(body: JsonObject): FormRequest {
  for (const name of KEPT) if (body[name] != null) throw keptElsewhere(name)
  if (body["background"] === true) throw keptElsewhere("background")
  const { system, turns } = readInput(body)
  const text = objectOf(body["text"])
  return {
    system,
    turns,
    tools: readTools(body["tools"]),
    toolChoice: readChoice(body["tool_choice"]),
    parallelCalls: booleanOf(body["parallel_tool_calls"]),
    maxTokens: numberOf(body["max_output_tokens"]),
    temperature: numberOf(body["temperature"]),
    topP: numberOf(body["top_p"]),
    topK: null,
    stop: [],
    seed: null,
    presencePenalty: null,
    frequencyPenalty: null,
    candidates: null,
    topLogprobs: numberOf(body["top_logprobs"]) || null,
    thinking: readThinking(objectOf(body["reasoning"])),
    format: readFormat(objectOf(text?.["format"])),
    verbosity: wordOf(text?.["verbosity"]),
    serviceTier: wordOf(body["service_tier"]),
    endUser: wordOf(body["safety_identifier"]) ?? wordOf(body["user"]),
    cacheKey: wordOf(body["prompt_cache_key"]),
    unheld: unheldIn(body, HELD).filter((name) => body[name] !== false),
  }
}

const keptElsewhere = (name: string) =>
  new Refusal(
    400,
    "invalid_request",
    `${name} needs a provider that keeps responses, and this model's does not. Send the whole conversation as input.`,
    { code: "unsupported_parameter", param: name },
  )

const RESULTS: ReadonlySet<string> = new Set(["function_call_output", "custom_tool_call_output"])

function readInput(body: JsonObject): { system: TextPart[]; turns: Turn[] } {
  const instructions = wordOf(body["instructions"])
  const system: TextPart[] = instructions ? [{ kind: "text", text: instructions }] : []
  const turns: Turn[] = []
  const { input } = body
  if (typeof input === "string") return { system, turns: [{ role: "user", parts: [{ kind: "text", text: input }] }] }
  if (!Array.isArray(input)) throw invalid("input", "must be a string or an array of items")
  const add = (role: Turn["role"], parts: Part[]) => {
    const last = turns.at(-1)
    if (last?.role === role && role === "assistant") last.parts.push(...parts)
    else turns.push({ role, parts })
  }
  input.forEach((value, at) => {
    const item = objectOf(value)
    if (!item) throw invalid(`input[${at}]`, "must be an object")
    const type = item["type"] ?? "message"
    if (type === "message") readMessage(item, at, system, turns, add)
    else if (type === "item_reference") throw keptElsewhere(`input[${at}] (item_reference)`)
    else if (typeof type === "string" && type.endsWith("_output")) add("user", [readResult(item, type)])
    else
      add("assistant", [
        readMade(item) ?? { kind: "opaque", dialect: "openai-responses", what: String(type), raw: item },
      ])
  })
  return { system, turns }
}

function readMessage(
  item: JsonObject,
  at: number,
  system: TextPart[],
  turns: Turn[],
  add: (role: Turn["role"], parts: Part[]) => void,
): void {
  const { role } = item
  const parts = readContent(item["content"])
  if (role === "user" || role === "assistant") return add(role, parts)
  if (role !== "system" && role !== "developer")
    throw invalid(`input[${at}].role`, "must be user, assistant, system or developer")
  const texts = parts.filter((part) => part.kind === "text")
  if (turns.length === 0) system.push(...texts)
  else add("system", texts)
}

/** What a tool of the client's gave; outputs of other kinds (a search for tools, a computer's screen) only the provider of their call can read. */
function readResult(item: JsonObject, type: string): ResultPart | OpaquePart {
  const { output } = item
  if (!RESULTS.has(type) && typeof output !== "string")
    return { kind: "opaque", dialect: "openai-responses", what: type, raw: item }
  const parts = readContent(typeof output === "string" || Array.isArray(output) ? output : JSON.stringify(output ?? ""))
  return {
    kind: "result",
    callId: textOf(item["call_id"]) ?? "",
    parts: parts.filter((part) => part.kind === "text" || part.kind === "media" || part.kind === "opaque"),
    isError: item["status"] === "failed",
    form: type === "custom_tool_call_output" ? "text" : "json",
  }
}

function readTools(tools: Json | undefined): Tool[] {
  return objectsOf(tools).flatMap((tool) => {
    if (tool["type"] !== "namespace") return [readTool(tool)]
    const namespace = textOf(tool["name"]) ?? ""
    return objectsOf(tool["tools"]).map((inner) => {
      const read = readTool(inner)
      return read.kind === "function" ? { ...read, namespace } : read
    })
  })
}

function readTool(tool: JsonObject): Tool {
  const { type } = tool
  const name = wordOf(tool["name"])
  if ((type !== "function" && type !== "custom") || !name) return hosted(tool)
  const { type: kind, ...grammar } = objectOf(tool["format"]) ?? {}
  return {
    kind: "function",
    name,
    description: textOf(tool["description"]),
    schema: objectOf(tool["parameters"]),
    strict: booleanOf(tool["strict"]),
    form: type === "custom" ? "text" : "json",
    ...(kind === "grammar" && { grammar }),
  }
}

const hosted = (tool: JsonObject): HostedTool => ({
  kind: "hosted",
  dialect: "openai-responses",
  what: textOf(tool["type"]) ?? "tool",
  raw: tool,
})

function readChoice(choice: Json | undefined): ToolChoice | null {
  if (choice === "auto" || choice === "none" || choice === "required") return { mode: choice }
  const object = objectOf(choice)
  if (object?.["type"] === "allowed_tools") {
    const names = objectsOf(object["tools"]).flatMap((tool) => wordOf(tool["name"]) ?? [])
    return { mode: "some", names, required: object["mode"] === "required" }
  }
  const name = wordOf(object?.["name"])
  return name ? { mode: "some", names: [name], required: true } : null
}

function readThinking(reasoning: JsonObject | null): Thinking | null {
  if (!reasoning) return null
  const effort = readEffort(wordOf(reasoning["effort"]))
  const summary = wordOf(reasoning["summary"])
  if (effort === null && summary === null) return null
  return { effort, budget: null, shown: summary !== null }
}

function readFormat(format: JsonObject | null): OutputFormat | null {
  if (format?.["type"] === "json_object") return { schema: null, name: null, description: null, strict: null }
  if (format?.["type"] !== "json_schema") return null
  return {
    schema: objectOf(format["schema"]),
    name: wordOf(format["name"]),
    description: wordOf(format["description"]),
    strict: booleanOf(format["strict"]),
  }
}
