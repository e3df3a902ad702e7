/** `GET /v1/models` and its relatives: the configured models, in the shape the caller's dialect expects, or in LiteLLM's. */
import type { App } from "../app.ts"
import { type ListedModel, modelListShape, renderModel, renderModels } from "../dialects/models.ts"
import { type Arrival, type JsonObject, Refusal } from "../exchange.ts"
import type { Deployment } from "../settings.ts"
import { priceKeysOf } from "./model-prices.ts"

export function listModels(arrival: Arrival, app: App) {
  return renderModels(modelListShape(arrival.path, arrival.headers), listed(app), new URLSearchParams(arrival.query))
}

export function showModel(arrival: Arrival, app: App) {
  const name = nameIn(arrival.path)
  const model = listed(app).find((one) => one.id === name)
  if (!model)
    throw new Refusal(404, "not_found", `Model "${name.slice(0, 200)}" is not in the configuration.`, {
      code: "model_not_found",
      param: "model",
    })
  return renderModel(modelListShape(arrival.path, arrival.headers), model)
}

function nameIn(path: string): string {
  const name = path.slice(path.indexOf("/models/") + "/models/".length)
  try {
    return decodeURIComponent(name)
  } catch {
    return name // not found then, which is what it is
  }
}

/** Nothing says when a configured model was made, so all carry one fixed date. */
const CREATED = Date.UTC(2025, 0, 1) / 1000

function listed(app: App): ListedModel[] {
  return app
    .snapshot()
    .routes.models()
    .map(({ name, deployment }) => ({
      id: name,
      created: CREATED,
      ownedBy: deployment.provider,
      inputLimit: numberIn(deployment, "max_input_tokens"),
      outputLimit: numberIn(deployment, "max_output_tokens"),
    }))
}

function numberIn(deployment: Deployment, key: string): number | undefined {
  const value = deployment.info[key]
  return typeof value === "number" ? value : undefined
}

/** LiteLLM's `/model/info`: each deployment without its key; `?litellm_model_id=ID` asks for one. */
export async function modelInfo(arrival: Arrival, app: App) {
  const id = new URLSearchParams(arrival.query).get("litellm_model_id")
  const found = app.snapshot().config.deployments.filter((one) => id === null || one.id === id)
  if (id !== null && found.length === 0)
    throw new Refusal(404, "not_found", `No deployment has the id "${id.slice(0, 200)}"; /model/info lists them.`, {
      code: "model_not_found",
      param: "litellm_model_id",
    })
  const told = async (one: Deployment) => ({
    model_name: one.name,
    litellm_params: { model: `${one.provider}/${one.model}`, api_base: one.base, custom_llm_provider: one.provider },
    model_info: {
      ...(await priceKeysOf(app, one)),
      ...one.info,
      id: one.id,
      db_model: false,
      key: one.model,
      litellm_provider: one.provider,
      speaks: one.speaks,
      missing_environment_variable: one.missing,
    },
  })
  return { data: await Promise.all(found.map(told)) }
}

const LIMITS = ["max_input_tokens", "max_output_tokens", "tpm", "rpm"] as const
const COSTS = ["input_cost_per_token", "output_cost_per_token"] as const
const ABILITIES = [
  "supports_parallel_function_calling",
  "supports_vision",
  "supports_web_search",
  "supports_url_context",
  "supports_reasoning",
  "supports_function_calling",
] as const

/**
 * LiteLLM's `/model_group/info`: what callers may ask for, a public name each; `?model_group=NAME` asks for one. Of several deployments the largest value counts, as
 * there. What neither the file's `model_info` nor the price table says is null, where LiteLLM writes false.
 */
export async function modelGroupInfo(arrival: Arrival, app: App) {
  const { config, routes } = app.snapshot()
  const asked = new URLSearchParams(arrival.query).get("model_group")
  const groups = routes.models().filter(({ name }) => asked === null || name === asked)
  const told = async ({ name, deployment }: { name: string; deployment: Deployment }) => {
    const group = config.deployments.filter((one) => one.name === deployment.name)
    const infos: JsonObject[] = []
    for (const one of group) infos.push({ ...(await priceKeysOf(app, one)), ...one.info })
    const largest = (key: string) => {
      const numbers = infos.map((info) => info[key]).filter((value) => typeof value === "number")
      return numbers.length > 0 ? Math.max(...numbers) : null
    }
    const ability = (key: string) => infos.map((info) => info[key]).find((value) => typeof value === "boolean") ?? null
    return {
      model_group: name,
      providers: [...new Set(group.map(({ provider }) => provider))],
      mode: infos.map(({ mode }) => mode).find((mode) => typeof mode === "string") ?? null,
      ...Object.fromEntries([...LIMITS, ...COSTS].map((key) => [key, largest(key)])),
      ...Object.fromEntries(ABILITIES.map((key) => [key, ability(key)])),
    }
  }
  return { data: await Promise.all(groups.map(told)) }
}
