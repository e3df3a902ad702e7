/** The request as an upstream of the same dialect gets it: the client's text with few edits. */

import type { JsonObject, Operation } from "../exchange.ts"
import type { Pieces } from "../json/pieces.ts"
import { addParams, asObject, dropParam } from "./params.ts"
import { emptyPlan, type Plan, planEdits, planInside, renameEdits } from "./plan.ts"
import type { Asked } from "./request.ts"
import { lastMember } from "../json/scan.ts"
import { type Edit, splice } from "./splice.ts"

export interface Change {
  /** the provider's own name for the model */
  model: string
  /** set where the client has not; named as LiteLLM names them, written where the dialect wants them */
  params: Readonly<JsonObject>
  /** names, or LiteLLM's paths: `tools[*].input_examples` */
  drop: readonly string[]
  /** set whatever the client says */
  put?: Readonly<JsonObject>
  /** false: a provider that tells its usage unasked, and refuses the question */
  asksForUsage?: boolean
}

interface Outgoing {
  body: Pieces
  /** we asked for usage and the client did not: that chunk is to be hidden again */
  hideUsage: boolean
}

export function writeRequest(asked: Asked, change: Change): Outgoing {
  if (isRenameAlone(asked, change)) {
    const { from, edits } = asked.edited ?? unedited(asked)
    const all = edits.concat(renameEdits(from.text, from.members, change.model))
    return { body: splice(from.text, all), hideUsage: false }
  }
  const plan = emptyPlan()
  for (const path of change.drop) dropParam(plan, asked.endpoint.dialect, path)
  if (!MAKES_NO_ANSWER.has(asked.endpoint.operation)) addParams(plan, asked, change.params)
  nameModel(plan, asked, change.model)
  for (const [name, value] of Object.entries(change.put ?? {})) plan.put.set(name, value)
  const hideUsage = change.asksForUsage !== false && askForUsage(plan, asked)
  const { from, edits } = (!CONVERSATIONS.some((key) => concerns(plan, key)) && asked.edited) || unedited(asked)
  const all = [...edits, ...planEdits(from.text, from.members, plan)]
  return { body: splice(from.text, all), hideUsage }
}

/** What shapes an answer is refused there. */
const MAKES_NO_ANSWER: ReadonlySet<Operation> = new Set(["count_tokens", "compact"])

const NONE: readonly Edit[] = []
const unedited = (asked: Asked) => ({ from: asked, edits: NONE })

/** What was edited before is in one of these. */
const CONVERSATIONS = ["messages", "input", "contents"]
const concerns = ({ drop, put, inside }: Plan, key: string) => drop.has(key) || put.has(key) || inside.has(key)

/** Most requests: nothing to do but the model's name, so no plan is made. */
function isRenameAlone({ endpoint, stream, wantsUsage }: Asked, change: Change): boolean {
  if (change.drop.length > 0 || change.put || endpoint.dialect === "gemini") return false
  for (const _ in change.params) return false
  return endpoint.dialect !== "openai-chat" || !stream || wantsUsage || change.asksForUsage === false
}

function nameModel(plan: Plan, asked: Asked, model: string): void {
  if (asked.endpoint.dialect !== "gemini") {
    plan.put.set("model", model)
    return
  }
  // Gemini's is in the path; where the body repeats it, Google wants the two to agree
  if (asked.endpoint.operation === "generate") return
  plan.renameModel = model
  planInside(plan, "generateContentRequest").renameModel = model
  planInside(plan, "requests", "*").renameModel = model
}

/** A Chat stream tells its tokens only to those who ask: https://platform.openai.com/docs/api-reference/chat/create */
function askForUsage(plan: Plan, asked: Asked): boolean {
  if (asked.endpoint.dialect !== "openai-chat" || !asked.stream || asked.wantsUsage) return false
  // the config keeps the option from this provider
  if (plan.drop.has("stream_options") || plan.inside.has("stream_options")) return false
  const options = lastMember(asked.members, "stream_options")
  if (options && asked.text.startsWith("{", options.value.start)) {
    planInside(plan, "stream_options").put.set("include_usage", true)
    return true
  }
  // neither an object nor null: the upstream's to refuse
  if (options && !asked.text.startsWith("null", options.value.start)) return false
  const configured = asObject(plan.add.get("stream_options"))
  plan.add.delete("stream_options")
  plan.put.set("stream_options", { ...configured, include_usage: true })
  return true
}
