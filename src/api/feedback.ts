/** `/api/feedback`: people say how good an answer was. What it counts for is the store's; `readRating` serves the MCP tool too. */
import { Elysia } from "elysia"
import type { Feedback } from "../store/feedback.ts"
import { invalid, parseObject } from "./body.ts"
import { amount, created, jsonBody, object, text } from "./documentation.ts"
import type { AnalyticsDeps } from "./requests.ts"

interface FeedbackDeps extends AnalyticsDeps {
  readBody: (request: Request) => Promise<string>
  /** epoch milliseconds of the request's arrival */
  arrivedAt: (request: Request) => number
}

export function feedbackApi({ ledger, scope, readBody, arrivedAt }: FeedbackDeps) {
  return new Elysia({ name: "api-feedback" }).post(
    "/api/feedback",
    async ({ request }) => {
      const { userId } = scope(request)
      const rating = readRating(parseObject(await readBody(request), SAYS))
      // A browser on a page of ours: the dashboard. Others do not send the header.
      const source = request.headers.has("sec-fetch-site") ? "dashboard" : "api"
      const id = await ledger.rate({ ...rating, userId, source, at: arrivedAt(request) })
      return Response.json({ request_id: id, score: rating.score }, { status: 201 })
    },
    {
      parse: "none",
      detail: {
        tags: ["analytics"],
        summary: "Say how good an answer was",
        description:
          "Of a request (`x-memproxy-request-id` of the answer), or of a session: then its newest answer is meant. The newest word on an answer counts.",
        requestBody: FEEDBACK_BODY,
        responses: FEEDBACK_ANSWERS,
      },
    },
  )
}

const SAYS = 'Send {"request_id": "…", "score": 1}.'
const MOST_COMMENT = 4_000

/** @throws Refusal 400 naming the field and what it may be */
export function readRating(
  body: Readonly<Record<string, unknown>>,
): Pick<Feedback, "requestId" | "sessionId" | "score" | "comment"> {
  const requestId = idOf(body, "request_id")
  const sessionId = idOf(body, "session_id")
  if ((requestId === null) === (sessionId === null))
    throw invalid("request_id", 'Send either "request_id" or "session_id".')
  const { score, comment = null } = body
  if (typeof score !== "number" || !(score >= -1 && score <= 1))
    throw invalid("score", '"score" must be a number from -1 (bad) to 1 (good).')
  if (comment !== null && (typeof comment !== "string" || comment.length > MOST_COMMENT))
    throw invalid("comment", `"comment" must be a text of at most ${MOST_COMMENT} characters.`)
  return { requestId, sessionId, score, comment }
}

function idOf(body: Readonly<Record<string, unknown>>, name: string): string | null {
  const value = body[name] ?? null
  if (value !== null && (typeof value !== "string" || value === "" || value.length > 256))
    throw invalid(name, `"${name}" must be a text of 1 to 256 characters.`)
  return value
}

const FEEDBACK_BODY = jsonBody({
  type: "object",
  required: ["score"],
  properties: {
    request_id: { type: "string" },
    session_id: { type: "string", description: "instead of request_id" },
    score: { type: "number", minimum: -1, maximum: 1, description: "-1 (bad) to 1 (good)" },
    comment: { type: "string" },
  },
})

const FEEDBACK_ANSWERS = created(
  object({ request_id: text("the answer that was rated"), score: amount() }),
  400,
  401,
  404,
  413,
)
