/** An Anthropic Messages request, written. https://docs.anthropic.com/en/api/messages */
import type { Json, JsonObject } from "../../exchange.ts"
import { writeCache } from "../cache-mark.ts"
import { safeCallId } from "../call-ids.ts"
import type {
  Destination,
  FormRequest,
  FunctionTool,
  Losses,
  Part,
  ResultPart,
  TextPart,
  Tool,
  ToolChoice,
  Turn,
} from "../form.ts"
import { budgetOf, effortOf, isThinkingOff, LEAST_BUDGET } from "../thinking.ts"
import { settleTurns } from "../turns.ts"
import { writeCall, writeReasoning } from "./blocks.ts"
import { writeMedia } from "./media.ts"
import { canThink, defaultMaxTokens, hasFormats, isAdaptive, knowsXhigh, takesPrefill } from "./models.ts"
import { closedObjects, objectSchema } from "./schema.ts"

export function writeRequest(form: FormRequest, to: Destination): JsonObject {
  const { losses, model } = to
  const turns = settleTurns(form.turns.map(withoutUnsigned), { laterSystem: false, userFirst: true })
  settleLast(turns, model, losses)
  const body: JsonObject = {
    model,
    max_tokens: Math.max(1, form.maxTokens ?? defaultMaxTokens(model)),
    messages: turns.flatMap((turn) => writeTurn(turn, losses)),
  }
  const system = form.system.filter(({ text }) => text.trim() !== "")
  if (form.format && !(form.format.schema && hasFormats(model))) {
    losses.note("response_format (told as an instruction)")
    system.push({ kind: "text", text: formatInstruction(form.format.schema) })
  } else if (form.format?.schema)
    body["output_config"] = { format: { type: "json_schema", schema: closedObjects(form.format.schema) } }
  if (system.length > 0) body["system"] = system.map(writeText)
  if (form.tools.length > 0) body["tools"] = form.tools.map(writeTool)
  if (to.stream) body["stream"] = true
  if (form.stop.length > 0) body["stop_sequences"] = form.stop.filter((one) => one.trim() !== "")
  writeSampling(body, form)
  writeThinking(body, form, turns, model, losses)
  writeChoice(body, form)
  if (form.endUser !== null) body["metadata"] = { user_id: form.endUser.slice(0, 256) }
  if (form.serviceTier === "auto" || form.serviceTier === "standard_only") body["service_tier"] = form.serviceTier
  noteUnheld(form, losses)
  keepFourMarks(body)
  return body
}

/** Anthropic refuses thinking that nobody signed; a turn of nothing else must go before its neighbours are merged. */
const withoutUnsigned = ({ role, parts }: Turn): Turn => ({
  role,
  parts: parts.filter((part) => part.kind !== "reasoning" || part.signature !== null),
})

/** "final assistant content cannot end with trailing whitespace"; newer models take no assistant's turn at the end at all. */
function settleLast(turns: Turn[], model: string, losses: Losses): void {
  const last = turns.at(-1)
  if (last?.role !== "assistant") return
  if (!takesPrefill(model)) {
    losses.note("prefill")
    turns.push({ role: "user", parts: [{ kind: "text", text: "Continue." }] })
  } else if (last.parts.at(-1)?.kind === "text") {
    const text = last.parts.pop() as TextPart
    last.parts.push({ ...text, text: text.text.trimEnd() })
  }
}

const formatInstruction = (schema: JsonObject | null) =>
  schema
    ? `Answer with one JSON value and nothing else. It must follow this JSON Schema:\n${JSON.stringify(schema)}`
    : "Answer with one JSON object and nothing else."

const UNHELD = [
  ["seed", "seed"],
  ["presencePenalty", "presence_penalty"],
  ["frequencyPenalty", "frequency_penalty"],
  ["topLogprobs", "logprobs"],
  ["verbosity", "verbosity"],
] as const

function noteUnheld(form: FormRequest, losses: Losses): void {
  for (const [member, name] of UNHELD) if (form[member] !== null && form[member] !== 0) losses.note(name)
  if ((form.candidates ?? 1) > 1) losses.note("n")
}

/** Temperatures above 1 are OpenAI's and Google's. */
function writeSampling(body: JsonObject, form: FormRequest): void {
  if (form.temperature !== null) body["temperature"] = Math.min(1, form.temperature)
  if (form.topP !== null) body["top_p"] = form.topP
  if (form.topK !== null) body["top_k"] = form.topK
}

/**
 * "`temperature` may only be set to 1 when thinking is enabled", "Thinking may not be enabled when tool_choice forces tool use", "`max_tokens` must be greater than
 * `thinking.budget_tokens`", "Expected `thinking` or `redacted_thinking`, but found `tool_use`": what would be refused so is left out and said.
 */
