/** What a row keeps beside its columns, as JSON. Most rows say the same here, word for word: such a text is kept once, and they name it by its number. */
import type { Database } from "bun:sqlite"
import type { LedgerDetail } from "../exchange.ts"

/** What is not in a column of its own. */
export type Rest = Omit<LedgerDetail, "operation" | "project_key" | "signals" | "sent_ms" | "answered_ms" | "trace">

/** The text behind a row's `detail`, number or not. */
export const DETAIL = "coalesce((SELECT text FROM details WHERE number = detail), detail) AS detail"

export interface Details {
  /** What to write as the row's `detail`, within the transaction that writes the row. */
  of(detail: Rest): string | number
  /** That transaction was rolled back. */
  forget(): void
}

/** Model names may come from clients: past these, texts are kept in their rows. */
const MOST_KEPT = 1000
const KEEP = `INSERT INTO details (text) SELECT ?1 WHERE (SELECT count(*) FROM details) < ${MOST_KEPT}
  ON CONFLICT (text) DO NOTHING`

export function createDetails(db: Database): Details {
  const known = new Map<string, string | number>()
  let last: Rest | null = null
  let lastKept: string | number = ""

  function keep(text: string): string | number {
    let kept = known.get(text)
    if (kept === undefined) {
      db.query(KEEP).run(text)
      const found = db.query<{ number: number }, [string]>("SELECT number FROM details WHERE text = ?").get(text)
      if (known.size >= MOST_KEPT) known.clear()
      known.set(text, (kept = found?.number ?? text))
    }
    return kept
  }

  return {
    of(detail) {
      if (last === null || !isSame(last, detail)) {
        const text = textOf(detail)
        lastKept = isOfOneRow(detail) ? text : keep(text)
        last = detail
      }
      return lastKept
    },
    forget() {
      known.clear()
      last = null
    },
  }
}

/** As the JSON of another, without making it; a request sent again gets the same list of memories, and of two empty ones it does not matter which. */
const isSame = (one: Rest, other: Rest) =>
  one.unit_prices === other.unit_prices &&
  one.deployment_id === other.deployment_id &&
  one.service_tier === other.service_tier &&
  one.answered_model === other.answered_model &&
  one.audio === other.audio &&
  one.web_searches === other.web_searches &&
  one.router === other.router &&
  one.memory_reason === other.memory_reason &&
  (one.memories === other.memories || one.memories.length + other.memories.length === 0)

const isOfOneRow = ({ audio, web_searches, router, memories }: Rest) =>
  audio !== null || web_searches !== undefined || router !== null || memories.length > 0

function textOf(detail: Rest): string {
  const { unit_prices, deployment_id, service_tier, answered_model, audio, router, memory_reason, memories } = detail
  const { web_searches } = detail
  return JSON.stringify({
    unit_prices,
    deployment_id,
    service_tier,
    answered_model,
    audio,
    web_searches,
    router,
    memory_reason,
    memories,
  })
}
