/** A whole GenerateContentResponse, written. */
import type { JsonObject, Usage } from "../../exchange.ts"
import type { FinishReason, FormAnswer, Part, Reception } from "../form.ts"
import { writeFinish } from "./finish.ts"
import { writeCall, writeMedia } from "./parts.ts"
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

export function writePart(part: Part): JsonObject[] {
  switch (part.kind) {
    case "text":
      return [part.signature ? { text: part.text, thoughtSignature: part.signature } : { text: part.text }]
    case "refusal":
      return [{ text: part.text }]
    case "reasoning":
      return [{ text: part.text, thought: true, ...(part.signature !== null && { thoughtSignature: part.signature }) }]
    case "call":
      return [writeCall(part)]
    case "media":
      return [writeMedia(part)]
    default:
      return []
  }
}
