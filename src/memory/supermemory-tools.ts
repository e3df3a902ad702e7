/** Supermemory's memories by hand: search, add, list, forget. Everything is asked for with the namespace's tag. */
import { type Json, Refusal } from "../exchange.ts"
import type { Memory, MemoryTools } from "./engine.ts"
import { EVERYWHERE, type Namespace } from "./namespace.ts"
import { callSupermemory, type SupermemoryAccess, SupermemoryRefusal } from "./supermemory-api.ts"
import { list, object, readResult, word } from "./supermemory-facts.ts"
import { containerTag } from "./supermemory-tag.ts"

const TIMEOUT_MS = 15_000

export function createSupermemoryTools(access: SupermemoryAccess, redact: (text: string) => string): MemoryTools {
  async function entries(namespace: Namespace, page: number, limit: number) {
    const body = { containerTags: [containerTag(namespace)], page, limit, sort: "createdAt", order: "desc" }
    const answer = await callSupermemory(access, "POST /v4/memories/list", body, TIMEOUT_MS)
    return { found: list(answer["memoryEntries"]), pagination: object(answer["pagination"]) }
  }
  const read = (namespace: Namespace, items: readonly Json[]): Memory[] =>
    items.flatMap((item) => readResult(namespace, item)?.memory ?? [])

  return {
    async search(namespace, query, limit) {
      const body = { q: query, containerTag: containerTag(namespace), limit, searchMode: "hybrid" }
      const answer = await callSupermemory(access, "POST /v4/search", body, TIMEOUT_MS)
      return list(answer["results"]).flatMap((item) => {
        const fact = readResult(namespace, item)
        return fact ? [{ ...fact.memory, score: fact.score, why: fact.why }] : []
      })
    },
    async add(namespace, content, source) {
      if (namespace.projectKey === EVERYWHERE)
        throw new Refusal(400, "invalid_request", 'Supermemory keeps projects apart: "*" needs the local engine.')
      const memories = [{ content: redact(content), isStatic: false, metadata: { source } }]
      const body = { containerTag: containerTag(namespace), memories }
      const [made] = list((await callSupermemory(access, "POST /v4/memories", body, TIMEOUT_MS))["memories"])
      const memory = readResult(namespace, made ?? null)?.memory
      if (!memory) throw new Refusal(502, "upstream", "Supermemory kept nothing of it.", { origin: "upstream" })
      return { ...memory, source }
    },
    async list(namespace, { limit, cursor }) {
      const page = Number(cursor ?? 1)
      if (!Number.isInteger(page) || page < 1)
        throw new Refusal(400, "invalid_request", "That cursor is none of ours: leave it out to begin anew.")
      const { found, pagination } = await entries(namespace, page, limit)
      const isLast = page >= Number(pagination["totalPages"] ?? page)
      return { data: read(namespace, found), next_cursor: isLast ? null : String(page + 1) }
    },
    async forget(namespace, id) {
      try {
        const body = { containerTag: containerTag(namespace), id }
        const answer = await callSupermemory(access, "DELETE /v4/memories", body, TIMEOUT_MS)
        return word(answer["id"]) !== null
      } catch (error) {
        if (error instanceof SupermemoryRefusal && error.status === 404) return false
        throw error
      }
    },
    async count(namespace) {
      const { found, pagination } = await entries(namespace, 1, 1)
      return Number(pagination["totalItems"] ?? found.length)
    },
  }
}
