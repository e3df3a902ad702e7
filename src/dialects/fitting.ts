/**
 * A request's body made to fit what its provider and model take (`quirks.ts`): always where it was translated, and on same-dialect calls as far as LiteLLM's
 * `drop_params` (leave out what is refused) and `modify_params` (rename and rewrite) ask for it. https://docs.litellm.ai/docs/completion/drop_params
 */
import type { Dialect, JsonObject } from "../exchange.ts"
import type { Deployment } from "../settings.ts"
import { objectOf, objectsOf } from "./fields.ts"
import type { Change } from "./outgoing.ts"
import { paramPath } from "./params.ts"
import { PATCHES } from "./quirk-patches.ts"
import { type Quirk, QUIRKS, REASONING_BACK } from "./quirks.ts"
import type { Asked } from "./request.ts"

export interface Served {
  dialect: Dialect
  provider: string
  /** the provider's own name for it */
  model: string
}

interface Fit {
  /** names or paths to leave out */
  drop: string[]
  /** members to set; null: to leave out */
  put: JsonObject
  /** for the list of what did not get through, in the words of the provider's dialect */
  lost: string[]
}

/** What is known of a provider's model: its rows of the table. Most have none, so no body is looked at. */
export interface Habits {
  dialect: Dialect
  quirks: readonly Omit<Quirk, "dialect">[]
}

export function habitsOf({ dialect, provider, model }: Served): Habits {
  const quirks = QUIRKS[dialect].filter(
    (quirk) =>
      (!quirk.provider || quirk.provider.includes(provider)) &&
      (!quirk.model || (typeof quirk.model === "function" ? quirk.model(model) : quirk.model.test(model))),
  )
  return { dialect, quirks }
}

/** `allowed`: LiteLLM's `allowed_openai_params`, which are sent whatever the table says. */
function fit(
  body: JsonObject,
  { dialect, quirks }: Habits,
  allowed: readonly string[],
  does: Deployment["fitting"],
): Fit {
  const found: Fit = { drop: [], put: {}, lost: [] }
  let now = body
  const put = (members: JsonObject) => {
    Object.assign(found.put, members)
    now = { ...now, ...members }
  }
  for (const quirk of quirks) {
    if (quirk.when && !quirk.when(now)) continue
    for (const name of does.drops ? (quirk.drops ?? []) : [])
      if (!allowed.includes(name) && isThere(now, paramPath(dialect, name))) found.drop.push(name)
    if (!does.modifies) continue
    for (const [from, to] of quirk.renames ?? [])
      if (now[from] !== undefined && now[from] !== null)
        put(now[to] == null ? { [to]: now[from], [from]: null } : { [from]: null })
    if (quirk.efforts && !allowed.includes("reasoning_effort")) put(effortAmong(quirk.efforts, now))
    for (const name of quirk.patches ?? []) {
      const patched = PATCHES[name](now)
      if (patched) put(patched.put)
      found.lost.push(...(patched?.lost ?? []))
    }
  }
  found.lost.push(...found.drop)
  return found
}

const EFFORTS = ["none", "minimal", "low", "medium", "high", "xhigh", "max"]

/** The known word nearest to the one asked for. */
function effortAmong(known: readonly string[], { reasoning_effort: asked }: JsonObject): JsonObject {
  if (typeof asked !== "string" || known.includes(asked)) return {}
  if (known.includes("default")) return { reasoning_effort: "default" }
  const rank = (word: string) => EFFORTS.indexOf(word)
  if (rank(asked) < 0) return {}
  const nearest = known.toSorted((a, b) => Math.abs(rank(a) - rank(asked)) - Math.abs(rank(b) - rank(asked)))
  return { reasoning_effort: nearest[0]! }
}

function isThere(value: JsonObject, [first, ...rest]: readonly string[]): boolean {
  if (first === undefined) return true
  if (first === "*") return objectsOf(Object.values(value)).some((one) => isThere(one, rest))
  const inner = value[first]
  if (rest.length === 0) return inner !== undefined && inner !== null
  return typeof inner === "object" && inner !== null && isThere(inner as JsonObject, rest)
}

const EVERYTHING: Deployment["fitting"] = { drops: true, modifies: true, allowed: [] }

/**
 * Changes a translated body, tells what it left out, and gives the names that the config's own parameters must not bring back.
 * `asked` is the client's body: an allowed parameter that translation did not know is taken over from it as it is.
 */
export function fitBody(
  body: JsonObject,
  habits: Habits,
  allowed: readonly string[],
  asked: JsonObject,
  params: Readonly<JsonObject>,
): { drop: string[]; lost: string[] } {
  for (const name of allowed) if (body[name] === undefined && asked[name] !== undefined) body[name] = asked[name]
  const { drop, put, lost } = fit({ ...params, ...body }, habits, allowed, EVERYTHING)
  for (const [name, value] of Object.entries(put)) {
    if (value === null) delete body[name]
    else body[name] = value
  }
  for (const name of drop) remove(body, paramPath(habits.dialect, name))
  return { drop, lost }
}

function remove(value: JsonObject, [first, ...rest]: readonly string[]): void {
  if (first === undefined) return
  if (first === "*") for (const one of objectsOf(Object.values(value))) remove(one, rest)
  else if (rest.length === 0) delete value[first]
  else if (typeof value[first] === "object" && value[first] !== null) remove(value[first] as JsonObject, rest)
}

/** The edits of a same-dialect call. Most configs ask for none: then the body is not parsed. */
export function changeFor(asked: Asked, deployment: Deployment, model: string): Change {
  const { params, dropParams: drop, fitting, provider } = deployment
  const change: Change = { model, params, drop }
  const served = { dialect: asked.endpoint.dialect, provider, model }
  if (TELLS_USAGE_UNASKED.has(provider)) change.asksForUsage = false
  if (!(fitting.drops || fitting.modifies) || asked.endpoint.operation !== "generate") return change
  const body = parse(asked.text.toString())
  if (!body) return change
  const found = fit({ ...params, ...body }, habitsOf(served), fitting.allowed, fitting)
  const removed = Object.keys(found.put).filter((name) => found.put[name] === null)
  const put = Object.fromEntries(Object.entries(found.put).filter(([, value]) => value !== null))
  return { ...change, drop: [...drop, ...found.drop, ...removed], put }
}

/** Refuses `stream_options`, and tells usage in the last chunk anyway: https://docs.mistral.ai/api */
const TELLS_USAGE_UNASKED: ReadonlySet<string> = new Set(["mistral", "codestral"])

function parse(text: string): JsonObject | null {
  try {
    return objectOf(JSON.parse(text))
  } catch {
    return null // the provider answers for what is inside a body
  }
}

/** The member in which the provider wants an assistant's thinking back; null: it does not. */
export function reasoningMember({ provider, model }: Served): string | null {
  const row = REASONING_BACK.find((one) => one.provider.includes(provider) && (!one.model || one.model.test(model)))
  return row?.name ?? null
}
