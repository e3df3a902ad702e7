/** A Responses request, written. Nothing is kept at the provider: the reasoning comes back encrypted. https://platform.openai.com/docs/api-reference/responses/create */
import type { Json, JsonObject } from "../../exchange.ts"
import { safeCallId } from "../call-ids.ts"
import { argumentsJson } from "../fields.ts"
import type {
  Destination,
  FormRequest,
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
import { writeMedia } from "./content.ts"
import { callItem, reasoningItem } from "./items.ts"

/** OpenAI's families that do not reason: "Encrypted content is not supported with this model", "Unsupported parameter: 'reasoning.effort'". */
const PLAIN_MODELS = /^(gpt-[34]|chatgpt|gpt-5-chat)/

export function writeRequest(form: FormRequest, to: Destination): JsonObject {
  const { losses, model } = to
  const body: JsonObject = { model, input: writeInput(form, losses), store: false }
  const set = (name: string, value: Json | undefined | null) => {
    if (value !== null && value !== undefined) body[name] = value
  }
  const instructions = form.system.map(({ text }) => text).filter((text) => text !== "")
  if (instructions.length > 0) body["instructions"] = instructions.join("\n\n")
  if (to.stream) body["stream"] = true
  if (form.tools.length > 0) {
    body["tools"] = form.tools.map(writeTool)
    set("tool_choice", form.toolChoice && writeChoice(form.toolChoice, form.tools))
    set("parallel_tool_calls", form.parallelCalls)
  }
  // "Expected a value >= 16"
  set("max_output_tokens", form.maxTokens === null ? null : Math.max(16, form.maxTokens))
  set("temperature", form.temperature)
  set("top_p", form.topP)
  if (!PLAIN_MODELS.test(model)) {
    body["include"] = ["reasoning.encrypted_content"]
    set("reasoning", writeReasoning(form))
  }
  set("text", writeText(form))
  set(
    "service_tier",
    form.serviceTier !== null && /^(auto|default|flex|priority)$/.test(form.serviceTier) ? form.serviceTier : null,
  )
  set("safety_identifier", form.endUser && form.endUser.slice(0, 64))
  set("prompt_cache_key", form.cacheKey)
  noteUnheld(form, losses)
  return body
}

const UNHELD = [
  ["topK", "top_k"],
  ["seed", "seed"],
  ["presencePenalty", "presence_penalty"],
  ["frequencyPenalty", "frequency_penalty"],
  ["topLogprobs", "logprobs"],
] as const

function noteUnheld(form: FormRequest, losses: Losses): void {
  for (const [member, name] of UNHELD) if (form[member] !== null && form[member] !== 0) losses.note(name)
  if (form.stop.length > 0) losses.note("stop")
  if ((form.candidates ?? 1) > 1) losses.note("n")
}

function writeReasoning({ thinking }: FormRequest): JsonObject | null {
  if (!thinking) return null
  const effort = effortOf(thinking)
  const reasoning: JsonObject = {}
  if (effort !== null) reasoning["effort"] = effort === "max" ? "xhigh" : effort
  if (thinking.shown !== false && effort !== "none") reasoning["summary"] = "auto"
  return Object.keys(reasoning).length > 0 ? reasoning : null
}

function writeText({ format, verbosity }: FormRequest): JsonObject | null {
  const text: JsonObject = {}
  if (format) text["format"] = writeFormat(format)
  if (verbosity !== null) text["verbosity"] = verbosity
  return Object.keys(text).length > 0 ? text : null
}

/** Strict is the default here and refuses most schemas that were not made for it. */
function writeFormat({ schema, name, description, strict }: OutputFormat): JsonObject {
  if (schema === null) return { type: "json_object" }
  return {
    type: "json_schema",
    name: name ?? "answer",
    schema,
    strict: strict ?? false,
    ...(description !== null && { description }),
  }
}

function writeInput(form: FormRequest, losses: Losses): JsonObject[] {
  return settleTurns(form.turns, { laterSystem: true, userFirst: false }).flatMap((turn) => writeTurn(turn, losses))
}

function writeTurn({ role, parts }: Turn, losses: Losses): JsonObject[] {
  if (role === "assistant") return writeAssistant(parts, losses)
  if (role === "system") return [{ role: "developer", content: parts.flatMap((part) => contentOf(part, losses)) }]
  const items = parts.filter((part) => part.kind === "result").map((part) => writeResult(part, losses))
  const content = parts.filter((part) => part.kind !== "result").flatMap((part) => contentOf(part, losses))
  if (content.length > 0) items.push({ role: "user", content })
  return items
}

/** Reasoning goes with what it led to: alone at the end it would be refused ("… was provided without its required following item"). */
function writeAssistant(parts: readonly Part[], losses: Losses): JsonObject[] {
  const items: JsonObject[] = []
  for (const part of parts) {
    if (part.kind === "reasoning") {
      if (part.signature !== null) items.push(part.id ? { ...reasoningItem(part), id: part.id } : reasoningItem(part))
    } else if (part.kind === "call")
      items.push(callItem({ ...part, id: safeCallId(part.id) }, argumentsJson(part.args)))
    else if (part.kind === "text")
      items.push({ role: "assistant", content: [{ type: "output_text", text: part.text }] })
    else if (part.kind === "refusal")
      items.push({ role: "assistant", content: [{ type: "refusal", refusal: part.text }] })
    else if (part.kind === "opaque") items.push(part.raw as JsonObject)
    else losses.note(part.kind === "media" ? part.type : part.kind)
  }
  while (items.at(-1)?.["type"] === "reasoning") items.pop()
  return items
}

function contentOf(part: Part, losses: Losses): JsonObject[] {
  if (part.kind === "text" || part.kind === "refusal") return [{ type: "input_text", text: part.text }]
  const media = part.kind === "media" ? writeMedia(part) : null
  if (!media) losses.note(part.kind === "media" ? part.type : part.kind)
  return media ? [media] : []
}

function writeResult({ callId, parts, isError, form }: ResultPart, losses: Losses): JsonObject {
  const text = parts.map((part) => (part.kind === "text" ? part.text : "")).join("")
  const said = isError && !/^error/i.test(text) ? `Error: ${text}` : text
  const hasMedia = parts.some((part) => part.kind === "media")
  const listed = said === text ? parts : [{ kind: "text" as const, text: "Error:" }, ...parts]
  const output: Json = hasMedia ? listed.flatMap((part) => contentOf(part, losses)) : said
  return {
    type: form === "text" ? "custom_tool_call_output" : "function_call_output",
    call_id: safeCallId(callId),
    output,
  }
}

function writeTool(tool: Tool): JsonObject {
  if (tool.kind === "hosted") return tool.raw
  const { name, description, schema, strict, form, grammar } = tool
  const described: JsonObject = description === null ? { name } : { name, description }
  if (form === "text")
    return { type: "custom", ...described, ...(grammar && { format: { type: "grammar", ...grammar } }) }
  return {
    type: "function",
    ...described,
    parameters: objectSchema(schema),
    strict: strict ?? false,
  }
}

function writeChoice(choice: ToolChoice, tools: readonly Tool[]): Json {
  if (choice.mode !== "some") return choice.mode
  const chosen = choice.names.map((name) => {
    const tool = tools.find((one) => one.kind === "function" && one.name === name)
    return { type: tool?.kind === "function" && tool.form === "text" ? "custom" : "function", name }
  })
  if (chosen.length === 1 && choice.required) return chosen[0]!
  return { type: "allowed_tools", mode: choice.required ? "required" : "auto", tools: chosen }
}
