/** A whole GenerateContentResponse, written. */
import type { JsonObject, Usage } from "../../exchange.ts"
import type { FinishReason, FormAnswer, Reception } from "../form.ts"
import { writeFinish } from "./finish.ts"
import { writePart } from "./parts.ts"
import { writeUsage } from "./usage.ts"

export function writeAnswer(answer: FormAnswer, to: Reception): JsonObject {
  const { id, model, parts, finish, usage } = answer
  return writeResponse(parts.flatMap(writePart), headOf(id, model, to), finish, usage)
}

/** What every response of an answer says of itself. */
export const headOf = (id: string | null, model: string | null, to: Reception): JsonObject => ({
  modelVersion: model ?? to.model,
  responseId: id ?? to.id,
})

export function writeResponse(
  parts: JsonObject[],
  head: JsonObject,
  finish: FinishReason | null,
  usage: Usage | null,
): JsonObject {
  const candidate: JsonObject = { content: { role: "model", parts }, index: 0 }
  if (finish !== null) candidate["finishReason"] = writeFinish(finish)
  return { candidates: [candidate], ...(usage && { usageMetadata: writeUsage(usage) }), ...head }
}
