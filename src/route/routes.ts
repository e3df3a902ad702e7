/**
 * Model name -> deployments, from one config snapshot. Semantics: LiteLLM's router (names, aliases, wildcards most specific first).
 * It does not call anybody.
 */
import { Refusal } from "../exchange.ts"
import type { Config, Deployment } from "../settings.ts"

export interface Choice {
  deployment: Deployment
  /** the provider's own name for the model, wildcards filled in */
  model: string
  /** the public name that was found: `x-litellm-model-group` */
  group: string
  /** from LiteLLM Memory Proxy's `name,feature` model strings: values for `anthropic-beta` */
  features: readonly string[]
}

export interface Routes {
  /**
   * @param serves whether a deployment can answer such a call @param random 0 to 1, picks among deployments of equal order
   * @param bringsKey the caller has a provider key of its own. @throws Refusal 404 unknown model, 503 not usable, 400 no deployment serves it
   */
  choose(model: string, serves: (one: Deployment) => boolean, random: number, bringsKey?: boolean): Choice
  /** public names for the model lists, hidden aliases left out */
  models(): readonly { name: string; deployment: Deployment }[]
}

interface Pattern {
  regex: RegExp
  group: string
}

/** `*` -> `(.*)`, anchored at the start only, as LiteLLM's pattern_match_deployments.py. */
function toPattern(group: string): Pattern {
  const source = group.split("*").map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"))
  return { regex: new RegExp(`^${source.join("(.*)")}`, "s"), group }
}

export function buildRoutes(config: Pick<Config, "deployments" | "aliases" | "completionModel">): Routes {
  const groups = new Map<string, Deployment[]>()
  for (const deployment of config.deployments) {
    const group = groups.get(deployment.name)
    if (group) group.push(deployment)
    else groups.set(deployment.name, [deployment])
  }
  const specificity = (name: string) => [name.length, name.replace(/[\w]/g, "").length] as const
  const patterns = [...groups.keys()]
    .filter((name) => name.includes("*"))
    .sort((a, b) => specificity(b)[0] - specificity(a)[0] || specificity(b)[1] - specificity(a)[1])
    .map(toPattern)

  const find = (model: string): { group: string; captures: readonly string[] } | null => {
    if (groups.has(model)) return { group: model, captures: NONE }
    const alias = config.aliases[model]
    if (alias && groups.has(alias.model)) return { group: alias.model, captures: NONE }
    for (const { regex, group } of patterns) {
      const match = regex.exec(model)
      if (match) return { group, captures: match.slice(1) }
    }
    return null
  }

  return {
    choose(asked, serves, random, bringsKey = false) {
      const { name, features } = splitFeatures(config.completionModel ?? asked, groups)
      const found = find(name) ?? find(withoutDate(name))
      if (!found) throw unknownModel(name, [...groups.keys()])
      const usable = groups.get(found.group)!
      const serving = those(usable, canServe, serves)
      if (serving.length === 0) throw notServed(name, usable[0]!)
      const ready = those(serving, isReady, bringsKey)
      if (ready.length === 0) throw missingVariable(name, serving[0]!)
      const deployment = pick(ready, random)
      return {
        deployment,
        model: fill(deployment.model, found.captures, name),
        group: groups.has(name) ? name : found.group,
        features,
      }
    },
    models() {
      const names = [...groups].map(([name, [deployment]]) => ({ name, deployment: deployment! }))
      const aliases = Object.entries(config.aliases)
        .filter(([name, alias]) => !alias.hidden && !groups.has(name) && groups.has(alias.model))
        .map(([name, alias]) => ({ name, deployment: groups.get(alias.model)![0]! }))
      return [...names, ...aliases].filter(({ name }) => !name.includes("*"))
    },
  }
}

const NONE: readonly string[] = []

/** Those that pass. Mostly all of them do: then there is no list to be made. */
function those<T, By>(list: readonly T[], passes: (one: T, by: By) => boolean, by: By): readonly T[] {
  for (const one of list) if (!passes(one, by)) return list.filter((one) => passes(one, by))
  return list
}

const canServe = (one: Deployment, serves: (one: Deployment) => boolean) => one.mock !== null || serves(one)

/** A model whose key is missing can still be called by someone who brings one. */
export const isReady = (one: Deployment, bringsKey: boolean) => one.missing === null || (one.lacksOnlyKey && bringsKey)

/** LiteLLM Memory Proxy's `claude-sonnet-4.5,context-1m-2025-08-07`: the name, then features for `anthropic-beta`. */
function splitFeatures(
  asked: string,
  groups: ReadonlyMap<string, unknown>,
): { name: string; features: readonly string[] } {
  if (!asked.includes(",") || groups.has(asked)) return { name: asked, features: NONE }
  const [name, ...features] = asked.split(",").map((part) => part.trim())
  return { name: name!, features: features.filter(Boolean) }
}

/** As in LiteLLM Memory Proxy: a name that ends in a valid YYYYMMDD also means the name without it. */
function withoutDate(name: string): string {
  const match = /^(.+)-(20\d{2})(0[1-9]|1[0-2])(0[1-9]|[12]\d|3[01])$/.exec(name)
  return match ? match[1]! : name
}

/** Captured segments go into the target's wildcards from left to right; with more captures than wildcards LiteLLM sends the name as asked. */
function fill(model: string, captures: readonly string[], asked: string): string {
  if (!model.includes("*")) return model
  const wildcards = model.split("*").length - 1
  if (captures.length > wildcards) return asked
  let next = 0
  return model.replace(/\*/g, () => captures[next++] ?? "")
}

/** LiteLLM's simple-shuffle: the lowest `order`, then by weight. */
function pick(deployments: readonly Deployment[], random: number): Deployment {
  if (deployments.length === 1) return deployments[0]!
  const order = Math.min(...deployments.map((one) => one.order))
  const first = deployments.filter((one) => one.order === order)
  let point = random * first.reduce((sum, one) => sum + one.weight, 0)
  return first.find((one) => (point -= one.weight) < 0) ?? first[first.length - 1]!
}

function unknownModel(model: string, names: readonly string[]): Refusal {
  const list = names.slice(0, 30).join(", ") + (names.length > 30 ? ", …" : "")
  return new Refusal(
    404,
    "not_found",
    `Model "${model.slice(0, 200)}" is not in the configuration. Available models: ${list || "none"}.`,
    { code: "model_not_found", param: "model" },
  )
}

/** The model is configured, but its key is not there. */
export function missingVariable(model: string, deployment: Deployment): Refusal {
  return new Refusal(
    503,
    "unavailable",
    `Model "${model}" needs the environment variable ${deployment.missing}, which is not set where memproxy runs.`,
    { code: "missing_environment_variable", param: "model" },
  )
}

function notServed(model: string, deployment: Deployment): Refusal {
  return new Refusal(
    400,
    "invalid_request",
    `Model "${model}" is served by ${deployment.provider}, which has no such call. Ask another model.`,
    { code: "operation_not_served", param: "model" },
  )
}
