/** `model_list` as deployments: credentials and defaults filled in, wildcards spread over providers, ids and weights given. */

import type { Deployment } from "../settings.ts"
import { deploy, type Surroundings } from "./deployment.ts"
import { asWritten } from "./masked.ts"
import { didYouMean } from "./did-you-mean.ts"
import { MODEL_NAMES, PROVIDERS } from "./providers.ts"
import { validate } from "./validate.ts"
import { Credential, ModelEntry } from "./schema.ts"
import { find, textAt, type MapTree, type Report, type Tree } from "./tree.ts"

interface Candidate {
  deployment: Omit<Deployment, "id" | "weight" | "order">
  entry: ModelEntry
  tree: Tree
}

/** Every usable deployment in the file's order. Bad entries are reported and left out. */
export function readModels(root: MapTree, around: Surroundings): Deployment[] {
  const { report } = around
  const list = root.entries.get("model_list")
  if (list?.kind !== "list") {
    const blank = !list || (list.kind === "scalar" && list.value === null)
    report(
      blank ? "warning" : "error",
      list ?? root,
      blank ? "no `model_list`: there is no model to ask" : "must be a list of models",
    )
    return []
  }
  const credentials = readCredentials(root, report)
  const defaults = find(root, "router_settings", "default_litellm_params")
  const candidates = list.items.flatMap((tree) => readEntry(tree, credentials, defaults, around))
  return weigh(candidates, report)
}

function readEntry(
  tree: Tree,
  credentials: Map<string, Tree>,
  defaults: Tree | undefined,
  around: Surroundings,
): Candidate[] {
  const { report } = around
  const full = fillIn(tree, credentials, defaults, report)
  if (!full) return []
  const entry = validate(ModelEntry, full, report)
  const params = find(full, "litellm_params")
  // An address or key that cannot be read must not fall back to the provider's own.
  const spoilt = ["api_base", "base_url", "api_key", "custom_llm_provider"].some((name) => {
    const node = find(params, name)
    return (
      node &&
      !(node.kind === "scalar" && (node.unset || node.value === null)) &&
      entry &&
      !Object.hasOwn(entry.litellm_params, name)
    )
  })
  if (!entry || spoilt) return []
  return spread(entry, tree, around).flatMap((one) => {
    const deployment = deploy(one, full, around)
    return deployment ? [{ deployment, entry: one, tree: full }] : []
  })
}

/** The entry with what `litellm_credential_name` and `default_litellm_params` stand for; what it says itself wins. */
function fillIn(tree: Tree, credentials: Map<string, Tree>, defaults: Tree | undefined, report: Report): Tree | null {
  const params = find(tree, "litellm_params")
  if (tree.kind !== "map" || params?.kind !== "map") return tree
  const name = textAt(params, "litellm_credential_name")
  const credential = name === undefined ? undefined : credentials.get(name)
  if (name !== undefined && !credential) {
    const at = find(params, "litellm_credential_name") ?? params
    report(
      "error",
      at,
      `no such credential in \`credential_list\`${didYouMean(name, credentials.keys())}: this entry is left out`,
    )
    return null
  }
  const entries = new Map(params.entries)
  for (const more of [credential, defaults])
    if (more?.kind === "map") for (const [key, value] of more.entries) if (!entries.has(key)) entries.set(key, value)
  return { ...tree, entries: new Map(tree.entries).set("litellm_params", { ...params, entries }) }
}

function readCredentials(root: MapTree, report: Report): Map<string, Tree> {
  const list = root.entries.get("credential_list")
  const credentials = new Map<string, Tree>()
  if (list && list.kind !== "list") report("error", list, "must be a list of credentials")
  for (const tree of list?.kind === "list" ? list.items : []) {
    const name = validate(Credential, withoutValues(tree), report)?.credential_name
    const values = find(tree, "credential_values")
    if (name !== undefined && credentials.has(name))
      report("warning", tree, "a credential of this name stands above: this one counts")
    if (name !== undefined && values) credentials.set(name, values)
  }
  return credentials
}

