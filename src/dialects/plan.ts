/** What is to be changed in a JSON object, said by key, and the edits that do it. It knows no model and no stream. */

import type { Json } from "../exchange.ts"
import type { JsonText } from "../json/json-text.ts"
import { lastMember, type Member, scanArray, scanObject, valueText } from "../json/scan.ts"
import type { Edit } from "./splice.ts"

/** Keys are decoded ones, in maps: a body may well have a key `__proto__`. Of a key that is dropped nothing else is done. */
export interface Plan {
  drop: Set<string>
  /** set whatever is there, duplicates too */
  put: Map<string, Json>
  /** set where absent */
  add: Map<string, Json>
  /** in objects by key; in arrays by index, or `*` for every element */
  inside: Map<string, Plan>
  /** a `model` that is there gets this name, and keeps Google's `models/` before it */
  renameModel: string | null
}

export function emptyPlan(): Plan {
  return { drop: new Set(), put: new Map(), add: new Map(), inside: new Map(), renameModel: null }
}

/** The plan for what `path` leads to, made where there is none. */
export function planInside(plan: Plan, ...path: readonly string[]): Plan {
  let at = plan
  for (const key of path) {
    const next = at.inside.get(key) ?? emptyPlan()
    at.inside.set(key, next)
    at = next
  }
  return at
}

/** `tools[0]` and `tools[*]` both speak of the first. */
function joinPlans(one: Plan | undefined, other: Plan | undefined): Plan | undefined {
  if (!one || !other) return one ?? other
  const keys = new Set([...one.inside.keys(), ...other.inside.keys()])
  const inside = [...keys].map(
    (key) => [key, joinPlans(one.inside.get(key), other.inside.get(key)) ?? emptyPlan()] as const,
  )
  return {
    drop: one.drop.union(other.drop),
    put: new Map([...other.put, ...one.put]),
    add: new Map([...other.add, ...one.add]),
    inside: new Map(inside),
    renameModel: one.renameModel ?? other.renameModel,
  }
}

/** The edits that carry `plan` out on the document whose top level these members are. */
export function planEdits(text: JsonText, members: readonly Member[], plan: Plan): Edit[] {
  const edits: Edit[] = []
  // nothing but blanks can stand before a document's brace
  editObject(text, text.indexOf("{"), members, plan, edits)
  return edits
}

/** The edits that give every top-level `model` this name; one is added where there is none. */
export function renameEdits(text: JsonText, members: readonly Member[], model: string): Edit[] {
  const edits: Edit[] = []
  let isThere = false
  for (const member of members) {
    if (member.key !== "model") continue
    isThere = true
    replace(text, member, model, edits)
  }
  if (isThere) return edits
  const plan = emptyPlan()
  plan.put.set("model", model)
  return planEdits(text, members, plan)
}

function editObject(text: JsonText, open: number, members: readonly Member[], plan: Plan, edits: Edit[]): void {
  const kept = plan.drop.size > 0 ? dropMembers(members, plan.drop, edits) : members
  for (const member of kept) editMember(text, member, plan, edits)
  const absent: string[] = []
  for (const values of [plan.add, plan.put]) {
    for (const [key, value] of values) {
      if (!lastMember(kept, key)) absent.push(`${JSON.stringify(key)}:${JSON.stringify(value)}`)
    }
  }
  if (absent.length === 0) return
  edits.push({ start: open + 1, end: open + 1, text: absent.join(",") + (kept.length > 0 ? "," : "") })
}

function editMember(text: JsonText, member: Member, plan: Plan, edits: Edit[]): void {
  const { start } = member.value
  const put = plan.put.get(member.key)
  if (put !== undefined) return replace(text, member, put, edits)
  if (member.key === "model" && plan.renameModel !== null && text.startsWith('"', start)) {
    const prefix = text.startsWith('"models/', start) ? "models/" : ""
    return replace(text, member, prefix + plan.renameModel, edits)
  }
  const inside = plan.inside.get(member.key)
  if (inside) editInside(text, start, inside, edits)
}

function editInside(text: JsonText, start: number, plan: Plan, edits: Edit[]): void {
  if (text.startsWith("{", start)) return editObject(text, start, scanObject(text, start), plan, edits)
  if (!text.startsWith("[", start) || plan.inside.size === 0) return
  for (const [index, element] of scanArray(text, start).entries()) {
    const each = joinPlans(plan.inside.get(String(index)), plan.inside.get("*"))
    if (each) editInside(text, element.start, each, edits)
  }
}

/** A string that says the same with other escapes is left as the client wrote it. */
function replace(text: JsonText, member: Member, value: Json, edits: Edit[]): void {
  const json = JSON.stringify(value)
  const was = valueText(text, member)
  if (was === json || (was.includes("\\") && typeof value === "string" && isString(was, value))) return
  edits.push({ start: member.value.start, end: member.value.end, text: json })
}

function isString(json: string, value: string): boolean {
  try {
    return JSON.parse(json) === value
  } catch {
    return false // no valid JSON: not that string
  }
}

/** Each goes with the comma after it, those at the end with the comma before them. */
function dropMembers(members: readonly Member[], drop: ReadonlySet<string>, edits: Edit[]): readonly Member[] {
  const kept = members.filter((member) => !drop.has(member.key))
  if (kept.length === members.length) return members
  const lastKept = kept.at(-1)
  const trailing = lastKept ? members.indexOf(lastKept) + 1 : 0
  for (let at = 0; at < trailing; at++) {
    const member = members[at]
    const next = members[at + 1]
    if (member && next && drop.has(member.key)) edits.push({ start: member.start, end: next.start, text: "" })
  }
  const first = members[trailing]
  const last = members.at(-1)
  if (first && last) edits.push({ start: lastKept?.value.end ?? first.start, end: last.value.end, text: "" })
  return kept
}
