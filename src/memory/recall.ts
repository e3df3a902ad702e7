/** What memory adds to one request: a new block for a new user turn, and the blocks that earlier turns carried. It edits no request: see `dialects/append-text.ts`. */
import type { Patience } from "../event-loop/patience.ts"
import type { InjectedMemory } from "../exchange.ts"
import type { SentBlock } from "../store/sent-blocks.ts"
import { writeBlock } from "./block.ts"
import { type MemoryEngine, MemoryFailure, type Recalled } from "./engine.ts"
import { type AnsweredTurns, blockName, NO_BLOCK } from "./answered-turns.ts"
import type { BlockMemo } from "./block-memo.ts"
import { reasonOf } from "./disk-failure.ts"
import type { Namespace } from "./namespace.ts"
import type { SentBlocks, TurnPlace } from "./sent-blocks.ts"

/** What a person said so far. */
export interface Conversation {
  namespace: Namespace
  sessionId: string | null
  /** the client named the session itself: a turn with the same key is the same turn, sent again */
  isOwnSession: boolean
  /** oldest first; `key` stands for the turn and all before it, `entry` says where it is in the request, `answer` is the mark of its answer */
  turns: readonly { key: number; text: string; entry: number; answer: string }[]
  /** the newest turn is new; else its answer is under way (a tool loop) */
  isUnanswered: boolean
}

export interface Recollection {
  status: "hit" | "miss" | "error"
  /** of an error, in a word */
  reason: string | null
  /** one for each turn that carries a block */
  additions: { entry: number; text: string }[]
  /** the newest turn's */
  newest: string | null
  /** those of the newest turn */
  memories: readonly InjectedMemory[]
  tokens: number
  /** the name by which a new turn's answer tells its block (`answered-turns.ts`); null: the client's session does */
  carried: string | null
}

export interface RecallOptions {
  engine: MemoryEngine
  blocks: SentBlocks
  answered: AnsweredTurns
  memo: BlockMemo
  /** with the disk that all of them read */
  patience: Patience
  /** of one block */
  maxTokens: number
  budgetMs: number
  estimate: (text: string) => number
  /** monotonic milliseconds */
  now: () => number
  /** told of every failure */
  warn: (error: unknown) => void
}

/**
 * It does not throw: on any error the newest turn goes out as it came, and the reason is said. Earlier ones go out as they did before all the same: without their blocks
 * the provider would have to read the conversation anew.
 */
export async function recollect(conversation: Conversation, options: RecallOptions): Promise<Recollection> {
  const { turns } = conversation
  let sent: (SentBlock | null)[] = []
  let reason: string | null = null
  try {
    const told = options.patience.within(options.budgetMs, () => {
      sent = findSent(conversation, options, options.blocks.find)
      return sent.at(-1) ?? (conversation.isUnanswered ? recallNewest(conversation, options) : null)
    })
    sent[turns.length - 1] = told instanceof Promise ? await told : told
  } catch (error) {
    if (sent.length === 0) sent = findSent(conversation, options, options.blocks.findRecent)
    const why = reasonOf(error)
    if (why !== "slow") options.warn(error) // that the disk is slow was said when it was
    if (!sent.at(-1)) reason = why
  }
  const additions: { entry: number; text: string }[] = []
  for (let at = 0; at < sent.length; at++)
    if (sent[at]) additions.push({ entry: turns[at]!.entry, text: sent[at]!.text })
  const newest = sent[turns.length - 1]
  const place = { namespace: conversation.namespace, key: turns.at(-1)!.key }
  return {
    status: reason !== null ? "error" : newest ? "hit" : "miss",
    reason,
    additions,
    newest: newest?.text ?? null,
    memories: newest?.memories ?? [],
    tokens: newest?.tokens ?? 0,
    carried: isNewTurn(conversation) ? options.answered.find(place, "") : null,
  }
}

