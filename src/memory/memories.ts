/** The memory of a process: its engines, one of which the file chooses, and what they share. */
import type { Patience } from "../event-loop/patience.ts"
import type { Project } from "../exchange.ts"
import type { Config } from "../settings.ts"
import type { MemoryEngine } from "./engine.ts"
import { Heard } from "./remember.ts"
import type { SentBlocks } from "./sent-blocks.ts"
import { AnsweredTurns } from "./answered-turns.ts"
import { BlockMemo } from "./block-memo.ts"
import { createMemoryAdmin, type MemoryAdmin } from "./admin.ts"
import type { MemoryStore } from "../store/memories.ts"
import type { Outbox } from "../store/outbox.ts"
import { sayingWhy } from "./disk-failure.ts"
import { createLocalEngine } from "./local.ts"
import { redact } from "./redact.ts"
import { createSupermemory } from "./supermemory.ts"

export interface Memories {
  /** null: the file switches memory off */
  engine(config: Config): MemoryEngine | null
  /** what is kept here, by hand, whichever engine the file chooses */
  readonly admin: MemoryAdmin
  /** Once a process listens: so that its first recall need not wait. */
  prepare(config: Config): void
  readonly blocks: SentBlocks
  readonly answered: AnsweredTurns
  readonly memo: BlockMemo
  readonly heard: Heard
  readonly patience: Patience
  /** Null: forgotten, kept elsewhere, or the disk gives nothing. */
  contentOf(id: string): string | null
  /** What a person calls a project, as its memories are kept. */
  projectOf(userId: string, named: string): Project
  /** A path turned out to be a project's: its memories go with it. */
  adopt(config: Config, learned: { userId: string; root: string; project: Project }): void
  /** tokens of a text, by the same estimator as everywhere */
  estimate(text: string): number
  /** Gives what waits to be remembered a moment. */
  close(): Promise<void>
}

export interface MemoriesOptions {
  blocks: SentBlocks
  outbox: Outbox
  store: MemoryStore
  /** with the disk of all these */
  patience: Patience
  estimate: (text: string) => number
  newId: () => string
  /** epoch milliseconds */
  clock: () => number
  /** monotonic milliseconds */
  now: () => number
  /** `memory.scope` of the config in force */
  scope: () => Config["memory"]["scope"]
  warn: (message: string) => void
}

export function createMemories({
  blocks,
  outbox,
  store,
  patience,
  estimate,
  newId,
  clock,
  now,
  scope,
  warn,
}: MemoriesOptions): Memories {
  const local = createLocalEngine({ store, estimate, newId, clock, now, warn, patience })
  /** one for each key and address that a config named: an edit of the file may bring another */
  const remote = new Map<string, MemoryEngine>()
  /** What an earlier process left is sent by the first engine alone. */
  const outboxFor = (engines: number): Outbox => (engines === 0 ? outbox : { ...outbox, all: () => [] })
  function supermemory({ supermemory: { key, base }, memory }: Config): MemoryEngine {
    const { budgetMs, maxResults: limit } = memory
    const id = JSON.stringify([key?.reveal(), base, budgetMs, limit])
    let engine = remote.get(id)
    if (!engine)
      remote.set(
        id,
        (engine = createSupermemory({
          key,
          base,
          budgetMs,
          limit,
          estimate,
          redact,
          warn,
          outbox: outboxFor(remote.size),
        })),
      )
    return engine
  }
  const engine = (config: Config) => {
    const { engine: chosen } = config.memory
    return chosen === "local" ? local : chosen === "supermemory" ? supermemory(config) : null
  }
  const admin = createMemoryAdmin(local, store, now, scope)
  return {
    engine,
    prepare(config) {
      try {
        if (engine(config) === local) local.prepare()
      } catch (error) {
        warn(`memories cannot be read: ${String(error)}`)
      }
    },
    adopt(config, { userId, root, project }) {
      try {
        engine(config)?.adopt(userId, root, project)
      } catch (error) {
        warn(`memories of ${root} are not yet those of ${project.key}: ${String(error)}`)
      }
    },
    ...sayingWhy({ projectOf: store.projectOf }),
    contentOf(id) {
      try {
        return admin.get(id)?.content ?? null
      } catch (error) {
        warn(`a memory cannot be read: ${String(error)}`)
        return null
      }
    },
    admin,
    blocks,
    answered: new AnsweredTurns(),
    memo: new BlockMemo(),
    heard: new Heard(),
    patience,
    estimate,
    close: async () => void (await Promise.all([local, ...remote.values()].map((engine) => engine.close()))),
  }
}
