/** All that lives as long as the process, put together. */
import type { App, Snapshot } from "../app.ts"
import { createLogins } from "../auth/logins.ts"
import { createRelays } from "../http/relay.ts"
import { createProjects } from "../identify/projects.ts"
import { createSessionProjects } from "../identify/session-projects.ts"
import { createSessions } from "../identify/sessions.ts"
import { createPatternMemo } from "../identify/users.ts"
import { createRepositories } from "../machine/repository.ts"
import { createMemories } from "../memory/memories.ts"
import type { Config } from "../settings.ts"
import type { Store } from "../store/open.ts"
import { createReasoningCache } from "../store/reasoning-cache.ts"
import { CookieJars } from "../upstream/cookies.ts"
import { createUpstream } from "../upstream/send.ts"
import { createAppraiser } from "../usage/appraise.ts"
import { estimateTokens } from "../usage/estimate.ts"
import { createPriceBook } from "../usage/price-book.ts"

interface AppParts {
  /** the one that the process starts with */
  config: Config
  /** of the config in force */
  snapshot: () => Snapshot
  store: Store
  stopping: AbortSignal
  say(line: string): void
  log: App["log"]
}

const SESSIONS_KEPT = 10_000

export function createApp({ config, snapshot, store, stopping, say, log }: AppParts): App {
  const now = () => performance.now()
  const memories = createMemories({
    blocks: store.sentBlocks,
    outbox: store.outbox,
    store: store.memories,
    patience: store.patience,
    estimate: estimateTokens,
    newId: Bun.randomUUIDv7,
    clock: Date.now,
    now,
    scope: () => snapshot().config.memory.scope,
    warn: say,
  })
  const projects = createProjects(undefined, (learned) => {
    if (!memories.engine(snapshot().config)) return
    store.learnedProjects.add(learned)
    memories.adopt(snapshot().config, learned)
  })
  if (memories.engine(config)) projects.restore(store.learnedProjects.all())
  const app: App = {
    snapshot,
    upstream: createUpstream({ clock: now, direct: !(process.env.HTTPS_PROXY ?? process.env.https_proxy) }),
    cookies: new CookieJars(Date.now),
    relays: createRelays(now),
    ledger: store.ledger,
    bodies: store.bodies,
    reasoning: createReasoningCache(config.dataDir, { clock: Date.now, warn: say }),
    prices: createPriceBook(),
    logins: createLogins({
      clock: Date.now,
      newToken: () => crypto.getRandomValues(Buffer.alloc(32)).toString("base64url"),
    }),
    sessions: createSessions({ newId: Bun.randomUUIDv7, limit: SESSIONS_KEPT }),
    patterns: createPatternMemo(),
    projects,
    sessionProjects: createSessionProjects(),
    repositories: createRepositories(),
    memories,
    appraiser: createAppraiser({
      tell: store.ledger.count,
      onAnswer: (answer) => {
        if (snapshot().config.judge !== null) void judging().then((judge) => judge.consider(answer))
      },
      now,
      clock: Date.now,
      warn: log,
    }),
    stopping,
    newId: Bun.randomUUIDv7,
    random: Math.random,
    now,
    log,
  }
  let loadingJudge: ReturnType<typeof loadJudge> | undefined
  const loadJudge = async () => (await import("../pipeline/judge.ts")).createJudge(app, Date.now)
  const judging = () => (loadingJudge ??= loadJudge())
  store.ledger.beforeWrite(app.appraiser.slice)
  return app
}
