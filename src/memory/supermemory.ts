/** Supermemory as a memory engine: what it knows is asked for before a request, and what was said is sent to it after. Not its router, which is an `api_base`. */
import type { Outbox } from "../store/outbox.ts"
import type { MemoryEngine, Recalled, RecallQuery, SaidTurn } from "./engine.ts"
import type { Namespace } from "./namespace.ts"
import { callSupermemory, type SupermemoryAccess } from "./supermemory-api.ts"
import { createSupermemoryTools } from "./supermemory-tools.ts"
import { list, object, readFacts } from "./supermemory-facts.ts"
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
  outbox: Outbox
}

/** Of a long message its two ends say what it is about. */
const QUERY_ENDS = 400

export function createSupermemory(options: SupermemoryOptions): MemoryEngine {
  const { budgetMs, limit, estimate, redact, warn } = options
  const queue = createSupermemoryQueue({ access: options, outbox: options.outbox, warn })

  /** The profile with what fits the question; self-hosted servers leave the latter out (supermemoryai/claude-supermemory#106), so it is searched for. */
  async function recall(namespace: Namespace, query: RecallQuery): Promise<Recalled[]> {
    const tag = containerTag(namespace)
    const q = redact(ends(query.text))
    const known = await callSupermemory(options, "POST /v4/profile", { containerTag: tag, q }, budgetMs)
    let results = list(object(known["searchResults"])["results"])
    if (results.length === 0) {
      const search = { q, containerTag: tag, limit, searchMode: "hybrid" }
      results = list((await callSupermemory(options, "POST /v4/search", search, budgetMs))["results"])
    }
    return readFacts(namespace, object(known["profile"]), results.slice(0, limit))
      .sort((one, other) => other.score - one.score)
      .map((fact) => {
        const text = redact(fact.text)
        return { ...fact, text, tokens: estimate(text) }
      })
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

  /** Supermemory cannot rename a container tag: what was kept under a path stays under it. */
  function adopt(): void {}

  const tools = createSupermemoryTools(options, redact)
  return {
    name: "supermemory",
    version: () => null,
    recall,
    remember,
    adopt,
    tools,
    flush: queue.flush,
    close: queue.close,
  }
}

const ends = (text: string) =>
  text.length <= 2 * QUERY_ENDS ? text : `${text.slice(0, QUERY_ENDS)}\n${text.slice(-QUERY_ENDS)}`
