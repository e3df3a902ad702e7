/** What is kept of one exchange, after its answer: the person's newest turn and what the model said. Which calls are a conversation was decided before. */
import { withoutBlocks } from "./block.ts"
import type { MemoryEngine, SaidTurn } from "./engine.ts"
import type { Conversation } from "./recall.ts"

/**
 * The newest turns that were handed on, so that a request sent again is remembered once. Bounded and in memory. Two generations: what is deleted from a Set one by one
 * stays in it until it is full, and keeps the collector busy.
 */
export class Heard {
  #young = new Set<number>()
  #old = new Set<number>()
  readonly #limit: number
  /** `limit`: of a generation */
  constructor(limit = 10_000) {
    this.#limit = limit
  }
  /** True the first time. */
  add(key: number): boolean {
    if (this.#young.has(key)) return false
    if (this.#young.size >= this.#limit) {
      this.#old = this.#young
      this.#young = new Set()
    }
    this.#young.add(key)
    return !this.#old.has(key)
  }
}

/** 53 bits, as many as a number holds. */
const keyOf = (text: string, seed: number) => Number(Bun.hash.wyhash(text, BigInt(seed)) >> 11n)

export interface Said {
  requestId: string
  /** epoch milliseconds: of the request, and of the end of its answer */
  askedAt: number
  answeredAt: number
  /** "" where it only called tools */
  answer: string
  /** what tells it from another answer; "": nothing */
  mark: string
}

/** Queues what is new. The turn of a tool loop was heard at its first step. */
export function remember(conversation: Conversation, said: Said, engine: MemoryEngine, heard: Heard): void {
  const { namespace, sessionId, turns, isUnanswered } = conversation
  const newest = turns.at(-1)
  if (!newest) return
  const kept: SaidTurn[] = []
  const keep = (role: SaidTurn["role"], text: string, createdAt: number) => {
    if (text !== "") kept.push({ role, text, speaker: null, sessionId, createdAt, requestId: said.requestId })
  }
  const turn = keyOf(`${sessionId}\n${namespace.projectKey}`, newest.key)
  if (isUnanswered && heard.add(turn)) keep("user", newest.text, said.askedAt)
  if (said.answer !== "" && heard.add(keyOf(said.answer, turn)))
    keep("assistant", withoutBlocks(said.answer).trim(), said.answeredAt)
  if (kept.length > 0) engine.remember(namespace, kept)
}
