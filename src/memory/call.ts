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
  /** its name, to be told by the turn's answer: see `answered-turns.ts` */
  carried: string | null
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
export function recallFor(
  { engine, conversation }: MemoryCall,
  { memories, now, log }: { memories: Memories; now: () => number; log: (line: string, error: unknown) => void },
  settings: Config["memory"],
  id: string,
): Promise<Recollection> {
  return recollect(conversation, {
    engine,
    blocks: memories.blocks,
    answered: memories.answered,
    memo: memories.memo,
    patience: memories.patience,
    maxTokens: settings.maxTokens,
    budgetMs: settings.budgetMs,
    estimate: memories.estimate,
    now,
    warn: (error) => log(`${id} goes on without memory`, error),
  })
}

/** The row's, and the call's own. */
export function noteRecollection(
  call: MemoryCall,
  draft: { row: LedgerRow; detail: LedgerDetail },
  { status, reason, additions, memories, tokens, carried }: Recollection,
  ms: number,
): void {
  const newest = call.conversation.turns.at(-1)
  const last = additions.at(-1)
  call.recalled = last && last.entry === newest?.entry ? last.text : null
  call.carried = carried
  const { row, detail } = draft
  noteMemory(draft, status, reason)
  row.memory_ms = Math.round(ms * 1000) / 1000
  row.memories_injected = memories.length
  row.memory_tokens = tokens
  detail.memories = memories
}

/** After the answer, and never in its way. @throws what the engine throws */
export function rememberFor(
  { engine, mode, conversation, carried }: MemoryCall,
  said: Said,
  { answered, heard }: Memories,
): void {
  const { namespace, turns } = conversation
  if (carried !== null && said.mark !== "") answered.note({ namespace, key: turns.at(-1)!.key }, said.mark, carried)
  if (mode.writes) remember(conversation, said, engine, heard)
}
