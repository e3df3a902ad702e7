/** The lists of models in the shape each API's clients expect. Which models there are, and who may see them, is not decided here. */

import type { HeaderFields, JsonObject } from "../exchange.ts"
import { invalid } from "./fields.ts"

export interface ListedModel {
  /** the public name */
  id: string
  /** seconds since 1970 */
  created: number
  ownedBy: string
  displayName?: string
  /** tokens */
  inputLimit?: number
  outputLimit?: number
}

type ModelListShape = "openai" | "anthropic" | "gemini"

/** All three ask `GET /v1/models`; the SDKs of Anthropic and Google name themselves in a header. */
export function modelListShape(path: string, headers: HeaderFields): ModelListShape {
  if (/^\/v1(?:alpha|beta)\//.test(path)) return "gemini"
  if (headers.has("anthropic-version")) return "anthropic"
  return headers.has("x-goog-api-key") ? "gemini" : "openai"
}

/** `query` pages the list as the API does: Anthropic's `limit`, `after_id`, `before_id`; Gemini's `pageSize`, `pageToken`. */
export function renderModels(
  shape: ModelListShape,
  models: readonly ListedModel[],
  query: URLSearchParams,
): JsonObject {
  if (shape === "anthropic") return anthropicPage(models, query)
  if (shape === "gemini") return geminiPage(models, query)
  const list = { object: "list", data: models.map((model) => renderModel("openai", model)) }
  // Codex reads `models`, which are settings of its own; it says its version where it asks
  return query.has("client_version") ? { ...list, models: [] } : list
}

export function renderModel(shape: ModelListShape, model: ListedModel): JsonObject {
  const { id, created, ownedBy, inputLimit, outputLimit } = model
  const displayName = model.displayName ?? id
  if (shape === "anthropic") {
    return {
      type: "model",
      id,
      display_name: displayName,
      created_at: new Date(created * 1000).toISOString().replace(".000Z", "Z"),
      ...(inputLimit !== undefined && { max_input_tokens: inputLimit }),
      ...(outputLimit !== undefined && { max_tokens: outputLimit }),
    }
  }
  if (shape === "openai") return { id, object: "model", created, owned_by: ownedBy }
  return {
    name: `models/${id}`,
    version: "001",
    displayName,
    ...(inputLimit !== undefined && { inputTokenLimit: inputLimit }),
    ...(outputLimit !== undefined && { outputTokenLimit: outputLimit }),
    supportedGenerationMethods: ["generateContent", "streamGenerateContent", "countTokens"],
  }
}

/** https://docs.anthropic.com/en/api/models-list */
function anthropicPage(models: readonly ListedModel[], query: URLSearchParams): JsonObject {
  const limit = readSize(query, "limit", 20)
  const after = query.get("after_id")
  const before = query.get("before_id")
  let start = after === null ? 0 : positionOf(models, after, "after_id") + 1
  let end = Math.min(models.length, start + limit)
  if (before !== null) {
    end = positionOf(models, before, "before_id")
    start = Math.max(0, end - limit)
  }
  const data = models.slice(start, end).map((model) => renderModel("anthropic", model))
  return {
    data,
    has_more: before === null ? end < models.length : start > 0,
    first_id: data[0]?.id ?? null,
    last_id: data.at(-1)?.id ?? null,
  }
}

/** https://ai.google.dev/api/models#method:-models.list; our token is the place where the next page begins. */
function geminiPage(models: readonly ListedModel[], query: URLSearchParams): JsonObject {
  const size = readSize(query, "pageSize", 50)
  const token = query.get("pageToken") ?? ""
  if (!/^\d{0,9}$/.test(token)) throw invalid("pageToken", "is not one that this list gave out")
  const end = Number(token) + size
  const page = models.slice(Number(token), end).map((model) => renderModel("gemini", model))
  return end < models.length ? { models: page, nextPageToken: String(end) } : { models: page }
}

function readSize(query: URLSearchParams, name: string, standard: number): number {
  const written = query.get(name)
  if (written === null || written === "") return standard
  const size = Number(written)
  if (!Number.isInteger(size) || size < 0) throw invalid(name, "must be a whole number from 1 to 1000")
  return size === 0 ? standard : Math.min(size, 1000)
}

function positionOf(models: readonly ListedModel[], id: string, name: string): number {
  const at = models.findIndex((model) => model.id === id)
  if (at < 0) throw invalid(name, "is no model of this list")
  return at
}
