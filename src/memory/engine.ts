/** What the pipeline asks of a memory engine. The engines are `local.ts` and `supermemory.ts`. */
import type { Namespace } from "./namespace.ts"

export interface RecallQuery {
  text: string
  previous: string | null
  sessionId: string | null
  maxTokens: number
}

export interface Memory {
  id: string
  role: string
  speaker: string | null
  /** epoch milliseconds; null where the engine does not know */
  createdAt: number | null
}

export interface Recalled {
  memory: Memory
  /** the part to inject */
  text: string
  score: number
  why: string
  tokens: number
}

export interface SaidTurn {
  role: "user" | "assistant"
  text: string
  speaker: string | null
  sessionId: string | null
  /** epoch milliseconds */
  createdAt: number
  requestId: string
}

export interface MemoryEngine {
  readonly name: "local" | "supermemory"
  recall(namespace: Namespace, query: RecallQuery): Promise<readonly Recalled[]> | readonly Recalled[]
  remember(namespace: Namespace, turns: readonly SaidTurn[]): void
  flush(): Promise<void>
  close(): Promise<void>
}

/** Why memory could not help, in a word for the header: `timeout`, `locked`, `http-503` … */
export class MemoryFailure extends Error {
  readonly reason: string
  constructor(reason: string, message: string, cause?: unknown) {
    super(message, { cause })
    this.name = "MemoryFailure"
    this.reason = reason
  }
}
