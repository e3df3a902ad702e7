/**
 * Looks at answers after they were given: content, tool calls and the conversation, in short slices between requests. What cannot be looked at in time is dropped
 * and counted, never waited for. What is looked for is in `quality-*.ts`.
 */
import type { Dialect, LedgerRow, Metered } from "../exchange.ts"
import type { JsonNode } from "../json/json-node.ts"
import type { JsonText } from "../json/json-text.ts"
import type { Utf8Text } from "../json/utf8-text.ts"
import type { Counts } from "../store/counters.ts"
import { countCalls, countForm, type Wanted } from "./quality-answer.ts"
import { beginningOfTurn, createConversations, type Step, type Tools } from "./quality-conversation.ts"
import { countMemories, notesOf } from "./quality-memory.ts"
import { readAnswerSchema, readToolResults, readTools } from "./quality-request.ts"

/** One exchange that was answered, at least in part. The functions are called later, off the request's way. */
export interface Appraisable {
  row: LedgerRow
  metered: Metered
  dialect: Dialect
  /** epoch milliseconds */
  askedAt: number
  isNamedSession: boolean
  /** the client's request, for the size of the queue and for looking up words */
  request: JsonText
  body: JsonNode | null
  turns: () => readonly { hash: number; said: Utf8Text }[]
  /** a person's conversation, and not a title, a probe or a sub-agent's call */
  isConversation: () => boolean
  /** the memories that went in, as one text; null: none */
  memories: string | null
}

