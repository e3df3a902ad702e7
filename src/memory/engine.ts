/** What the pipeline asks of a memory engine. The engines are `local.ts` and `supermemory.ts`. */
import type { JsonObject, Project } from "../exchange.ts"
import type { Namespace } from "./namespace.ts"

export interface RecallQuery {
  text: string
  previous: string | null
}

/** A memory as people see it. */
export interface Memory {
  id: string
  user_id: string
  /** the display name; null: of no project */
  project: string | null
  session_id: string | null
  role: string
  speaker: string | null
  content: string
  /** ISO 8601; null where the engine does not know */
  created_at: string | null
  source: "chat" | "api" | "import" | "mcp"
  request_id: string | null
  metadata: JsonObject | null
}

export interface Recalled {
  memory: Pick<Memory, "id" | "role" | "speaker" | "created_at">
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
  /** Another one whenever `recall` may answer otherwise; null: that cannot be told. @throws what the disk throws */
  version(): string | null
  /** First what is to be told first. */
  recall(namespace: Namespace, query: RecallQuery): Promise<readonly Recalled[]> | readonly Recalled[]
  remember(namespace: Namespace, turns: readonly SaidTurn[]): void
  /** What is kept under this path or one below it, of this user, is the project's from now on: it was learned that they are one. */
  adopt(userId: string, root: string, project: Project): void
  /** What people and agents do with memories by hand. @throws Refusal for what this engine cannot do, MemoryFailure where it does not answer */
  readonly tools: MemoryTools
  flush(): Promise<void>
  close(): Promise<void>
}

export interface MemoryTools {
  /** best first */
  search(namespace: Namespace, query: string, limit: number): Promise<(Memory & { score: number; why: string })[]>
  add(namespace: Namespace, content: string, source: "api" | "mcp"): Promise<Memory>
  /** newest first */
  list(namespace: Namespace, page: { limit: number; cursor: string | null }): Promise<MemoryPage>
  /** False: there is none of that id in this namespace. */
  forget(namespace: Namespace, id: string): Promise<boolean>
  count(namespace: Namespace): Promise<number>
}

export interface MemoryPage {
  data: Memory[]
  next_cursor: string | null
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
