/** Memory's place in a model call: what it may do in it, and the two moments when it does. What a request looks like is not known here. */
import type { LedgerDetail, LedgerRow } from "../exchange.ts"
import type { Config } from "../settings.ts"
import type { MemoryEngine } from "./engine.ts"
import type { Mode } from "./mode.ts"
import { type Conversation, type Recollection, recollect } from "./recall.ts"
import type { Memories } from "./memories.ts"
import { remember, type Said } from "./remember.ts"

/** One model call that memory takes part in. */
export interface MemoryCall {
  engine: MemoryEngine
  mode: Mode
  conversation: Conversation
  /** what went in with the newest turn, once it did */
  recalled: string | null
}

/** The row's word, and why. `skip` and `error` have reasons. */
export function noteMemory(
  { row, detail }: { row: LedgerRow; detail: LedgerDetail },
  status: "skip" | "off" | Recollection["status"],
  reason: string | null = null,
): void {
  row.memory_status = status
  detail.memory_reason = reason
}

/** Before the request goes out. It does not throw. */
export async function recallFor(
  call: MemoryCall,
  { memories, now, log }: { memories: Memories; now: () => number; log: (line: string, error: unknown) => void },
  settings: Config["memory"],
  draft: { row: LedgerRow; detail: LedgerDetail },
): Promise<Recollection> {
  const { engine, conversation } = call
  const started = now()
  const recollection = await recollect(conversation, {
    engine,
    blocks: memories.blocks,
    memo: memories.memo,
    maxTokens: settings.maxTokens,
    budgetMs: settings.budgetMs,
    estimate: memories.estimate,
    now,
    warn: (error) => log(`${draft.row.id} goes on without memory`, error),
  })
  const newest = conversation.turns.at(-1)
  call.recalled = recollection.additions.find(({ entry }) => entry === newest?.entry)?.text ?? null
  const { row, detail } = draft
  noteMemory(draft, recollection.status, recollection.reason)
  row.memory_ms = Math.round((now() - started) * 1000) / 1000
  row.memories_injected = recollection.memories.length
  row.memory_tokens = recollection.tokens
  detail.memories = recollection.memories
  return recollection
}

/** After the answer, and never in its way. @throws what the engine throws */
export function rememberFor({ engine, mode, conversation }: MemoryCall, said: Said, { heard }: Memories): void {
  if (mode.writes) remember(conversation, said, engine, heard)
}
