/** What people, and a judging model, say about an answer: kept in their words, and counted on its row. The newest word of each on a request is the one that counts. */
import type { Database } from "bun:sqlite"
import { Refusal } from "../exchange.ts"
import type { Counts } from "./counters.ts"
import { addToRow, type ScoreOf } from "./late-counts.ts"

export interface Feedback {
  /** one of the two; of a session its newest whole answer is meant */
  requestId: string | null
  sessionId: string | null
  /** only this user's requests may be rated; null: everybody's */
  userId: string | null
  /** -1 (bad) to 1 (good) */
  score: number
  comment: string | null
  source: "api" | "mcp" | "dashboard" | "judge"
  /** epoch milliseconds */
  at: number
}

/** No index knows sessions: among the newest rows it is found in milliseconds, and people speak of what was just said. */
const OF_SESSION = "session_id = ?1 AND rowid > (SELECT max(rowid) FROM requests) - 100000"

/** @returns the id of the request that was rated. @throws Refusal 404 where there is none */
export function rate(db: Database, feedback: Feedback, scoreOf: ScoreOf): string {
  const { requestId, sessionId, userId, score, comment, source, at } = feedback
  const [where, named] = requestId !== null ? ["id = ?1", requestId] : [OF_SESSION, sessionId ?? ""]
  return db
    .transaction(() => {
      const id = db
        .query<{ id: string }, [string, string | null]>(
          `SELECT id FROM requests WHERE ${where} AND coalesce(user_id = ?2, ?2 IS NULL)
             AND outcome = 'done' AND operation IN ('generate', 'completions', 'passthrough')
           ORDER BY started_at DESC, id DESC LIMIT 1`,
        )
        .get(named, userId)?.id
      if (id === undefined) throw notFound(requestId !== null ? "request" : "session", named)
      db.query("INSERT INTO feedback (request_id, created_at, score, comment, source) VALUES (?, ?, ?, ?, ?)").run(
        id,
        at,
        score,
        comment,
        source,
      )
      addToRow(db, id, (counts) => said(counts, source === "judge" ? JUDGE : PEOPLE, score), scoreOf)
      return id
    })
    .immediate()
}

const PEOPLE = ["rated", "rating"] as const
const JUDGE = ["judged", "judgement"] as const

/** The change that a score makes to the row's counts; where both have spoken, whether they are on one side. */
function said(counts: Counts, [times, sum]: typeof PEOPLE | typeof JUDGE, score: number): Counts {
  const now: Counts = { ...counts, [times]: 1, [sum]: Math.round((score + 1) * 500) }
  if (now.rated && now.judged) {
    now.compared = 1
    now.agreed = (now.rating ?? 0) >= 500 === (now.judgement ?? 0) >= 500 ? 1 : 0
  }
  return Object.fromEntries(CHANGED.map((name) => [name, (now[name] ?? 0) - (counts[name] ?? 0)]))
}

const CHANGED = [...PEOPLE, ...JUDGE, "compared", "agreed"] as const

/** Newest first. */
export function feedbackOn(db: Database, requestId: string) {
  return db
    .query<{ score: number; comment: string | null; source: string; created_at: number }, [string]>(
      "SELECT score, comment, source, created_at FROM feedback WHERE request_id = ? ORDER BY id DESC",
    )
    .all(requestId)
    .map(({ created_at, ...rest }) => ({ ...rest, created_at: new Date(created_at).toISOString() }))
}

const notFound = (what: "request" | "session", id: string) =>
  new Refusal(404, "not_found", `No ${what} "${id.slice(0, 80)}" has an answer that could be rated.`, {
    code: `${what}_not_found`,
    param: `${what}_id`,
  })
