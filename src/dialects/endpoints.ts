/** Which model route a path is. The provider's own APIs (`/openai/*` …) and everything that calls no model are not here. */

import type { Dialect, Operation } from "../exchange.ts"

export interface Endpoint {
  dialect: Dialect
  operation: Operation
  /** from the path (Azure style, engines, Gemini), decoded once; null: it is in the body */
  model: string | null
  /** Gemini says it in the path, a compaction never streams; null: it is in the body */
  stream: boolean | null
  /** the API version a Gemini path names (`v1beta`); null on every other route */
  version: string | null
  /** Gemini's `batchEmbedContents` */
  batch?: true
}

const OPENAI: Readonly<Record<string, readonly [Dialect, Operation]>> = {
  "chat/completions": ["openai-chat", "generate"],
  completions: ["openai-chat", "completions"],
  embeddings: ["openai-chat", "embeddings"],
  responses: ["openai-responses", "generate"],
  "responses/compact": ["openai-responses", "compact"],
  "responses/input_tokens": ["openai-responses", "count_tokens"],
  messages: ["anthropic", "generate"],
  "messages/count_tokens": ["anthropic", "count_tokens"],
}

/** What follows `/openai/deployments/{model}/` and `/engines/{model}/`, the longer suffix first. */
const MODEL_IN_PATH = ["chat/completions", "completions", "embeddings", "responses"] as const

const GEMINI: ReadonlyMap<string, readonly [Operation, boolean]> = new Map([
  ["generateContent", ["generate", false]],
  ["streamGenerateContent", ["generate", true]],
  ["countTokens", ["count_tokens", false]],
  ["embedContent", ["embeddings", false]],
  ["batchEmbedContents", ["embeddings", false]],
])

/** The common paths, found without looking at their parts. */
const EXACT_PATHS: ReadonlyMap<string, Endpoint> = new Map(
  Object.entries(OPENAI).flatMap(([path, [dialect, operation]]) => {
    const stream = operation === "compact" ? false : null
    const endpoint: Endpoint = Object.freeze({ dialect, operation, model: null, stream, version: null })
    return [[`/${path}`, endpoint] as const, [`/v1/${path}`, endpoint] as const]
  }),
)

const GEMINI_PATH = /^\/(?:(v1|v1beta|v1alpha)\/)?models\/(.+?)(?::|%3[aA])([A-Za-z]+)$/

/**
 * `path` is the request's path as it came, without prefixes of ours and without the query. A slash at its end says nothing.
 * Null: no model route, or one whose model could climb out of the URL it will be written into.
 */
export function matchEndpoint(method: string, path: string): Endpoint | null {
  if (method !== "POST") return null
  const exact = EXACT_PATHS.get(path)
  if (exact) return exact
  const bare = path.endsWith("/") ? path.slice(0, -1) : path
  return EXACT_PATHS.get(bare) ?? matchGemini(bare) ?? matchModelInPath(bare)
}

function matchGemini(path: string): Endpoint | null {
  const found = GEMINI_PATH.exec(path)
  const verb = found && GEMINI.get(found[3] ?? "")
  const model = found && decodeModel(found[2] ?? "")
  if (!found || !verb || !model) return null
  return {
    dialect: "gemini",
    operation: verb[0],
    model: stripModels(model),
    stream: verb[1],
    version: found[1] ?? null,
    ...(found[3] === "batchEmbedContents" && { batch: true }),
  }
}

function matchModelInPath(path: string): Endpoint | null {
  const found = /^(?:\/v1)?(?:\/openai\/deployments|\/engines)\/(.+)$/.exec(path)
  const rest = found?.[1]
  if (!rest) return null
  const suffix = MODEL_IN_PATH.find((each) => rest.endsWith(`/${each}`))
  const kind = suffix && OPENAI[suffix]
  if (!kind) return null
  const model = decodeModel(rest.slice(0, -suffix.length - 1))
  return model === null ? null : { dialect: kind[0], operation: kind[1], model, stream: null, version: null }
}

/** Google's ids are resource names: `models/gemini-2.5-pro` is `gemini-2.5-pro`. */
function stripModels(id: string): string {
  return id.startsWith("models/") && id.length > 7 ? id.slice(7) : id
}

/** Slashes are part of many ids (`meta-llama/llama-3`); empty or dotted segments, backslashes and control characters of none. */
function decodeModel(encoded: string): string | null {
  let model: string
  try {
    model = decodeURIComponent(encoded)
  } catch {
    return null // a stray % or bytes that are no UTF-8: no such model
  }
  // oxlint-disable-next-line no-control-regex -- control characters are what is refused
  if (/[\u0000-\u001f\u007f\\?#]/.test(model)) return null
  return model.split("/").some((segment) => segment === "" || segment === "." || segment === "..") ? null : model
}
