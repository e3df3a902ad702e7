/** The Response object around an answer's items: everything that recent clients' schemas ask for, with what the client asked repeated. */
import type { Json, JsonObject, Usage } from "../../exchange.ts"
import type { FinishReason, Reception } from "../form.ts"
import { objectsOf } from "../fields.ts"
import { writeUsage } from "./usage.ts"

/** Members repeated from the request, and what they are where it does not say. https://www.openresponses.org demands all of them. */
const REPEATED: readonly (readonly [name: string, standard: Json])[] = [
  ["instructions", null],
  ["max_output_tokens", null],
  ["max_tool_calls", null],
  ["parallel_tool_calls", true],
  ["previous_response_id", null],
  ["prompt_cache_key", null],
  ["safety_identifier", null],
  ["temperature", 1],
  ["tool_choice", "auto"],
  ["top_logprobs", 0],
  ["top_p", 1],
  ["truncation", "disabled"],
  ["metadata", {}],
  ["presence_penalty", 0],
  ["frequency_penalty", 0],
  ["user", null],
]

export interface Ending {
  finish: FinishReason
  usage: Usage | null
}

/** `ending` null: still in progress. */
export function responseOf(
  id: string | null,
  model: string | null,
  tier: string | null,
  output: JsonObject[],
  ending: Ending | null,
  to: Reception,
): JsonObject {
  const why = ending && !(ending.finish === "refusal" && hasRefusal(output)) && INCOMPLETE[ending.finish]
  const status = ending === null ? "in_progress" : why ? "incomplete" : "completed"
  return {
    id: id?.startsWith("resp_") ? id : `resp_${to.id.replaceAll("-", "")}`,
    object: "response",
    created_at: to.created,
    completed_at: status === "completed" ? to.created : null,
    status,
    background: false,
    error: null,
    incomplete_details: why ? { reason: why } : null,
    model: model ?? to.model,
    output,
    ...repeated(to.body),
    service_tier: tier ?? "default",
    usage: ending?.usage ? writeUsage(ending.usage) : null,
  }
}

/** A refusal in words is a complete answer here. */
const hasRefusal = (output: readonly JsonObject[]) =>
  output.some(({ content }) => Array.isArray(content) && objectsOf(content).some(({ type }) => type === "refusal"))

const INCOMPLETE: Readonly<Partial<Record<FinishReason, string>>> = {
  length: "max_output_tokens",
  context: "max_output_tokens",
  pause: "max_output_tokens",
  filtered: "content_filter",
  refusal: "content_filter",
}

function repeated(body: JsonObject): JsonObject {
  const said: JsonObject = {}
  for (const [name, standard] of REPEATED) said[name] = body[name] ?? standard
  const { reasoning, text, tools } = body
  return {
    ...said,
    reasoning: { effort: null, summary: null, ...(reasoning as JsonObject | undefined) },
    text: { format: { type: "text" }, ...(text as JsonObject | undefined) },
    tools: Array.isArray(tools) ? tools.map(complete) : [],
    store: false,
  }
}

/** "strict" and "description" may be left out of a request, and not of a response. */
const complete = (tool: Json): Json =>
  typeof tool === "object" && tool !== null && !Array.isArray(tool) && tool["type"] === "function"
    ? { description: null, strict: true, ...tool }
    : tool
