/** `mock_response`: an answer in the caller's dialect that no provider made. Loaded by the first such call. */
import type { Exchange } from "../app.ts"
import type { Asked } from "../dialects/request.ts"
import { parseBody } from "../dialects/request.ts"
import { lastUserText, mockAnswer } from "../dialects/translation/mock.ts"
import type { Answer } from "../http/answer.ts"
import { replyOwn } from "../http/reply.ts"
import { JsonText } from "../json/json-text.ts"
import { joinPieces, type Pieces } from "../json/pieces.ts"

/** `echo` answers with the last user message as the provider would have received it, which is `sent`. */
export function answerMock(exchange: Exchange, asked: Asked, mock: string, sent: Pieces): Promise<Answer> {
  const { app, arrival, draft, endpoint } = exchange
  draft.tap?.sent(sent)
  draft.sentAt = draft.answeredAt = app.now()
  const { contentType, text } = mockAnswer(asked, {
    text: mock === "echo" ? lastUserText(endpoint.dialect, parseBody({ text: JsonText.of(joinPieces(sent)) })) : mock,
    id: draft.row.id,
    created: Math.floor(arrival.startedAt / 1000),
    wantsArray: endpoint.dialect === "gemini" && !arrival.query.includes("alt=sse"),
  })
  return replyOwn(exchange, text, contentType, asked.stream)
}