export interface Appraiser {
  /** Whether another is taken. One that is not is counted, and nothing need be put together for it. */
  hasRoom(): boolean
  /** Takes less than a microsecond, and one for which there is room. */
  add(exchange: Appraisable): void
  /** Looks at what waits, for two milliseconds at most; what is left has its turn when less is asked. To be called when rows are about to be written. */
  slice(): void
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

/** A busy process spends no more of its time here, and no more at once: what one answer took too long the next ones wait. */
const SHARE = 0.02
const QUIET_SHARE = 0.1
const MOST_SLICE_MS = 2
const PAUSE_MS = 50
/** What waits lives through the collector's rounds: a few hundred cost it little. */
const MOST_WAITING = 300
const LEAST_WAITING = 8
const MOST_BYTES = 8 << 20
const SESSIONS = 5_000
/** How often ended tasks are looked for. */
const SWEEP_MS = 60_000

export function createAppraiser({ tell, onAnswer, now, clock, warn }: AppraiserOptions): Appraiser {
  const conversations = createConversations(SESSIONS)
  const queue: Appraisable[] = []
  let bytes = 0
  let dropped = 0
  /** how many may wait; fewer while there is no end of them */
  let room = MOST_WAITING
  let droppedBefore = 0
  let wasFull = false
  let timer: ReturnType<typeof setTimeout> | null = null
  let lastSlice = 0
  /** milliseconds that may be spent; below zero: more were than might have been */
  let credit = 0
  /** milliseconds one takes, on the average of the last ones */
  let each = 0.05
  let sweptAt = 0

  function hasRoom(): boolean {
    if (queue.length < room && bytes <= MOST_BYTES) return true
    dropped++
    return false
  }

  function add(exchange: Appraisable): void {
    queue.push(exchange)
    bytes += exchange.request.length
  }

  /** In their order, since an answer is judged by what came before it; soon, since a row that is not on disk yet costs no second write. */
  function slice(share = SHARE): void {
    const begun = now()
    credit = Math.min(MOST_SLICE_MS, credit + share * (begun - lastSlice))
    const count = credit > 0 ? Math.min(queue.length, Math.ceil(credit / each)) : 0
    if (count > 0) take(queue.splice(0, count))
    lastSlice = now()
    const took = lastSlice - begun
    credit -= took
    if (count > 0) each += (took / count - each) / 8
    makeRoom(count)
    if (queue.length > 0) timer ??= setTimeout(takeRest, PAUSE_MS)
    if (clock() - sweptAt < SWEEP_MS) return
    sweptAt = clock()
    conversations.sweep(sweptAt, tell)
  }

  /**
   * In a process that is always too busy the last ones in a queue would be looked at when their rows are on disk: what is counted of them would cost a write each.
   * So no more are taken than can be looked at while their rows wait, too.
   */
  function makeRoom(looked: number): void {
    const isFull = dropped > droppedBefore
    if (isFull && wasFull) {
      room = Math.max(LEAST_WAITING, 2 * looked)
      dropped += queue.length
      queue.length = bytes = 0
    } else if (!isFull) room = MOST_WAITING
    wasFull = isFull
    droppedBefore = dropped
  }

  /** Once no new rows are written for a moment, those left over have their turn: nobody waits. */
  function takeRest(): void {
    timer = null
    if (now() - lastSlice < PAUSE_MS) {
      timer = setTimeout(takeRest, PAUSE_MS)
      return
    }
    credit = 0
    slice(QUIET_SHARE)
  }

  function take(exchanges: readonly Appraisable[]): void {
    for (const exchange of exchanges) {
      bytes -= exchange.request.length
      try {
        look(exchange)
      } catch (error) {
        warn(`${exchange.row.id} the quality of its answer is not known`, error)
      }
    }
  }

  function look(exchange: Appraisable): void {
    const { row, metered, dialect, turns } = exchange
    const { body } = exchange
    if (body === null) return
    const { own, calls } = appraise(exchange, body)
    tell(row.id, own)
    const step = stepOf(exchange, body)
    if (!step) return
    conversations.follow(step, { results: readToolResults(dialect, body), calls }, tell)
    if (step.isDone && row.tool_calls === 0 && metered.speech !== "")
      onAnswer({ requestId: row.id, message: turns().at(-1)!.said.toString(), answer: metered.speech })
  }

  return {
    hasRoom,
    add,
    slice: () => slice(),
    backlog: () => ({ waiting: queue.length, dropped }),
    finish() {
      if (timer !== null) clearTimeout(timer)
      timer = null
      take(queue.splice(0))
    },
  }
}

const NO_TOOLS: Wanted["tools"] = new Map()

/** What the answer shows by itself, and which of its calls look good. A broken answer is nobody's form. */
function appraise(exchange: Appraisable, body: JsonNode): { own: Counts; calls: Tools["calls"] } {
  const { row, metered, request, memories } = exchange
  if (row.outcome !== "done") return { own: {}, calls: [] }
  const tools = metered.calls.length > 0 ? readTools(body) : NO_TOOLS
  const wanted = { tools, schema: readAnswerSchema(body), isTranslated: row.dialect_in !== row.dialect_out }
  const { counts, good } = countCalls(metered.calls, wanted)
  const form = countForm({ ...metered, text: metered.speech, callCount: row.tool_calls }, wanted)
  const uptake = memories === null ? {} : countMemories(notesOf(memories), request, metered.speech)
  return {
    own: { ...form, ...counts, ...uptake },
    calls: metered.calls.map((call, at) => ({ ...call, isGood: good[at]! })),
  }
}

/** null: no person's conversation. */
function stepOf(exchange: Appraisable, body: JsonNode): Step | null {
  const { row, metered, askedAt, isNamedSession, memories } = exchange
  const turns = exchange.turns()
  if (row.session_id === null || turns.length === 0 || !exchange.isConversation()) return null
  const entries = body.get("messages") ?? body.get("input") ?? body.get("contents")
  return {
    id: row.id,
    session: `${row.user_id}\n${row.session_id}`,
    isNamed: isNamedSession,
    client: row.client,
    model: row.model,
    askedAt,
    // Whole milliseconds, as `askedAt` is: else a request right after the answer would seem to come before it.
    answeredAt: askedAt + Math.floor(row.duration_ms),
    isDone: row.outcome === "done",
    isTranslated: row.dialect_in !== row.dialect_out,
    turns: turns.map(({ hash }) => hash),
    lastTurn: beginningOfTurn(turns.at(-1)!.said.toString()),
    entries: entries?.isList ? entries.items().length : 1,
    cache: metered.usage && { read: metered.usage.cacheRead, written: metered.usage.cacheWrite },
    hasMemory: memories !== null,
  }
}
