/** What is kept of one exchange, after its answer: the person's newest turn and what the model said. Which calls are a conversation was decided before. */
import { withoutBlocks } from "./block.ts"
import type { MemoryEngine, SaidTurn } from "./engine.ts"
import type { Conversation } from "./recall.ts"

/** The newest turns that were handed on, so that a request sent again is remembered once. Bounded and in memory. */
export class Heard {
  readonly #keys = new Set<string>()
  readonly #limit: number
  constructor(limit = 10_000) {
    this.#limit = limit
  }
  /** True the first time. */
  add(key: string): boolean {
    if (this.#keys.delete(key)) {
      this.#keys.add(key)
      return false
    }
    this.#keys.add(key)
    if (this.#keys.size > this.#limit) this.#keys.delete(this.#keys.values().next().value!)
    return true
  }
}

export interface Said {
  requestId: string
  /** epoch milliseconds: of the request, and of the end of its answer */
  askedAt: number
  answeredAt: number
  /** "" where it only called tools */
  answer: string
}

/** Queues what is new. The turn of a tool loop was heard at its first step. */
export function remember(conversation: Conversation, said: Said, engine: MemoryEngine, heard: Heard): void {
  const { namespace, sessionId, turns, isUnanswered } = conversation
  const newest = turns.at(-1)
  const kept: SaidTurn[] = []
  const keep = (role: SaidTurn["role"], text: string, createdAt: number) => {
    if (text !== "") kept.push({ role, text, speaker: null, sessionId, createdAt, requestId: said.requestId })
  }
  if (newest && isUnanswered && heard.add(JSON.stringify([newest.key, sessionId, namespace.projectKey])))
    keep("user", newest.text, said.askedAt)
  const answer = withoutBlocks(said.answer).trim()
  if (newest && heard.add(JSON.stringify([newest.key, sessionId, namespace.projectKey, Bun.hash(answer).toString(36)])))
    keep("assistant", answer, said.answeredAt)
  if (kept.length > 0) engine.remember(namespace, kept)
}