/** What each turn carried when it went out; null: nothing. */
function findSent(
  conversation: Conversation,
  { answered }: RecallOptions,
  find: SentBlocks["find"],
): (SentBlock | null)[] {
  const { namespace, sessionId, isOwnSession, turns } = conversation
  const isNew = isNewTurn(conversation)
  const asked = (isNew ? turns.slice(0, -1) : turns).map((turn) => {
    let name: string | null = null
    return {
      key: turn.key,
      // most turns have no block, and how they were answered is not read
      get sessionId() {
        return isOwnSession ? sessionId : (name ??= answered.find({ namespace, key: turn.key }, turn.answer))
      },
    }
  })
  const sent = find(namespace, asked).map((block, at) => (block && asked[at]!.sessionId === NO_BLOCK ? null : block))
  if (isNew) sent.push(null)
  return sent
}

/** A turn that nobody answered yet, unless the client says by its session that it is the same as before. */
const isNewTurn = ({ isUnanswered, isOwnSession }: Conversation) => isUnanswered && !isOwnSession

/** Once for a user turn: its tool steps, and the same request sent again in its session, get what it got. What is known is told at once. */
function recallNewest(
  conversation: Conversation,
  options: RecallOptions,
): Promise<SentBlock | null> | SentBlock | null {
  const { namespace, sessionId, turns } = conversation
  const { engine, memo, maxTokens } = options
  const place = { namespace, sessionId, key: turns.at(-1)!.key }
  const version = engine.version()
  const known = memo.find(place, maxTokens, version)
  return known === undefined ? recallAnew(conversation, options, place, version) : known
}

async function recallAnew(
  conversation: Conversation,
  options: RecallOptions,
  place: TurnPlace,
  version: string | null,
): Promise<SentBlock | null> {
  const { namespace, turns } = conversation
  const { engine, memo, maxTokens, budgetMs, estimate, now } = options
  const [previous, newest] = [turns.at(-2), turns.at(-1)!]
  const query = { text: newest.text, previous: previous?.text ?? null }
  const recalled = await within(budgetMs, now, () => engine.recall(namespace, query)).catch((error: unknown) => {
    carry(place, conversation, null, options) // what an earlier request for this turn carried, this one does not
    throw error
  })
  const block = writeBlock(recalled, maxTokens, estimate)
  const fresh = block && {
    text: block.text,
    tokens: block.tokens,
    memories: block.recalled.map(({ memory, score, why, tokens }) => ({ id: memory.id, score, why, tokens })),
  }
  carry(place, conversation, fresh, options)
  memo.keep(place, maxTokens, version, fresh)
  return fresh
}

/** From now on the turn is one that went out with this. */
function carry(
  place: TurnPlace,
  { isOwnSession }: Conversation,
  block: SentBlock | null,
  { blocks, answered }: RecallOptions,
): void {
  if (isOwnSession) return block ? blocks.put(place, block) : blocks.remove(place)
  const name = blockName(block?.text ?? null)
  answered.note(place, "", name)
  if (block) blocks.put({ ...place, sessionId: name }, block)
}

/** @throws MemoryFailure `timeout`, also for an engine that kept this thread so long */
async function within(
  budgetMs: number,
  now: () => number,
  recall: () => Promise<readonly Recalled[]> | readonly Recalled[],
): Promise<readonly Recalled[]> {
  const started = now()
  const answer = recall()
  const recalled = answer instanceof Promise ? await orLate(answer, budgetMs) : answer
  if (now() - started > budgetMs) throw tooLate(budgetMs)
  return recalled
}

async function orLate<T>(answer: Promise<T>, budgetMs: number): Promise<T> {
  const late = Promise.withResolvers<never>()
  const timer = setTimeout(() => late.reject(tooLate(budgetMs)), budgetMs)
  try {
    return await Promise.race([answer, late.promise])
  } finally {
    clearTimeout(timer)
    answer.catch(() => {}) // its failure after the deadline is nobody's any more
  }
}

const tooLate = (budgetMs: number) => new MemoryFailure("timeout", `memory took longer than ${budgetMs} ms`)
