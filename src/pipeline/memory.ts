/** Memory's two places in the pipeline: before the request goes out, and after its answer. What memory knows and does is `memory/`'s. */
import type { Exchange } from "../app.ts"
import { appendTexts } from "../dialects/append-text.ts"
import { placeText } from "../dialects/place-text.ts"
import type { Asked } from "../dialects/request.ts"
import type { Metered } from "../exchange.ts"
import { markBetween, markOfAnswer } from "../identify/answers.ts"
import { purposeOf } from "../identify/purpose.ts"
import { chainTurns, isUnanswered, scopeKey, type UserTurn } from "../identify/turns.ts"
import { reasonOf } from "../memory/disk-failure.ts"
import { isHeldOut } from "../memory/holdout.ts"
import { MODE_HEADER, readMode } from "../memory/mode.ts"
import { namespaceOf } from "../memory/namespace.ts"
import type { Conversation } from "../memory/recall.ts"
import { type MemoryCall, noteMemory, noteRecollection, recallFor, rememberFor } from "../memory/call.ts"
import type { Choice } from "../route/routes.ts"

/** What memory may do in this call; null: nothing. The row says why. @throws Refusal 400 for a mode that is none */
export function openMemory(exchange: Exchange, choice: Choice): MemoryCall | null {
  const { app, arrival, draft, snapshot } = exchange
  const { reads, writes } = readMode(arrival.headers.get(MODE_HEADER))
  if (!reads && !writes) return null
  try {
    const engine = app.memories.engine(snapshot.config)
    if (!engine) return null
    const unfit = whyUnfit(exchange, choice)
    if (unfit) {
      noteMemory(draft, "skip", unfit)
      return null
    }
    const isHeld = reads && isHeldOut(exchange.identity!.sessionId, snapshot.config.memory.holdout)
    if (!reads || isHeld) noteMemory(draft, "skip", isHeld ? "holdout" : "write-only")
    const mode = { reads: reads && !isHeld, writes: writes && snapshot.config.memory.remember }
    return { engine, mode, conversation: conversationOf(exchange), recalled: null, carried: null }
  } catch (error) {
    app.log(`${draft.row.id} goes on without memory`, error)
    noteMemory(draft, "error", reasonOf(error))
    return null
  }
}

/** In a word, for the header; null: a person's conversation. */
function whyUnfit(
  { arrival, body, endpoint, snapshot, turns }: Exchange,
  { deployment, group }: Choice,
): string | null {
  const { onlyModels, exceptModels } = snapshot.config.memory
  if (endpoint.operation !== "generate") return endpoint.operation
  if (deployment.router) return "router" // it recalls and remembers itself
  if (exceptModels.includes(group) || (onlyModels && !onlyModels.includes(group))) return "model"
  const newest = turns().at(-1)
  if (!newest) return "no-user-turn"
  const purpose = purposeOf({ headers: arrival.headers, body: body!, newest })
  return purpose === "conversation" ? null : purpose
}

/** @throws where the request has no user turn */
function conversationOf({ body, identity, isOwnSession, snapshot, turns }: Exchange): Conversation {
  const { userId, project, sessionId } = identity!
  const namespace = namespaceOf(snapshot.config.memory.scope, userId, project)
  const said = turns()
  const { entries } = body!
  const keys = chainTurns(
    scopeKey(userId),
    said.map(({ hash }) => hash),
  )
  return {
    namespace,
    sessionId,
    isOwnSession,
    turns: said.map((turn: UserTurn, at) => ({
      key: keys[at]!,
      entry: turn.entry,
      get text() {
        return turn.said.toString()
      },
      get answer() {
        return markBetween(entries, turn.entry, said[at + 1]?.entry ?? entries.length)
      },
    })),
    isUnanswered: isUnanswered(said.at(-1)!, body!),
  }
}

/** The request with what memory has to say to it. Whatever goes wrong with memory, the request goes on. */
export async function recall({ app, draft, snapshot }: Exchange, call: MemoryCall, asked: Asked): Promise<Asked> {
  const { memory } = snapshot.config
  const started = app.now()
  const recollection = await recallFor(call, app, memory, draft.row.id)
  noteRecollection(call, draft, recollection, app.now() - started)
  const { additions, newest } = recollection
  try {
    if (memory.position === "tail") return appendTexts(asked, additions)
    const { turns } = call.conversation
    return newest === null ? asked : placeText(asked, memory.position, newest, turns[0]!.entry, turns.at(-1)!.entry)
  } catch (error) {
    app.log(`${draft.row.id} goes on without memory`, error)
    noteMemory(draft, "error", reasonOf(error))
    return asked
  }
}

/** What a person said counts when it was answered, even to a client that left; of a broken answer nothing does. */
export function rememberSaid({ app, arrival, draft }: Exchange, call: MemoryCall, metered: Metered | null): void {
  const { id, outcome, duration_ms } = draft.row
  if (outcome !== "done" && outcome !== "client-left") return
  const said = {
    requestId: id,
    askedAt: arrival.startedAt,
    answeredAt: arrival.startedAt + Math.ceil(duration_ms),
    answer: outcome === "done" ? (metered?.speech ?? "") : "",
    mark: metered && call.carried !== null ? markOfAnswer(metered.speech, metered.calls) : "",
  }
  try {
    rememberFor(call, said, app.memories)
  } catch (error) {
    app.log(`${id} is not remembered`, error)
  }
}
