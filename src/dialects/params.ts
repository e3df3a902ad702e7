/** Parameters a config sets or drops, put where each dialect wants them. Their values are not translated. */

import type { Dialect, Json, JsonObject } from "../exchange.ts"
import { type Plan, planInside } from "./plan.ts"
import type { Asked } from "./request.ts"
import { lastMember } from "../json/scan.ts"

/** LiteLLM's configs name parameters OpenAI's way; what is not listed stays as it is written. */
const PLACES: Readonly<Record<Dialect, ReadonlyMap<string, string>>> = {
  "openai-chat": new Map(),
  "openai-responses": new Map([
    ["max_tokens", "max_output_tokens"],
    ["max_completion_tokens", "max_output_tokens"],
  ]),
  anthropic: new Map([
    ["max_completion_tokens", "max_tokens"],
    ["stop", "stop_sequences"],
  ]),
  gemini: new Map([
    ["temperature", "generationConfig.temperature"],
    ["top_p", "generationConfig.topP"],
    ["top_k", "generationConfig.topK"],
    ["max_tokens", "generationConfig.maxOutputTokens"],
    ["max_completion_tokens", "generationConfig.maxOutputTokens"],
    ["stop", "generationConfig.stopSequences"],
    ["seed", "generationConfig.seed"],
    ["presence_penalty", "generationConfig.presencePenalty"],
    ["frequency_penalty", "generationConfig.frequencyPenalty"],
    ["safety_settings", "safetySettings"],
  ]),
}

/** Two names of one thing on the Chat route; OpenAI refuses both together. */
const SYNONYMS: ReadonlyMap<string, string> = new Map([
  ["max_tokens", "max_completion_tokens"],
  ["max_completion_tokens", "max_tokens"],
])

/** No config's business: which model is asked is the route's, whether it streams the client's. */
const NOT_PARAMS: ReadonlySet<string> = new Set(["model", "stream", "messages"])

/** Where a parameter stands: the keys that lead to it. `name` is a name or a path, in LiteLLM's words. */
export const paramPath = (dialect: Dialect, name: string): string[] =>
  (PLACES[dialect].get(name) ?? name).match(/[^.[\]]+/g) ?? []

/** `path` is a name or, as in LiteLLM's `additional_drop_params`, `tools[*].input_examples`. */
export function dropParam(plan: Plan, dialect: Dialect, path: string): void {
  const keys = paramPath(dialect, path)
  const last = keys.at(-1)
  if (last === undefined || (keys.length === 1 && NOT_PARAMS.has(last))) return
  planInside(plan, ...keys.slice(0, -1)).drop.add(last)
}

/** Only where the client has not set it, under whatever name. */
export function addParams(plan: Plan, asked: Asked, params: Readonly<JsonObject>): void {
  const { dialect } = asked.endpoint
  for (const [name, value] of Object.entries(params)) {
    const place = PLACES[dialect].get(name) ?? name
    if (NOT_PARAMS.has(place)) continue
    const synonym = dialect === "openai-chat" ? SYNONYMS.get(name) : undefined
    if (synonym && !plan.drop.has(synonym) && lastMember(asked.members, synonym)) continue
    const isList = place.endsWith("stop_sequences") || place.endsWith("stopSequences")
    addParam(plan, asked, place, isList && typeof value === "string" ? [value] : value)
  }
}

function addParam(plan: Plan, asked: Asked, place: string, value: Json): void {
  const [outer = place, inner] = place.split(".")
  if (plan.drop.has(outer)) return
  if (inner === undefined) {
    plan.add.set(outer, value)
    return
  }
  if (plan.inside.get(outer)?.drop.has(inner)) return
  if (lastMember(asked.members, outer)) planInside(plan, outer).add.set(inner, value)
  else plan.add.set(outer, { ...asObject(plan.add.get(outer)), [inner]: value })
}

/** The object a value is; nothing for any other. */
export function asObject(value: Json | undefined): JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? value : {}
}
