/** Where a deployment is: `api_base`, the provider's own address, and the variables that an entry waits for. */
import type { ProviderRow } from "./providers.ts"
import { PARAMS_TOLD } from "./litellm-keys.ts"
import type { ModelEntry } from "./schema.ts"
import { find, type Report, scalars, type Tree } from "./tree.ts"

type Params = ModelEntry["litellm_params"]

/** Stands where an address is unknown because its variable is not set: never to be reached, RFC 6761. */
export const NO_ADDRESS = "http://unset.invalid"

export interface Address {
  base: string
  /** not the provider's own */
  foreign: boolean
  apiVersion?: string
}

/** `api_base` as LiteLLM means it, without what people paste too much of; null if none is known or it cannot be used. */
export function findAddress(
  params: Params,
  row: ProviderRow,
  tree: Tree,
  { env, report }: { env: Readonly<Record<string, string | undefined>>; report: Report },
): Address | null {
  const at = find(tree, "api_base") ?? find(tree, "base_url") ?? tree
  const written = params.api_base ?? params.base_url ?? (row.baseVariable ? env[row.baseVariable]?.trim() : undefined)
  if (at.kind === "scalar" && at.unset) return null
  if (!written) {
    if (row.base !== null) return { base: row.base, foreign: false }
    if (params.mock_response === undefined && unsetVariable(tree) === null)
      report(
        "error",
        at,
        `\`${row.id}\` needs an \`api_base\`${row.baseVariable ? ` or the variable ${row.baseVariable}` : ""}: this entry is left out`,
      )
    return null
  }
  const url = URL.canParse(written) ? new URL(written) : null
  if (!url || !/^https?:$/.test(url.protocol) || url.username || url.password) {
    const why =
      url?.username || url?.password
        ? "must not hold a user and password: use `api_key`"
        : "must be an http:// or https:// address"
    report("error", at, `${why}: this entry is left out`)
    return null
  }
  const apiVersion = url.searchParams.get("api-version") ?? undefined
  const bare = written.replace(/[?#].*$/s, "").replace(/\/+$/, "")
  const cut = bare
    .replace(/\/(chat\/completions|completions|responses|embeddings|v1\/messages)$/, "")
    .replace(/\/openai\/deployments\/[^/]+$/, "")
  if (cut !== bare) report("warning", at, "an `api_base` ends before the operation's own path: that part is left out")
  const base = row.basePath && url.pathname.replace(/\/+$/, "") === "" ? cut + row.basePath : cut
  return {
    base,
    foreign: row.base !== null ? new URL(row.base).host !== url.host : false,
    ...(apiVersion ? { apiVersion } : {}),
  }
}

/** The first variable that this entry needs and the environment lacks; `api_key`'s before others. */
export function unsetVariable(params: Tree, except?: string): string | null {
  if (params.kind !== "map") return null
  const needed = [...params.entries]
    .filter(([name]) => name !== except && !Object.hasOwn(PARAMS_TOLD, name))
    .sort(([a], [b]) => Number(b === "api_key") - Number(a === "api_key"))
  for (const [, child] of needed) for (const node of scalars(child)) if (node.unset) return node.variable
  return null
}

/** Is it Supermemory's router? */
export function isRouter(base: string, routerBase: string): boolean {
  if (!URL.canParse(base) || !URL.canParse(routerBase)) return false
  const url = new URL(base)
  return url.host === new URL(routerBase).host && url.pathname.startsWith("/v3/")
}
