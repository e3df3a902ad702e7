/** A whole Anthropic message, written. */
import type { JsonObject } from "../../exchange.ts"
import type { FormAnswer, MediaPart, Part, Reception } from "../form.ts"
import { writeCall } from "./blocks.ts"
import { writeFinish } from "./finish.ts"
import { writeUsage } from "./usage.ts"

export function writeAnswer(answer: FormAnswer, to: Reception): JsonObject {
  return {
    id: messageId(answer.id, to),
    type: "message",
    role: "assistant",
    model: answer.model ?? to.model,
    content: answer.parts.flatMap(writePart),
    stop_reason: writeFinish(answer.finish),
    stop_sequence: answer.stopSequence,
    usage: writeUsage(answer.usage),
  }
}

export const messageId = (id: string | null, to: Reception) =>
  id?.startsWith("msg_") ? id : `msg_${to.id.replaceAll("-", "")}`

function writePart(part: Part): JsonObject[] {
  switch (part.kind) {
    case "text":
    case "refusal":
      return part.text === "" ? [] : [{ type: "text", text: part.text, citations: null }]
    case "reasoning":
      if (part.redacted && part.signature === null) return []
      return [
        part.redacted
          ? { type: "redacted_thinking", data: part.signature }
          : { type: "thinking", thinking: part.text, signature: part.signature ?? "" },
      ]
    case "call":
      return [writeCall(part)]
    case "media":
      return [{ type: "text", text: mediaText(part) }]
    default:
      return []
  }
}

/** Claude makes no pictures, so its clients have no place for one but a link in the text. */
export function mediaText({ type, source }: MediaPart): string {
  if (source.by === "id") return `[${type} ${source.id}]`
  return `![${type}](${source.by === "url" ? source.url : `data:${source.mime};base64,${source.data}`})`
}
