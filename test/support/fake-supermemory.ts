/**
 * A Supermemory on a real socket, its answers typed by the published client: memories by container tag, found by words in common. `POST /v4/conversations` is
 * not in that client; its shape is the documentation's (https://supermemory.ai/docs).
 */
import type { ProfileParams, ProfileResponse } from "supermemory/resources/top-level"
import type { SearchMemoriesParams, SearchMemoriesResponse } from "supermemory/resources/search"
import type { Loose } from "./json.ts"

export const SUPERMEMORY_KEY = "sm_test_5up3rm3m0ry"

export interface SupermemoryCall {
  path: string
  headers: Record<string, string>
  body: Loose
}

export interface FakeSupermemory {
  url: string
  calls: SupermemoryCall[]
  /** what the next calls get instead: a status, or silence */
  fail(
    how: { path?: string; status?: number; headers?: Record<string, string>; hang?: boolean; times?: number } | null,
  ): void
  /** as a self-hosted server, whose profile finds nothing */
  profileFinds: boolean
  learn(tag: string, memory: string, updatedAt?: string): Result
  tags(): string[]
  stop(): Promise<void>
}

type Result = SearchMemoriesResponse.Result
type Failure = NonNullable<Parameters<FakeSupermemory["fail"]>[0]>

export function startFakeSupermemory(): FakeSupermemory {
  const calls: SupermemoryCall[] = []
  const memories = new Map<string, Result[]>()
  let failure: Failure | null = null
  let learned = 0

  const learn = (tag: string, memory: string, updatedAt = "2026-03-01T10:00:00.000Z") => {
    const result: Result = { id: `mem_${++learned}`, memory, metadata: null, similarity: 0, updatedAt }
    memories.set(tag, [...(memories.get(tag) ?? []), result])
    return result
  }
  const search = (tag: string, q: string, limit = 10): SearchMemoriesResponse => {
    const asked = words(q)
    const results = (memories.get(tag) ?? [])
      .map((one) => ({
        ...one,
        similarity: words(one.memory ?? "").intersection(asked).size / Math.max(1, asked.size),
      }))
      .filter(({ similarity }) => similarity > 0)
      .sort((one, other) => other.similarity - one.similarity)
      .slice(0, limit)
    return { results, timing: 12, total: results.length }
  }

  const answer = (method: string, path: string, body: Loose): Response => {
    if (path === "/v4/profile") {
      const { containerTag, q } = body as ProfileParams
      if (!containerTag) return Response.json({ error: "containerTag is required" }, { status: 400 })
      const said: ProfileResponse = { profile: { static: [], dynamic: [] } }
      if (q && fake.profileFinds) said.searchResults = search(containerTag, q)
      return Response.json(said)
    }
    if (path === "/v4/search") {
      const { q, containerTag, limit } = body as SearchMemoriesParams
      if (!containerTag) throw new Error("a search without containerTag reads the whole organisation")
      return Response.json(search(containerTag, q, limit))
    }
    if (path === "/v4/conversations") {
      const { conversationId, messages, containerTags } = body
      if (!conversationId || conversationId.length > 255 || !messages?.length || containerTags?.length !== 1)
        return Response.json({ error: "invalid body" }, { status: 400 })
      for (const { content } of messages) learn(containerTags[0], content)
      return Response.json({ id: `doc_${learned}`, conversationId, status: "queued" })
    }
    if (path === "/v4/memories" && method === "POST") {
      const made = body.memories.map(({ content }: Loose) => learn(body.containerTag, content))
      return Response.json({ documentId: `doc_${learned}`, memories: made })
    }
    if (path === "/v4/memories" && method === "DELETE") {
      const kept = (memories.get(body.containerTag) ?? []).filter(({ id }) => id !== body.id)
      if (kept.length === (memories.get(body.containerTag) ?? []).length)
        return Response.json({ error: "not found" }, { status: 404 })
      memories.set(body.containerTag, kept)
      return Response.json({ id: body.id, forgotten: true })
    }
    if (path === "/v4/memories/list") {
      const { containerTags, page, limit } = body
      const all = (memories.get(containerTags[0]) ?? []).toReversed()
      const pagination = { currentPage: page, limit, totalItems: all.length, totalPages: Math.ceil(all.length / limit) }
      return Response.json({ memoryEntries: all.slice((page - 1) * limit, page * limit), pagination })
    }
    return Response.json({ error: "not found" }, { status: 404 })
  }

  const server = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    idleTimeout: 60,
    async fetch(request) {
      const path = new URL(request.url).pathname
      const body: Loose = await request.json()
      calls.push({ path, headers: Object.fromEntries(request.headers), body })
      if (request.headers.get("authorization") !== `Bearer ${SUPERMEMORY_KEY}`)
        return Response.json({ error: "Unauthorized" }, { status: 401 })
      if (failure && (failure.path ?? path) === path && (failure.times ?? 1) > 0) {
        if (failure.times !== undefined) failure.times--
        if (failure.hang) await new Promise(() => {})
        return Response.json({ error: "as told" }, { status: failure.status ?? 500, headers: failure.headers ?? {} })
      }
      return answer(request.method, path, body)
    },
  })
  const fake: FakeSupermemory = {
    url: `http://127.0.0.1:${server.port}`,
    calls,
    profileFinds: true,
    fail: (how) => void (failure = how && { ...how }),
    learn,
    tags: () => [...memories.keys()],
    stop: () => server.stop(true),
  }
  return fake
}

const words = (text: string) => new Set(text.toLowerCase().match(/\p{L}{3,}/gu) ?? [])
