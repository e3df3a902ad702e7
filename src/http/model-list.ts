/** `GET /v1/models` and its relatives: the configured models, in the shape the caller's dialect expects. */
import type { App } from "../app.ts"
import { type ListedModel, modelListShape, renderModel, renderModels } from "../dialects/models.ts"
import { type Arrival, Refusal } from "../exchange.ts"
import type { Deployment } from "../settings.ts"

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

/** LiteLLM's `/model/info`: each deployment without its key. */
export function modelInfo(app: App) {
  const { deployments } = app.snapshot().config
  return {
    data: deployments.map((one) => ({
      model_name: one.name,
      litellm_params: { model: `${one.provider}/${one.model}`, api_base: one.base, custom_llm_provider: one.provider },
      model_info: {
        ...one.info,
        ...one.prices,
        id: one.id,
        db_model: false,
        speaks: one.speaks,
        missing_environment_variable: one.missing,
      },
    })),
  }
}
