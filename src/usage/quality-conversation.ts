/**
 * What a conversation's next request says of the answer before it: tools that failed, the answer asked for again, a correction, thanks. It remembers for each session
 * its last answer, bounded and in memory: after a restart the first answers are not followed, which favours nobody. No clock; it stores nothing itself.
 */
import type { Counts } from "../store/counters.ts"
import { hasEditFailed, hasFailed, isEditTool, type ToolResult } from "./quality-results.ts"
import { similarity } from "./quality-text.ts"
import { verdictOf } from "./quality-words.ts"

/** One answered request of a conversation. Times in epoch milliseconds. */
export interface Step {
  id: string
  /** opaque: of the user and the session */
  session: string
  /** the client named the session: without that, one request sent again may be another that is alike */
  isNamed: boolean
  client: string | null
  model: string | null
  askedAt: number
  answeredAt: number
  /** the answer is whole */
  isDone: boolean
  /** the client may know the calls by other ids */
  isTranslated: boolean
  /** one hash for each user turn, and the words of the last as `beginningOfTurn` gives them */
  turns: readonly number[]
  lastTurn: string
  /** entries of the request: messages, items, contents */
  entries: number
  cache: { read: number; written: number } | null
  hasMemory: boolean
}

/** The tools of a step: what became of earlier calls, and those its answer made. */
export interface Tools {
  results: readonly ToolResult[]
  calls: readonly { id: string | null; name: string; arguments: string; isGood: boolean }[]
}

export interface Conversations {
  /** Takes a step, and tells what it says of it and of earlier ones. */
  follow(step: Step, tools: Tools, tell: (id: string, counts: Counts) => void): void
  /** Ends the tasks that have been silent for half an hour. */
  sweep(now: number, tell: (id: string, counts: Counts) => void): void
  size(): number
}

const REGENERATED_WITHIN_MS = 10 * 60_000
const TASK_GAP_MS = 30 * 60_000
/** Anthropic's shorter time to live; OpenAI's is 5 to 10 minutes. */
const CACHE_TTL_MS = 5 * 60_000
const ALIKE = 0.7
const LOOP = 3
/** One more than what is taken for a reply, so that a long turn is seen to be one. */
const KEPT_CHARS = 1_001
const MOST_OPEN_CALLS = 200
const MOST_DIFFERENT_CALLS = 500

interface OpenCall {
  requestId: string
  name: string
  isGood: boolean
}

/** Most sessions call no tool: they have no maps. */
interface Session {
  last: Step
  /** calls whose results were not seen yet, by id; without ids in their order */
  open: Map<string, OpenCall> | null
  /** how often each call was made */
  made: Map<string, number> | null
  /** user turns of the task under way */
  taskTurns: number
}

export function createConversations(limit: number): Conversations {
  /** least recently used first */
  const sessions = new Map<string, Session>()
  /** of unnamed ones, by all turns but the last: a turn that was edited makes a session of its own */
  const beginnings = new Map<string, string>()

  function find(step: Step): Session | undefined {
    const known = sessions.get(step.session)
    if (known || step.isNamed || step.turns.length < 2) return known
    const session = sessions.get(beginnings.get(beginningOf(step)) ?? "")
    return session?.last.client === step.client ? session : undefined
  }

  function follow(step: Step, { results, calls }: Tools, tell: (id: string, counts: Counts) => void): void {
    const before = find(step)
    if (before && step.answeredAt < before.last.askedAt) return // looked at late: the session has gone on since
    sessions.delete(before?.last.session ?? step.session)
    const session: Session = before ?? { last: step, open: null, made: null, taskTurns: 0 }
    if (before) {
      readResults(session, step.client, results, tell)
      const counts = judge(session.last, step)
      if (counts) tell(session.last.id, counts)
      if (isBrokenCache(session.last, step)) tell(step.id, brokenCache(session.last, step))
      else if (isCacheable(session.last, step)) tell(step.id, { cacheable: 1 })
    }
    countTurns(session, step, before !== undefined, tell)
    if (calls.length > 0) {
      const loops = countLoops((session.made ??= new Map()), calls)
      if (loops > 0) tell(step.id, { loops })
      keepCalls((session.open ??= new Map()), step.id, calls)
    }
    session.last = step
    sessions.set(step.session, session)
    if (!step.isNamed && step.turns.length > 1) {
      beginnings.set(beginningOf(step), step.session)
      if (beginnings.size > limit) beginnings.delete(beginnings.keys().next().value!)
    }
    if (sessions.size > limit) sessions.delete(sessions.keys().next().value!)
  }

  function sweep(now: number, tell: (id: string, counts: Counts) => void): void {
    for (const session of sessions.values()) {
      if (now - session.last.answeredAt < TASK_GAP_MS) return
      endTask(session, tell)
      sessions.delete(session.last.session)
    }
  }

  return { follow, sweep, size: () => sessions.size }
}

/** Of the user and all turns but the last. */
function beginningOf({ session, turns }: Step): string {
  let high = turns.length
  let low = 0
  for (const turn of turns.slice(0, -1)) {
    high = Math.imul(high ^ Math.floor(turn / 2 ** 32), 0x85ebca6b)
    low = Math.imul(low ^ turn, 0xc2b2ae35) ^ (low >>> 15)
  }
  return `${session.slice(0, session.indexOf("\n"))}\n${high} ${low}`
}

/** A part of a long text would keep all of it. */
export const beginningOfTurn = (text: string) => Buffer.from(text.slice(0, KEPT_CHARS)).toString()

