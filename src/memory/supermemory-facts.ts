/** What Supermemory's answers say, read with care: arrays may be missing, items are texts or objects. No call is made here. */
import type { Json, JsonObject } from "../exchange.ts"
import type { Memory, Recalled } from "./engine.ts"
import type { Namespace } from "./namespace.ts"

export type Fact = Omit<Recalled, "tokens"> & { memory: Memory }

/** Static facts first, then recent ones, then what was found: of one thing said twice the first is kept. */
export function readFacts(namespace: Namespace, profile: JsonObject, results: readonly Json[]): Fact[] {
  const facts = [
    ...list(profile["static"]).map((item) => profileFact(namespace, item, "profile", 1)),
    ...list(profile["dynamic"]).map((item) => profileFact(namespace, item, "recent", 0.9)),
    ...results.map((item) => readResult(namespace, item)),
  ]
  const seen = new Map<string, Fact>()
  for (const fact of facts) if (fact && !seen.has(essence(fact.text))) seen.set(essence(fact.text), fact)
  return [...seen.values()]
}

export function readResult(namespace: Namespace, item: Json): Fact | null {
  const { id, memory, chunk, similarity, updatedAt, createdAt } = object(item)
  const text = word(memory) ?? word(chunk)
  if (!text) return null
  const score = typeof similarity === "number" ? similarity : 0
  return fact(namespace, { id: word(id), text, score, why: "search", at: word(updatedAt) ?? word(createdAt) })
}

function profileFact(namespace: Namespace, item: Json, why: string, score: number): Fact | null {
  const text = word(item) ?? word(object(item)["memory"])
  return text === null ? null : fact(namespace, { id: null, text, score, why, at: null })
}

interface Said {
  id: string | null
  text: string
  score: number
  why: string
  at: string | null
}

function fact({ userId, project }: Namespace, { id, text, score, why, at }: Said): Fact {
  const time = Date.parse(at ?? "")
  const memory: Memory = {
    id: id ?? `${why}-${Bun.hash(text).toString(36)}`,
    user_id: userId,
    project,
    session_id: null,
    role: "note",
    speaker: null,
    content: text,
    created_at: Number.isNaN(time) ? null : new Date(time).toISOString(),
    source: "chat",
    request_id: null,
    metadata: null,
  }
  return { memory, text, score, why }
}

const essence = (text: string) =>
  text
    .replace(/^\[(Recent|Summary|\d{4}-\d\d-\d\d)\]\s*/, "")
    .replace(/\s+/g, " ")
    .trim()
    .toLowerCase()

export const list = (value: Json | undefined): Json[] => (Array.isArray(value) ? value : [])

export const word = (value: Json | undefined): string | null =>
  typeof value === "string" && value.trim() !== "" ? value : null

export const object = (value: Json | undefined): JsonObject =>
  typeof value === "object" && value !== null && !Array.isArray(value) ? value : {}
