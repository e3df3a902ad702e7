/** A whole Chat completion, written. Thinking goes where DeepSeek and LiteLLM put it. */
import type { JsonObject } from "../../exchange.ts"
import type { FormAnswer, MediaPart, Reception } from "../form.ts"
import { answeredCall } from "./calls.ts"
import { writeFinish } from "./finish.ts"
import { thinkingBlock } from "./reasoning.ts"
import { writeUsage } from "./usage.ts"

export function writeAnswer(answer: FormAnswer, to: Reception): JsonObject {
  const { parts, usage, serviceTier } = answer
  const texts = parts.filter((part) => part.kind === "text").map(({ text }) => text)
  const refusal = parts.map((part) => (part.kind === "refusal" ? part.text : "")).join("")
  const calls = parts.filter((part) => part.kind === "call")
  const reasoning = parts.filter((part) => part.kind === "reasoning")
  const images = parts.filter((part) => part.kind === "media" && part.type === "image")
  const message: JsonObject = {
    role: "assistant",
    content: texts.length > 0 ? texts.join("") : null,
    refusal: refusal || null,
    annotations: [],
  }
  const thought = reasoning.map(({ text }) => text).join("")
  if (thought !== "") message["reasoning_content"] = thought
  const blocks = reasoning.filter(({ signature }) => signature !== null).map(thinkingBlock)
  if (blocks.length > 0) message["thinking_blocks"] = blocks
  if (images.length > 0) message["images"] = images.flatMap((image) => (image.kind === "media" ? imageOf(image) : []))
  if (calls.length > 0) message["tool_calls"] = calls.map(answeredCall)
  return {
    id: completionId(answer.id, to),
    object: "chat.completion",
    created: to.created,
    model: answer.model ?? to.model,
    choices: [{ index: 0, message, logprobs: null, finish_reason: writeFinish(answer.finish) }],
    ...(usage && { usage: writeUsage(usage) }),
    ...(serviceTier !== null && { service_tier: serviceTier }),
    system_fingerprint: null,
  }
}

export const completionId = (id: string | null, to: Reception) => id ?? `chatcmpl-${to.id}`

/** OpenRouter's and LiteLLM's place for pictures. */
export function imageOf({ source }: MediaPart): JsonObject[] {
  if (source.by === "id") return []
  const url = source.by === "url" ? source.url : `data:${source.mime};base64,${source.data}`
  return [{ type: "image_url", image_url: { url } }]
}
