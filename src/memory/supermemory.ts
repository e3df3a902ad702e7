/** Supermemory as a memory engine: what it knows is asked for before a request, and what was said is sent to it after. Not its router, which is an `api_base`. */
import type { Json, JsonObject } from "../exchange.ts"
import type { MemoryEngine, Recalled, RecallQuery, SaidTurn } from "./engine.ts"
import type { Namespace } from "./namespace.ts"
import { callSupermemory, type SupermemoryAccess } from "./supermemory-api.ts"
import { createSupermemoryQueue } from "./supermemory-queue.ts"
import { containerTag, conversationId } from "./supermemory-tag.ts"

export interface SupermemoryOptions extends SupermemoryAccess {
  /** results of one search */
  limit: number
  budgetMs: number
  estimate: (text: string) => number
  /** what must not leave this machine is cut out */
  redact: (text: string) => string
  warn: (message: string) => void
}

/** Of a long message its two ends say what it is about. */
const QUERY_ENDS = 400

export function createSupermemory(options: SupermemoryOptions): MemoryEngine {
  const { budgetMs, limit, estimate, redact, warn } = options
  const queue = createSupermemoryQueue({ access: options, warn })

  /** The profile with what fits the question; self-hosted servers leave the latter out (supermemoryai/claude-supermemory#106), so it is searched for. */
  async function recall(namespace: Namespace, query: RecallQuery): Promise<Recalled[]> {
    const tag = containerTag(namespace)
    const q = redact(ends(query.text))
    const profile = await callSupermemory(options, "/v4/profile", { containerTag: tag, q }, budgetMs)
    let results = list(object(profile["searchResults"])["results"])
    if (results.length === 0) {
      const search = { q, containerTag: tag, limit, searchMode: "hybrid" }
      results = list((await callSupermemory(options, "/v4/search", search, budgetMs))["results"])
    }
    const known = object(profile["profile"])
    const found = [
      ...list(known["static"]).map((item) => fact(item, "profile", 1)),
      ...list(known["dynamic"]).map((item) => fact(item, "recent", 0.9)),
      ...results.slice(0, limit).map(searchResult),
    ]
    return distinct(found).map((one) => ({ ...one, text: redact(one.text), tokens: estimate(one.text) }))
  }

  function remember(namespace: Namespace, turns: readonly SaidTurn[]): void {
    const tag = containerTag(namespace)
    const session = turns[0]?.sessionId ?? turns[0]?.requestId
    if (session === undefined) return
    queue.add({
      conversationId: conversationId(tag, session),
      containerTags: [tag],
      messages: turns.map(({ role, text }) => ({ role, content: redact(text) })),
    })
  }

  return { name: "supermemory", recall, remember, flush: queue.flush, close: queue.close }
}

type Found = Omit<Recalled, "tokens">

/** Items of a profile are texts, or objects that have one. */
function fact(item: Json, why: string, score: number): Found | null {
  const text = typeof item === "string" ? item : word(object(item)["memory"])
  if (!text) return null
  return {
    text,
    score,
    why,
    memory: { id: `${why}:${Bun.hash(text).toString(36)}`, role: why, speaker: null, createdAt: null },
  }
}

function searchResult(item: Json): Found | null {
  const { id, memory, chunk, similarity, updatedAt } = object(item)
  const text = word(memory) ?? word(chunk)
  if (!text) return null
  const at = Date.parse(word(updatedAt) ?? "")
  return {
    text,
    score: typeof similarity === "number" ? similarity : 0,
    why: "search",
    memory: {
      id: word(id) ?? Bun.hash(text).toString(36),
      role: "note",
      speaker: null,
      createdAt: Number.isNaN(at) ? null : at,
    },
  }
}

/** One thing said twice, with another label or other blanks, is said once: the profile's word goes first. */
function distinct(found: readonly (Found | null)[]): Found[] {
  const seen = new Map<string, Found>()
  for (const one of found) {
    if (!one) continue
    const key = one.text
      .replace(/^\[(Recent|Summary|\d{4}-\d\d-\d\d)\]\s*/, "")
      .replace(/\s+/g, " ")
      .trim()
      .toLowerCase()
    if (!seen.has(key)) seen.set(key, one)
  }
  return [...seen.values()]
}

const ends = (text: string) =>
  text.length <= 2 * QUERY_ENDS ? text : `${text.slice(0, QUERY_ENDS)}\n${text.slice(-QUERY_ENDS)}`

const list = (value: Json | undefined): Json[] => (Array.isArray(value) ? value : [])
const word = (value: Json | undefined): string | null =>
  typeof value === "string" && value.trim() !== "" ? value : null
const object = (value: Json | undefined): JsonObject =>
  typeof value === "object" && value !== null && !Array.isArray(value) ? value : {}
