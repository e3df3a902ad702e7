/** Which provider and model an entry of `model_list` means. Its address and key are found elsewhere. */
import type { Dialect } from "../exchange.ts"
import { didYouMean } from "./did-you-mean.ts"
import {
  findProvider,
  inferProvider,
  providerAt,
  providerNames,
  UNSUPPORTED_PROVIDERS,
  type ProviderRow,
} from "./providers.ts"
import type { ModelEntry } from "./schema.ts"
import type { Place, Report } from "./tree.ts"

type Params = ModelEntry["litellm_params"]

/** What a model entry asks for: a provider, and the name of the model there. */
interface Target {
  row: ProviderRow
  model: string
  /** written `provider/responses/NAME` */
  responses: boolean
}

/** What `provider/model`, `custom_llm_provider` or the name alone mean; an unknown or unsupported provider is reported. */
export function chooseProvider(params: Params, at: Place, report: Report): Target | null {
  const written = params.model
  const slash = written.indexOf("/")
  const prefix = params.custom_llm_provider ?? (slash > 0 ? written.slice(0, slash) : null)
  const named = prefix === null ? inferProvider(written) : findProvider(prefix)
  const row = named ? inCloud(named, prefix, params) : providerAt(params.api_base ?? params.base_url ?? "")
  const rest = named && prefix !== null && written.startsWith(`${prefix}/`) ? written.slice(prefix.length + 1) : written
  if (row && rest !== "") {
    const responses = rest.startsWith("responses/")
    return { row, model: responses ? rest.slice("responses/".length) : rest, responses }
  }
  if (written === "*" && (params.api_base ?? params.base_url))
    return { row: findProvider("custom_openai")!, model: "*", responses: false }
  if (params.mock_response !== undefined) return { row: findProvider("openai")!, model: written, responses: false }
  report("error", at, row ? "no model's name after the provider: this entry is left out" : whyUnknown(prefix, params))
  return null
}

/** Gemini and Claude without a provider, in a project of Google's cloud. */
function inCloud(row: ProviderRow, prefix: string | null, params: Params): ProviderRow {
  const { vertex_project, vertex_location, vertex_credentials } = params
  const isPlaced = prefix === null && (vertex_project ?? vertex_location ?? vertex_credentials) !== undefined
  return isPlaced && /^(gemini|anthropic)$/.test(row.id) ? findProvider("vertex_ai")! : row
}

function whyUnknown(prefix: string | null, params: Params): string {
  const end = ": this entry is left out"
  if (prefix === null) return `no provider: write \`provider/model\`, such as \`openai/…\` or \`anthropic/…\`${end}`
  if (UNSUPPORTED_PROVIDERS.has(prefix.toLowerCase()))
    return `the provider \`${prefix}\` is not supported${end}; one with an OpenAI-compatible address works as \`openai/…\` with \`api_base\``
  const hint = didYouMean(prefix, providerNames())
  const compatible =
    (params.api_base ?? params.base_url) && !hint
      ? "; for an OpenAI-compatible address write `openai/` before the whole name"
      : ""
  return `unknown provider before the first \`/\`${hint}${compatible}${end}`
}

/** Which dialects are spoken at an address. `mode`: `model_info.mode` */
export function spoken({ row, responses }: Target, mode: string | undefined, base: string): readonly Dialect[] {
  if (!row.speaks.includes("openai-chat")) return row.speaks
  if (responses || mode === "responses") return ["openai-responses"]
  if (mode === "both") return ["openai-chat", "openai-responses"]
  return base === row.base ? row.speaks : ["openai-chat"]
}
