/** Quality's place in the pipeline: when an exchange settles, and after. What is counted and what it means is in `usage/quality-*.ts`. */
import type { Exchange } from "../app.ts"
import type { Metered } from "../exchange.ts"
import { JUDGE_CLIENT } from "../identify/clients.ts"
import { purposeOf } from "../identify/purpose.ts"
import type { Counts } from "../store/counters.ts"
import { countDelivery } from "../usage/quality-delivery.ts"
import { scoreOf } from "../usage/quality-score.ts"

/** What the row alone says goes to disk with it. */
export function countSettled({ draft }: Exchange, metered: Metered | null): void {
  const { row, detail, sentAt, started, stalls } = draft
  const counts = countDelivery({ row, metered, stalls, sentAfterMs: sentAt === null ? null : sentAt - started })
  const more = sentAt === null ? null : memoryCounts(draft)
  detail.signals = more === null ? counts : { ...counts, ...more }
  row.quality = scoreOf(detail.signals)
}

/** A session that memory was withheld from is one in which it could have been read. */
function memoryCounts({ row, detail }: Exchange["draft"]): Counts | null {
  if (detail.memory_reason === "holdout") return { memory_on: 1, held_out: 1 }
  if (row.memory_status === "hit") return { memory_on: 1, injected: 1 }
  return row.memory_status === "miss" || row.memory_status === "error" ? { memory_on: 1 } : null
}

/** The rest waits until nobody waits for it. Of what is no generation there is nothing to look at. */
export function appraiseLater(exchange: Exchange, metered: Metered | null): void {
  const { app, arrival, draft, endpoint } = exchange
  const { row } = draft
  if (metered === null || endpoint.operation !== "generate" || row.dialect_in === null) return
  if (row.client === JUDGE_CLIENT || (row.outcome !== "done" && row.outcome !== "client-left")) return
  if (!app.appraiser.hasRoom()) return
  app.appraiser.add({
    row,
    metered,
    dialect: row.dialect_in,
    askedAt: arrival.startedAt,
    isNamedSession: exchange.isOwnSession,
    request: draft.request!,
    body: exchange.body,
    turns: exchange.turns,
    isConversation: () => isConversation(exchange),
    memories: exchange.memory?.recalled ?? null,
  })
}

function isConversation({ arrival, body, turns }: Exchange): boolean {
  const newest = turns().at(-1)
  return newest !== undefined && purposeOf({ headers: arrival.headers, body: body!, newest }) === "conversation"
}