/** Group E: what the person made of the last answer. null: nothing can be said. */
function judge(last: Step, step: Step): Counts | null {
  if (!last.isDone || last.turns.length === 0 || step.askedAt < last.answeredAt) return null
  const common = commonTurns(last.turns, step.turns)
  if (common === last.turns.length && step.turns.length > common) return judgeNextTurn(last, step)
  if (step.turns.length !== last.turns.length) return null
  if (common === last.turns.length) return isRegenerated(last, step) ? { followed: 1, regenerated: 1 } : null
  const isResent = common === last.turns.length - 1 && (common > 0 || last.isNamed)
  if (!isResent || step.entries > last.entries || similarity(last.lastTurn, step.lastTurn) <= ALIKE) return null
  return { followed: 1, resent: 1 }
}

function judgeNextTurn(last: Step, step: Step): Counts {
  const counts: Counts = { followed: 1, answered_turns: 1 }
  const verdict = verdictOf(step.lastTurn)
  if (verdict !== null) counts[verdict] = 1
  if (verdict !== "corrected") counts.accepted = 1
  if (step.model !== last.model) counts.switched = 1
  return counts
}

/** The same request again. What has grown since is a tool loop, and a first question alone may be another's that is the same. */
const isRegenerated = (last: Step, step: Step) =>
  step.entries <= last.entries &&
  step.askedAt - last.answeredAt <= REGENERATED_WITHIN_MS &&
  (last.isNamed || last.turns.length > 1)

function commonTurns(one: readonly number[], other: readonly number[]): number {
  let at = 0
  while (at < one.length && one[at] === other[at]) at++
  return at
}

/** Signals 20 and 22: told of the request whose answer made the call. */
function readResults(
  session: Session,
  client: string | null,
  results: readonly ToolResult[],
  tell: (id: string, counts: Counts) => void,
): void {
  if (session.open === null) return
  for (const result of results) {
    const call = takeCall(session.open, result, session.last)
    if (!call) continue
    const isFailed = hasFailed(result, client)
    const counts: Counts = { results: 1 }
    if (isEditTool(call.name)) {
      counts.edits = 1
      if (hasEditFailed(result)) counts.edits_failed = 1
    }
    const isBad = isFailed || counts.edits_failed === 1
    if (!isBad) counts.results_ok = 1
    else if (call.isGood) counts.calls_good = -1
    tell(call.requestId, counts)
  }
}

/** Gemini's results have no id but from clients that make one, and a translated call may get another: they come in the order of the calls. */
function takeCall(open: Map<string, OpenCall>, { id, name }: ToolResult, last: Step): OpenCall | null {
  let key = id !== null && open.has(id) ? id : null
  if (key === null && name !== null) key = [...open].find(([, call]) => call.name === name)?.[0] ?? null
  if (key === null && last.isTranslated) key = [...open].find(([, call]) => call.requestId === last.id)?.[0] ?? null
  if (key === null) return null
  const call = open.get(key)!
  open.delete(key)
  return call
}

function keepCalls(open: Map<string, OpenCall>, id: string, calls: Tools["calls"]): void {
  for (const [at, { id: callId, name, isGood }] of calls.entries())
    open.set(callId ?? `${id} ${at}`, { requestId: id, name, isGood })
  for (const key of open.keys()) {
    if (open.size <= MOST_OPEN_CALLS) return
    open.delete(key)
  }
}

/** Signal 21: the third and every further one of the same call in a session. */
function countLoops(made: Map<string, number>, calls: Tools["calls"]): number {
  let loops = 0
  for (const call of calls) {
    const key = `${call.name} ${canonical(call.arguments)}`
    const times = (made.get(key) ?? 0) + 1
    made.delete(key)
    made.set(key, times)
    if (times >= LOOP) loops++
    if (made.size > MOST_DIFFERENT_CALLS) made.delete(made.keys().next().value!)
  }
  return loops
}

const MOST_ARGUMENTS = 4_000

/** The same in any order of keys and any spacing. Long ones are told by their length and their beginning. */
function canonical(text: string): string {
  if (text.length > MOST_ARGUMENTS) return `${text.length} ${beginningOfTurn(text)}`
  try {
    return JSON.stringify(JSON.parse(text), (_, value) =>
      typeof value === "object" && value !== null && !Array.isArray(value)
        ? Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)))
        : value,
    )
  } catch {
    return text // no JSON: as it is
  }
}

/** Signal 27. A task is the user turns between two silences; it is told of its last answer. */
function countTurns(session: Session, step: Step, isKnown: boolean, tell: (id: string, counts: Counts) => void): void {
  const isNewTurn = !isKnown || (step.turns.length > 0 && step.turns.at(-1) !== session.last.turns.at(-1))
  if (isKnown && step.askedAt - session.last.answeredAt > TASK_GAP_MS) endTask(session, tell)
  if (isNewTurn || session.taskTurns === 0) session.taskTurns++
}

function endTask(session: Session, tell: (id: string, counts: Counts) => void): void {
  if (session.taskTurns > 0) tell(session.last.id, { tasks: 1, task_turns: session.taskTurns })
  session.taskTurns = 0
}

/** Signal 32: the conversation goes on where the last request had the cache filled, and soon enough. */
function isCacheable(last: Step, step: Step): boolean {
  return (
    step.cache !== null &&
    step.isDone &&
    last.cache !== null &&
    last.cache.read + last.cache.written > 0 &&
    step.askedAt - last.answeredAt < CACHE_TTL_MS &&
    step.entries >= last.entries &&
    commonTurns(last.turns, step.turns) === last.turns.length
  )
}

const isBrokenCache = (last: Step, step: Step) => isCacheable(last, step) && step.cache!.read === 0

function brokenCache(last: Step, step: Step): Counts {
  const cause =
    step.model !== last.model
      ? "broken_by_model"
      : step.hasMemory || last.hasMemory
        ? "broken_by_memory"
        : "broken_otherwise"
  return { cacheable: 1, cache_broken: 1, [cause]: 1 }
}