/** The values' variables are told of where an entry uses them. */
function withoutValues(tree: Tree): Tree {
  const values = find(tree, "credential_values")
  if (tree.kind !== "map" || values?.kind !== "map") return tree
  return { ...tree, entries: new Map(tree.entries).set("credential_values", { ...values, entries: new Map() }) }
}

/** One entry for each organization of a list, and for each provider that `model: "*"` can mean here. */
function spread(entry: ModelEntry, tree: Tree, around: Surroundings): ModelEntry[] {
  const params = entry.litellm_params
  if (Array.isArray(params.organization))
    return params.organization.map((organization) => ({ ...entry, litellm_params: { ...params, organization } }))
  if (
    params.model !== "*" ||
    (params.api_base ?? params.base_url ?? params.mock_response ?? params.custom_llm_provider)
  )
    return [entry]

  const at = find(tree, "litellm_params", "model") ?? tree
  const ready = PROVIDERS.filter((p) => p.base !== null && p.keyVariables.some((name) => around.env[name]?.trim()))
  if (params.api_key !== undefined || entry.model_name.split("*").length !== 2 || ready.length === 0) {
    const why = ready.length === 0 ? "no provider's key is in the environment" : "which provider is meant is not clear"
    around.report("error", at, `${why}: write \`provider/*\`; this entry is left out`)
    return []
  }
  return ready.flatMap((p) => {
    const names = MODEL_NAMES.flatMap(([pattern, provider]) => (provider === p.id ? [pattern] : []))
    const rows = [[`${p.id}/*`, "*"] as const, ...names.map((name) => [name, name] as const)]
    return rows.map(([name, model]) => ({
      ...entry,
      model_name: entry.model_name.replace("*", () => name),
      litellm_params: { ...params, model: `${p.id}/${model}` },
    }))
  })
}

/** Ids, orders and weights, which depend on an entry's neighbours. */
function weigh(candidates: Candidate[], report: Report): Deployment[] {
  const byId = new Map<string, Candidate[]>()
  const groups = Map.groupBy(candidates, (c) => c.deployment.name)
  const result: Deployment[] = []
  for (const candidate of candidates) {
    const { deployment, entry, tree } = candidate
    const id = entry.model_info?.id ?? digest(deployment, tree)
    const same = byId.get(id) ?? []
    const others = same.filter((c) => c.tree !== tree)
    byId.set(id, [...same, candidate])
    if (entry.model_info?.id && others.length > 0) {
      report("error", find(tree, "model_info", "id") ?? tree, "another model has this id: this entry is left out")
      continue
    }
    // Entries alike but for their keys are accounts of one provider; alike in everything, one is superfluous.
    const twin = others.find((c) => c.deployment.key?.reveal() === deployment.key?.reveal())
    if (twin) report("warning", tree, `says the same as the entry in line ${twin.tree.line}`)
    result.push({
      ...deployment,
      id: same.length > 0 ? `${id}-${same.length + 1}` : id,
      order: entry.litellm_params.order ?? Number.MAX_SAFE_INTEGER,
      weight: weight(entry, groups.get(deployment.name) ?? []),
    })
  }
  return result
}

/** As LiteLLM's simple-shuffle: by `weight` if the group's first entry has one, else its `rpm`, else its `tpm`, else evenly. */
function weight(entry: ModelEntry, group: Candidate[]): number {
  const of = (e: ModelEntry) => ({
    weight: e.litellm_params.weight,
    rpm: e.litellm_params.rpm ?? e.rpm,
    tpm: e.litellm_params.tpm ?? e.tpm,
  })
  const first = group[0] && of(group[0].entry)
  if (!first) return 1
  const by =
    first.weight !== undefined ? "weight" : first.rpm !== undefined ? "rpm" : first.tpm !== undefined ? "tpm" : null
  return by === null ? 1 : (of(entry)[by] ?? 0)
}

/** Stable across restarts, and nothing of a key in it. */
function digest(deployment: Candidate["deployment"], tree: Tree): string {
  const text = JSON.stringify([
    deployment.name,
    deployment.provider,
    deployment.model,
    deployment.headers["openai-organization"],
    asWritten(tree),
  ])
  return new Bun.CryptoHasher("sha256").update(text).digest("hex").slice(0, 16)
}
