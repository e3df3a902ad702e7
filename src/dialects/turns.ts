/**
 * A conversation as every provider takes it: roles in turn, each call answered right after it and once, nothing empty: else they
 * refuse it. What they differ in (who may speak first, whether instructions may come later) is said by the caller. Pure.
 */
import type { CallPart, Part, ResultPart, Turn } from "./form.ts"

interface TurnHabits {
  /** takes instructions in the middle of a conversation; else they become a user's words in a tag */
  laterSystem: boolean
  /** the first turn must be a user's */
  userFirst: boolean
}

const NO_RESULT = "No result of this call was recorded."
const BEGINNING = "(The conversation begins here.)"

export function settleTurns(turns: readonly Turn[], habits: TurnHabits): Turn[] {
  turns = withOwnIds(turns)
  const results = firstResults(turns)
  const settled: Turn[] = []
  const used = new Set<string>()
  const add = (role: Turn["role"], parts: readonly Part[]) => {
    if (parts.length === 0) return
    const last = settled.at(-1)
    if (last?.role === role) last.parts.push(...parts)
    else settled.push({ role, parts: [...parts] })
  }
  for (const turn of merged(turns, habits.laterSystem)) {
    if (turn.role !== "assistant") {
      add(
        turn.role,
        turn.parts.flatMap((part) => restOf(part, used, results)),
      )
      continue
    }
    const parts = withoutEmpty(turn.parts)
    add("assistant", parts)
    const calls = parts.filter((part) => part.kind === "call")
    add(
      "user",
      calls.map((call) => resultOf(call, results, used)),
    )
  }
  const lacksBeginning = habits.userFirst ? settled[0]?.role !== "user" : settled.length === 0
  if (lacksBeginning) settled.unshift({ role: "user", parts: [{ kind: "text", text: BEGINNING }] })
  return settled
}

/** Neighbours of one role are one turn; an assistant's calls and what it says before their results too. */
function merged(turns: readonly Turn[], laterSystem: boolean): Turn[] {
  const out: Turn[] = []
  for (const turn of turns) {
    const asked: Turn = turn.role === "system" && !laterSystem ? { role: "user", parts: turn.parts.map(tagged) } : turn
    const last = out.at(-1)
    if (last?.role === asked.role) last.parts.push(...asked.parts)
    else out.push({ role: asked.role, parts: [...asked.parts] })
  }
  return out
}

const tagged = (part: Part): Part =>
  part.kind === "text" ? { ...part, text: `<system>\n${part.text}\n</system>` } : part

/**
 * Some models number their calls anew in each turn (`call_0`), and a tool's name stands for an id in OpenAI's oldest calls: a call of an id seen before gets one of
 * its own, and so do the results after it. "tool_use ids must be unique".
 */
function withOwnIds(turns: readonly Turn[]): readonly Turn[] {
  const seen = new Map<string, { calls: number; results: number }>()
  let isTwice = false
  for (const { parts } of turns)
    for (const part of parts) {
      if (part.kind !== "call") continue
      isTwice ||= seen.has(part.id)
      seen.set(part.id, { calls: 0, results: 0 })
    }
  if (!isTwice) return turns
  const own = (id: string, count: number) => (count > 1 ? `${id}_${count}` : id)
  return turns.map(({ role, parts }) => ({
    role,
    parts: parts.map((part): Part => {
      const count = part.kind === "call" ? seen.get(part.id) : part.kind === "result" ? seen.get(part.callId) : null
      if (!count) return part
      if (part.kind === "call") return { ...part, id: own(part.id, ++count.calls) }
      // a second result of one call is still that call's
      count.results = Math.min(count.results + 1, count.calls)
      return part.kind === "result" ? { ...part, callId: own(part.callId, count.results) } : part
    }),
  }))
}

function firstResults(turns: readonly Turn[]): Map<string, ResultPart> {
  const found = new Map<string, ResultPart>()
  for (const { parts } of turns)
    for (const part of parts) if (part.kind === "result" && !found.has(part.callId)) found.set(part.callId, part)
  return found
}

function resultOf(call: CallPart, results: ReadonlyMap<string, ResultPart>, used: Set<string>): ResultPart {
  const found = used.has(call.id) ? undefined : results.get(call.id)
  used.add(call.id)
  if (found) return { ...found, name: call.name, form: call.form }
  return {
    kind: "result",
    callId: call.id,
    name: call.name,
    parts: [{ kind: "text", text: NO_RESULT }],
    isError: true,
    form: call.form,
  }
}

/** Results went to their calls; one that has no call before it is told as text. */
function restOf(part: Part, used: ReadonlySet<string>, results: ReadonlyMap<string, ResultPart>): Part[] {
  if (part.kind !== "result") return isEmpty(part) ? [] : [part]
  if (used.has(part.callId) || results.get(part.callId) !== part) return []
  return [{ kind: "text", text: `[Result of a tool call${part.name ? ` of ${part.name}` : ""}]` }, ...part.parts]
}

const withoutEmpty = (parts: readonly Part[]) => parts.filter((part) => !isEmpty(part))

/** Anthropic: "text content blocks must contain non-whitespace text". A signed text is not empty to who signed it. */
const isEmpty = (part: Part) => part.kind === "text" && part.signature === undefined && part.text.trim() === ""
