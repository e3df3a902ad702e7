/**
 * Looks at answers after they were given: content, tool calls and the conversation, in short slices between requests. What cannot be looked at in time is dropped
 * and counted, never waited for. What is looked for is in `quality-*.ts`.
 */
import type { CalledTool, Dialect, JsonObject, LedgerRow, Metered } from "../exchange.ts"
import type { Counts } from "../store/counters.ts"
import { countCalls, countForm } from "./quality-answer.ts"
import { createConversations, type Step } from "./quality-conversation.ts"
import { countMemories, notesOf } from "./quality-memory.ts"
import { readAftermath, readAnswerSchema, readTools } from "./quality-request.ts"

/** One exchange that was answered, at least in part. The functions are called later, off the request's way. */
export interface Appraisable {
  row: LedgerRow
  metered: Metered
  dialect: Dialect
  /** epoch milliseconds */
  askedAt: number
  isNamedSession: boolean
  /** the client's request, for the size of the queue and for looking up words */
  text: string
  body: () => JsonObject | null
  turns: () => readonly { hash: number; text: string }[]
  /** a person's conversation, and not a title, a probe or a sub-agent's call */
  isConversation: () => boolean
  /** the memories that went in, as one text; null: none */
  memories: string | null
}

export interface Appraiser {
  /** Takes less than a microsecond. */
  add(exchange: Appraisable): void
  backlog(): { waiting: number; dropped: number }
  /** Looks at all that waits. */
  finish(): void
}

export interface AppraiserOptions {
  /** told of each whole answer that ends a person's turn */
  onAnswer: (answer: { requestId: string; message: string; answer: string }) => void
  tell: (id: string, counts: Counts) => void
  /** monotonic milliseconds */
  now: () => number
  /** epoch milliseconds */
  clock: () => number
  warn: (line: string, error: unknown) => void
}

/** Soon enough for what is found to go to disk with its row, late enough for the answer to be on its way. */
const SOON_MS = 1
const SLICE_MS = 2
const MOST_WAITING = 2_000
const MOST_CHARS = 64 << 20
const SESSIONS = 5_000
/** How often ended tasks are looked for. */
const SWEEP_MS = 60_000

export function createAppraiser({ tell, onAnswer, now, clock, warn }: AppraiserOptions): Appraiser {
  const conversations = createConversations(SESSIONS)
  let queue: Appraisable[] = []
  let next = 0
  let chars = 0
  let dropped = 0
  let timer: ReturnType<typeof setTimeout> | null = null
  let sweptAt = 0

  function add(exchange: Appraisable): void {
    if (queue.length - next >= MOST_WAITING || chars > MOST_CHARS) {
      dropped++
      return
    }
    queue.push(exchange)
    chars += exchange.text.length
    timer ??= setTimeout(slice, SOON_MS)
  }

  function slice(): void {
    timer = null
    const until = now() + SLICE_MS
    do takeNext()
    while (next < queue.length && now() < until)
    if (next < queue.length) timer = setTimeout(slice, 0)
    if (clock() - sweptAt < SWEEP_MS) return
    sweptAt = clock()
    conversations.sweep(sweptAt, tell)
  }

  function takeNext(): void {
    const exchange = queue[next++]
    if (next === queue.length) {
      queue = []
      next = 0
    }
    if (!exchange) return
    chars -= exchange.text.length
    try {
      const { own, step } = appraise(exchange)
      tell(exchange.row.id, own)
      if (step) conversations.follow(step, tell)
      const { row, metered } = exchange
      if (step?.isDone && row.tool_calls === 0 && metered.speech !== "")
        onAnswer({ requestId: row.id, message: step.lastTurn, answer: metered.speech })
    } catch (error) {
      warn(`${exchange.row.id} the quality of its answer is not known`, error)
    }
  }

  return {
    add,
    backlog: () => ({ waiting: queue.length - next, dropped }),
    finish() {
      if (timer !== null) clearTimeout(timer)
      timer = null
      while (next < queue.length) takeNext()
    },
  }
}

/** What the answer shows by itself, and its step in the conversation. A broken answer is nobody's form. */
function appraise(exchange: Appraisable): { own: Counts; step: Step | null } {
  const { row, metered, text, memories } = exchange
  const isDone = row.outcome === "done"
  const body = exchange.body()
  if (body === null) return { own: {}, step: null }
  const isTranslated = row.dialect_in !== row.dialect_out
  const tools = metered.calls.length > 0 ? readTools(body) : NO_TOOLS
  const wanted = { tools, schema: readAnswerSchema(body), isTranslated }
  const answer = {
    text: metered.speech,
    calls: metered.calls,
    callCount: row.tool_calls,
    finishReason: metered.finishReason,
    refused: metered.refused,
    outputChars: metered.outputChars,
  }
  const { counts, good } = isDone ? countCalls(metered.calls, wanted) : NO_CALLS
  const form = isDone ? countForm(answer, wanted) : {}
  const uptake = memories !== null && isDone ? countMemories(notesOf(memories), text, metered.speech) : {}
  const step = exchange.isConversation() ? stepOf(exchange, body, isDone ? metered.calls : [], good) : null
  return { own: { ...form, ...counts, ...uptake }, step }
}

const NO_TOOLS = new Map()
const NO_CALLS = { counts: {}, good: [] }

function stepOf(
  exchange: Appraisable,
  body: JsonObject,
  calls: readonly CalledTool[],
  good: readonly boolean[],
): Step | null {
  const { row, metered, dialect, askedAt, isNamedSession, memories } = exchange
  const turns = exchange.turns()
  if (row.session_id === null || turns.length === 0) return null
  const entries = body["messages"] ?? body["input"] ?? body["contents"]
  return {
    id: row.id,
    session: `${row.user_id}\n${row.session_id}`,
    isNamed: isNamedSession,
    client: row.client,
    model: row.model,
    askedAt,
    answeredAt: askedAt + row.duration_ms,
    isDone: row.outcome === "done",
    isTranslated: row.dialect_in !== row.dialect_out,
    turns: turns.map(({ hash }) => hash),
    lastTurn: turns.at(-1)!.text,
    entries: Array.isArray(entries) ? entries.length : 1,
    aftermath: readAftermath(dialect, body),
    calls: calls.map((call, at) => ({ ...call, isGood: good[at] ?? false })),
    cache: metered.usage && { read: metered.usage.cacheRead, written: metered.usage.cacheWrite },
    hasMemory: memories !== null,
  }
}
