/** What lives as long as the process, and what lives as long as one request. Types only: `cli/create-app.ts` and `pipeline/open-exchange.ts` fill them in. */
import type { Gate } from "./auth/gate.ts"
import type { Logins } from "./auth/logins.ts"
import type { Endpoint } from "./dialects/endpoints.ts"
import type { KeptReasoning } from "./dialects/translation/reasoning.ts"
import type { Arrival, Caller, Identity } from "./exchange.ts"
import type { Config } from "./settings.ts"
import type { Relays } from "./http/relay.ts"
import type { Projects } from "./identify/projects.ts"
import type { SessionProjects } from "./identify/session-projects.ts"
import type { Sessions } from "./identify/sessions.ts"
import type { Prompt } from "./identify/prompt.ts"
import type { PatternTest } from "./identify/users.ts"
import type { Repositories } from "./machine/repository.ts"
import type { UserTurn } from "./identify/turns.ts"
import type { Memories } from "./memory/memories.ts"
import type { MemoryCall } from "./memory/call.ts"
import type { Routes } from "./route/routes.ts"
import type { ReasoningCache } from "./store/reasoning-cache.ts"
import type { BodyStore } from "./store/bodies.ts"
import type { Ledger } from "./store/ledger.ts"
import type { CookieJars } from "./upstream/cookies.ts"
import type { Upstream } from "./upstream/send.ts"
import type { Appraiser } from "./usage/appraise.ts"
import type { PriceBook } from "./usage/price-book.ts"
import type { Draft } from "./usage/draft.ts"

/** One config and what is made from it: replaced as a whole when the file changes. A request keeps the one it began with. */
export interface Snapshot {
  config: Config
  gate: Gate
  routes: Routes
  /** header names that mean something to us by configuration: they go to no provider */
  ownHeaders: ReadonlySet<string>
}

/** What lives as long as the process. */
export interface App {
  snapshot(): Snapshot
  upstream: Upstream
  cookies: CookieJars
  relays: Relays
  ledger: Ledger
  bodies: BodyStore
  reasoning: ReasoningCache<KeptReasoning>
  prices: PriceBook
  logins: Logins
  sessions: Sessions
  patterns: PatternTest
  projects: Projects
  sessionProjects: SessionProjects
  repositories: Repositories
  memories: Memories
  appraiser: Appraiser
  /** aborted when the process begins to stop */
  stopping: AbortSignal
  newId(): string
  random(): number
  /** monotonic milliseconds */
  now(): number
  /** a line for the operator; never a key, a header or a body */
  log(line: string, error?: unknown): void
}

/** One request under way. */
export interface Exchange {
  readonly app: App
  readonly snapshot: Snapshot
  readonly arrival: Arrival
  readonly endpoint: Endpoint
  /** a provider's own API, passed through: nothing about its answers is ours to judge */
  readonly isRaw: boolean
  readonly draft: Draft
  /** the request's body; null where it is no JSON object */
  body: Prompt | null
  /** its user turns, read by the first who asks */
  turns: () => readonly UserTurn[]
  /** what memory has to do with it; null: nothing */
  memory: MemoryCall | null
  identity: Identity | null
  /** the client named the conversation itself */
  isOwnSession: boolean
  /** the gate's finding; null until it was passed */
  caller: Caller | null
  isSettled: boolean
}