function writeThinking(
  body: JsonObject,
  form: FormRequest,
  turns: readonly Turn[],
  model: string,
  losses: Losses,
): void {
  const { thinking } = form
  if (!thinking) return
  if (!canThink(model)) {
    if (!isThinkingOff(thinking)) losses.note("thinking (this model does not)")
    return
  }
  const effort = effortOf(thinking)
  if (isAdaptive(model) && effort !== null && effort !== "none")
    body["output_config"] = {
      ...(body["output_config"] as JsonObject | undefined),
      effort: effort === "minimal" ? "low" : effort === "xhigh" && !knowsXhigh(model) ? "high" : effort,
    }
  // unasked, none thinks but those that always do, and these refuse `disabled`
  if (isThinkingOff(thinking)) return
  const choice = form.toolChoice
  if (choice?.mode === "required" || (choice?.mode === "some" && choice.required))
    return losses.note("thinking (a tool is forced)")
  if (isAdaptive(model)) {
    // since 4.7 what is not asked for is hidden
    body["thinking"] = { type: "adaptive", display: thinking.shown === false ? "omitted" : "summarized" }
  } else {
    if (lacksThinking(turns)) return losses.note("thinking (the conversation's calls have none)")
    const budget = Math.max(LEAST_BUDGET, budgetOf(thinking) ?? LEAST_BUDGET)
    body["thinking"] = { type: "enabled", budget_tokens: budget }
    const most = body["max_tokens"] as number
    if (most <= budget) body["max_tokens"] = budget + most
  }
  if (body["temperature"] !== undefined && body["temperature"] !== 1) losses.note("temperature (thinking)")
  delete body["temperature"]
  if (body["top_k"] !== undefined) losses.note("top_k (thinking)")
  delete body["top_k"]
  if (typeof body["top_p"] === "number" && body["top_p"] < 0.95) {
    losses.note("top_p (thinking)")
    delete body["top_p"]
  }
}

/** In a tool loop under way, the assistant's turn must begin with its thinking; adaptive models do not insist. */
function lacksThinking(turns: readonly Turn[]): boolean {
  const last = turns.at(-1)
  if (last?.role !== "user" || !last.parts.some((part) => part.kind === "result")) return false
  const calling = turns.at(-2)?.parts ?? []
  const first = calling[0]
  return calling.some((part) => part.kind === "call") && !(first?.kind === "reasoning" && first.signature !== null)
}

function writeChoice(body: JsonObject, form: FormRequest): void {
  const { toolChoice: choice, parallelCalls, tools } = form
  if (tools.length === 0) return
  const alone: JsonObject =
    parallelCalls === false && choice?.mode !== "none" ? { disable_parallel_tool_use: true } : {}
  const written = choice ? choiceOf(choice) : null
  if (written) body["tool_choice"] = { ...written, ...alone }
  else if (parallelCalls === false) body["tool_choice"] = { type: "auto", ...alone }
}

function choiceOf(choice: ToolChoice): JsonObject {
  if (choice.mode !== "some") return { type: choice.mode === "required" ? "any" : choice.mode }
  if (choice.names.length === 1 && choice.required) return { type: "tool", name: choice.names[0]! }
  return { type: choice.required ? "any" : "auto" }
}

function writeTurn({ role, parts }: Turn, losses: Losses): JsonObject[] {
  const content = parts.flatMap((part) => writePart(part, losses))
  return content.length > 0 ? [{ role, content }] : []
}

function writePart(part: Part, losses: Losses): JsonObject[] {
  switch (part.kind) {
    case "text":
      return [writeText(part)]
    case "refusal":
      return [{ type: "text", text: part.text }]
    case "reasoning": {
      const block = writeReasoning(part)
      return block ? [block] : []
    }
    case "call":
      return [writeCall(part)]
    case "result":
      return [writeResult(part, losses)]
    case "opaque":
      return [part.raw as JsonObject]
    case "media": {
      const block = writeMedia(part)
      if (block) return [block]
      losses.note(part.type)
      return [{ type: "text", text: `[${part.type} that cannot be shown here]` }]
    }
  }
}

function writeText({ text, cache }: TextPart): JsonObject {
  return cache ? { type: "text", text, cache_control: writeCache(cache) } : { type: "text", text }
}

function writeResult(part: ResultPart, losses: Losses): JsonObject {
  const content = part.parts
    .filter((inner) => inner.kind !== "text" || inner.text.trim() !== "")
    .flatMap((inner) => writePart(inner, losses))
  const block: JsonObject = { type: "tool_result", tool_use_id: safeCallId(part.callId), content }
  if (content.length === 1 && content[0]!["type"] === "text" && !content[0]!["cache_control"])
    block["content"] = content[0]!["text"]!
  if (part.isError) block["is_error"] = true
  if (part.cache) block["cache_control"] = writeCache(part.cache)
  return block
}

function writeTool(tool: Tool): JsonObject {
  if (tool.kind === "hosted") return tool.raw
  const { name, description, schema, cache }: FunctionTool = tool
  return {
    name,
    ...(description !== null && { description }),
    input_schema: objectSchema(schema),
    ...(cache && { cache_control: writeCache(cache) }),
  }
}

/** "A maximum of 4 blocks with cache_control may be provided": the last ones save most. */
function keepFourMarks(body: JsonObject): void {
  const marked: JsonObject[] = []
  const look = (value: Json | undefined): void => {
    if (Array.isArray(value)) for (const one of value) look(one)
    else if (typeof value === "object" && value !== null) {
      if (value["cache_control"]) marked.push(value)
      look(value["content"])
    }
  }
  for (const part of [body["tools"], body["system"], body["messages"]]) look(part)
  for (const one of marked.slice(0, -4)) delete one["cache_control"]
}
