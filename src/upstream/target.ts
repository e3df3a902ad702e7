/** Which URL a call goes to. Pure; it knows the habits in which people write `api_base`, and no provider's name but Azure's. */
import { cloudTarget } from "./cloud-target.ts"
import { type Dialect, type Operation, Refusal } from "../exchange.ts"
import type { Deployment } from "../settings.ts"

export interface Call {
  /** the one spoken upstream */
  dialect: Dialect
  operation: Operation
  /** the provider's name for it */
  model: string
  stream: boolean
  /** many texts in one call of Gemini's */
  batch?: boolean
  /** of a Gemini client's own path, `v1` or `v1beta` */
  version: string | null
  /** the client's, with its `?`, or "" */
  query: string
  /** of a pass-through: the path after the provider's prefix, with its `/` */
  rest?: string
}

/** @throws Refusal 400 where the client's part of the path would leave the deployment's base */
export function target(deployment: Deployment, call: Call): string {
  const [base = "", baseQuery = ""] = deployment.base.split("?", 2)
  const root = base.replace(/\/+$/, "")
  const query = forwardedQuery(call.query)
  if (baseQuery !== "") query.unshift(baseQuery)
  let url: string
  if (call.operation === "passthrough") url = passthroughUrl(root, call.rest ?? "")
  else if (deployment.cloud) url = cloudTarget(root, deployment.cloud, call)
  else if (deployment.provider === "azure") url = azureUrl(root, deployment, call, query)
  else if (call.dialect === "anthropic") url = anthropicUrl(root, call)
  else if (call.dialect === "gemini") url = geminiUrl(root, call)
  else url = root.replace(OPENAI_PATHS, "") + openaiPath(call)
  return query.length === 0 ? url : `${url}?${query.join("&")}`
}

/** Full endpoint URLs that people paste as `api_base`. */
const OPENAI_PATHS = /\/(chat\/completions|responses|embeddings|completions)$/

function openaiPath(call: Call): string {
  if (call.operation === "embeddings") return "/embeddings"
  if (call.operation === "completions") return "/completions"
  if (call.dialect !== "openai-responses") return "/chat/completions"
  if (call.operation === "compact") return "/responses/compact"
  return call.operation === "count_tokens" ? "/responses/input_tokens" : "/responses"
}

/** LiteLLM's Anthropic `api_base` is the root; `…/v1` and `…/v1/messages` are seen too. */
function anthropicUrl(root: string, call: Call): string {
  const bare = root.replace(/\/messages$/, "")
  const messages = `${bare}${endsInVersion(bare) ? "" : "/v1"}/messages`
  return call.operation === "count_tokens" ? `${messages}/count_tokens` : messages
}

function geminiUrl(root: string, call: Call): string {
  const bare = root.replace(/\/models$/, "")
  const versioned = endsInVersion(bare) ? bare : `${bare}/${call.version ?? "v1beta"}`
  return `${versioned}/${geminiModel(call.model)}:${geminiMethod(call)}`
}

function geminiMethod({ operation, stream, batch }: Call): string {
  if (operation === "count_tokens") return "countTokens"
  if (operation === "embeddings") return batch ? "batchEmbedContents" : "embedContent"
  return stream ? "streamGenerateContent" : "generateContent"
}

/** `tunedModels/x` and `models/x` are resource names already. */
function geminiModel(model: string): string {
  const [, collection, name] = /^(models|tunedModels)\/([^/]+)$/.exec(model) ?? ["", "models", model]
  return `${collection}/${segment(name!)}`
}

/** LiteLLM's `AZURE_DEFAULT_API_VERSION` */
const AZURE_VERSION = "2025-02-01-preview"

/**
 * https://learn.microsoft.com/azure/ai-foundry/openai/reference: one path per deployment and a dated `api-version`,
 * or since August 2025 `/openai/v1`, where the model stays in the body and the version is optional.
 */
function azureUrl(root: string, deployment: Deployment, call: Call, query: string[]): string {
  const version = deployment.apiVersion ?? queryValue(call.query, "api-version")
  const bare = root.replace(OPENAI_PATHS, "")
  const next = version === "v1" || version === "latest" || version === "preview"
  const noDates = version === null && call.dialect === "openai-responses"
  if (bare.endsWith("/openai/v1") || next || noDates) {
    if (version !== null && version !== "v1" && version !== "latest")
      query.push(`api-version=${encodeURIComponent(version)}`)
    return `${bare.replace(/\/openai(\/v1)?$/, "")}/openai/v1${openaiPath(call)}`
  }
  query.push(`api-version=${encodeURIComponent(version ?? AZURE_VERSION)}`)
  const resource = bare.replace(/\/openai$/, "")
  if (call.dialect === "openai-responses")
    return `${resource.replace(/\/openai\/deployments\/[^/]+$/, "")}/openai${openaiPath(call)}`
  if (/\/openai\/deployments\/[^/]+$/.test(resource)) return resource + openaiPath(call)
  return `${resource}/openai/deployments/${segment(call.model)}${openaiPath(call)}`
}

const DOT_SEGMENT = /(^|\/)(\.|%2e){1,2}(\/|;|$)/i
const NOT_PATH = /[^!$&'()*+,\-./0-9:;=@A-Z_a-z~%]|%(?![0-9a-f]{2})|%(00|0a|0d|2f|5c)/i

/** A version in both the base and the path is one version: the client's. */
function passthroughUrl(root: string, rest: string): string {
  if (DOT_SEGMENT.test(rest) || NOT_PATH.test(rest) || rest.startsWith("//")) {
    throw new Refusal(
      400,
      "invalid_request",
      "This path cannot be passed through: it holds '..' or characters a path may not have.",
      { code: "bad_path" },
    )
  }
  const path = rest === "" || rest.startsWith("/") ? rest : `/${rest}`
  return (/^\/v\d+\w*(\/|$)/.test(path) && endsInVersion(root) ? root.replace(/\/v\d+\w*$/, "") : root) + path
}

function endsInVersion(root: string): boolean {
  return /\/v\d+\w*$/.test(root)
}

function segment(name: string): string {
  if (/^\.{0,2}$/.test(name))
    throw new Refusal(400, "invalid_request", "This is not a model's name.", {
      code: "model_not_found",
      param: "model",
    })
  return encodeURIComponent(name).replaceAll("%3A", ":").replaceAll("%40", "@")
}

/** The client's parameters as written, without its key for us (`key=`) and the API version of the path it came by. */
function forwardedQuery(query: string): string[] {
  if (query.length < 2) return []
  return query
    .slice(1)
    .split("&")
    .filter((part) => part !== "" && !/^(key|api-version)$/.test(parameterName(part)))
}

function queryValue(query: string, name: string): string | null {
  return new URLSearchParams(query).get(name)
}

function parameterName(part: string): string {
  return new URLSearchParams(part).keys().next().value ?? ""
}
