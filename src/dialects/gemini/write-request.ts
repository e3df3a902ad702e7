/** A Gemini generateContent request, written. https://ai.google.dev/api/generate-content */
import type { JsonObject } from "../../exchange.ts"
import type { Destination, FormRequest, Losses, Part, ResultPart, Thinking, Tool, ToolChoice, Turn } from "../form.ts"
import { budgetOf, effortOf, isThinkingOff } from "../thinking.ts"
import { settleTurns } from "../turns.ts"
import { writeMedia, writePart } from "./parts.ts"

/** "skip_thought_signature_validator": Google's own word for a call whose signature is unknown. https://ai.google.dev/gemini-api/docs/thought-signatures#faqs */
const UNKNOWN_SIGNATURE = "skip_thought_signature_validator"
/** These refuse a call without a signature. A name that is none of Google's may be one of them. */
const NEEDS_SIGNATURES = /gemini-(?:[3-9]|[a-z-]*latest)/
const MOST_STOPS = 5

export function writeRequest(form: FormRequest, to: Destination): JsonObject {
  const { losses, model } = to
  const body: JsonObject = {
    contents: settleTurns(form.turns, { laterSystem: false, userFirst: true }).map((turn) =>
      writeTurn(turn, model, losses),
    ),
  }
  const system = form.system.filter(({ text }) => text !== "")
  if (system.length > 0) body["systemInstruction"] = { parts: system.map(({ text }) => ({ text })) }
  const tools = writeTools(form.tools)
  if (tools.length > 0) body["tools"] = tools
  if (form.toolChoice && form.tools.length > 0)
    body["toolConfig"] = { functionCallingConfig: writeChoice(form.toolChoice) }
  if (form.parallelCalls === false) losses.note("parallel_tool_calls")
  const config = writeConfig(form, model, losses)
  if (Object.keys(config).length > 0) body["generationConfig"] = config
  return body
}

function writeConfig(form: FormRequest, model: string, losses: Losses): JsonObject {
  const config: JsonObject = {}
  const set = (name: string, value: number | null) => {
    if (value !== null) config[name] = value
  }
  set("temperature", form.temperature)
  set("topP", form.topP)
  set("topK", form.topK)
  set("maxOutputTokens", form.maxTokens)
  set("seed", form.seed)
  set("presencePenalty", form.presencePenalty)
  set("frequencyPenalty", form.frequencyPenalty)
  if (form.stop.length > 0) config["stopSequences"] = form.stop.slice(0, MOST_STOPS)
  if (form.stop.length > MOST_STOPS) losses.note(`stop (more than ${MOST_STOPS})`)
  if ((form.candidates ?? 1) > 1) losses.note("n")
  if (form.topLogprobs !== null) losses.note("logprobs")
  if (form.verbosity !== null) losses.note("verbosity")
  if (form.format) {
    config["responseMimeType"] = "application/json"
    if (form.format.schema) config["responseJsonSchema"] = form.format.schema
  }
  const thinking = form.thinking && writeThinking(form.thinking, model)
  if (thinking) config["thinkingConfig"] = thinking
  return config
}

/** Gemini 3 knows levels, 2.5 budgets; "You cannot use both". What does not think refuses the setting. https://ai.google.dev/gemini-api/docs/thinking */
function writeThinking(thinking: Thinking, model: string): JsonObject | null {
  if (/gemini-(1|2\.0)|gemma|embedding/.test(model)) return null
  const shown: JsonObject = { includeThoughts: thinking.shown !== false && !isThinkingOff(thinking) }
  const effort = effortOf(thinking)
  if (/gemini-[3-9]/.test(model)) {
    if (effort === null) return shown
    return { ...shown, thinkingLevel: levelOf(effort, model) }
  }
  const budget = budgetOf(thinking)
  if (budget === null) return { ...shown, ...(thinking.budget !== null && { thinkingBudget: -1 }) }
  // "Pro cannot turn thinking off", and has at least 128
  const least = /pro/.test(model) ? 128 : 0
  return { ...shown, thinkingBudget: Math.min(24_576, Math.max(least, budget)) }
}

/** Pro has low and high, Flash minimal and medium too. */
function levelOf(effort: string, model: string): string {
  const isPro = /pro/.test(model)
  if (effort === "none" || effort === "minimal") return isPro ? "low" : "minimal"
  if (effort === "medium") return isPro ? "high" : "medium"
  return effort === "low" ? "low" : "high"
}

function writeTools(tools: readonly Tool[]): JsonObject[] {
  const functionDeclarations = tools.flatMap((tool): JsonObject[] => {
    if (tool.kind === "hosted") return []
    const { name, description, schema } = tool
    const isEmpty =
      schema === null || (schema["type"] === "object" && Object.keys(schema["properties"] ?? {}).length === 0)
    return [{ name, ...(description !== null && { description }), ...(!isEmpty && { parametersJsonSchema: schema }) }]
  })
  const hosted = tools.flatMap((tool) => (tool.kind === "hosted" ? [tool.raw] : []))
  return [...(functionDeclarations.length > 0 ? [{ functionDeclarations }] : []), ...hosted]
}

function writeChoice(choice: ToolChoice): JsonObject {
  if (choice.mode !== "some") return { mode: choice.mode === "required" ? "ANY" : choice.mode.toUpperCase() }
  return choice.required
    ? { mode: "ANY", allowedFunctionNames: choice.names }
    : { mode: "VALIDATED", allowedFunctionNames: choice.names }
}

function writeTurn({ role, parts }: Turn, model: string, losses: Losses): JsonObject {
  const written = parts.flatMap((part) => writeAsked(part, losses))
  if (role === "assistant" && NEEDS_SIGNATURES.test(model)) signFirstCall(written)
  return { role: role === "assistant" ? "model" : "user", parts: written.length > 0 ? written : [{ text: " " }] }
}

/** "The first function call in each step must include its signature"; of parallel calls only the first has one. */
function signFirstCall(parts: JsonObject[]): void {
  const first = parts.find((part) => part["functionCall"])
  if (first && first["thoughtSignature"] === undefined) first["thoughtSignature"] = UNKNOWN_SIGNATURE
}

function writeAsked(part: Part, losses: Losses): JsonObject[] {
  switch (part.kind) {
    case "reasoning":
      return part.signature === null ? [] : writePart(part) // a thought nobody signed says nothing to the model
    case "result":
      return writeResponse(part, losses)
    case "opaque":
      return [part.raw as JsonObject]
    default:
      return writePart(part)
  }
}

/** Media that a function returned follow its response: https://ai.google.dev/api/caching#FunctionResponse */
function writeResponse({ callId, name, parts, isError }: ResultPart, losses: Losses): JsonObject[] {
  const text = parts.map((part) => (part.kind === "text" ? part.text : "")).join("")
  const response: JsonObject = isError ? { error: text } : { output: text }
  const media = parts.filter((part) => part.kind === "media").map(writeMedia)
  for (const part of parts) if (part.kind === "opaque") losses.note(part.what)
  return [{ functionResponse: { id: callId, name: name ?? "", response } }, ...media]
}
