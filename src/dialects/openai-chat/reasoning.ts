/**
 * Where Chat messages hold thinking: nowhere at OpenAI's own, so everybody has a name for it. Read under all of them; clients get DeepSeek's `reasoning_content`,
 * and LiteLLM's `thinking_blocks` for what is signed (https://docs.litellm.ai/docs/reasoning_content).
 */
import type { JsonObject } from "../../exchange.ts"
import { objectsOf, textOf, wordOf } from "../fields.ts"
import { reasoningMember } from "../fitting.ts"
import type { Destination, ReasoningPart } from "../form.ts"

/** Signed ones first; else the plain text. */
export function readReasoning(message: JsonObject): ReasoningPart[] {
  const blocks = [...objectsOf(message["thinking_blocks"]).map(readBlock), ...readDetails(message)]
  if (blocks.length > 0) return blocks
  const text = wordOf(message["reasoning_content"]) ?? wordOf(message["reasoning"])
  return text ? [{ kind: "reasoning", text, signature: null, redacted: false }] : []
}

const readBlock = (block: JsonObject): ReasoningPart => ({
  kind: "reasoning",
  text: textOf(block["thinking"]) ?? "",
  signature: wordOf(block["signature"]) ?? wordOf(block["data"]),
  redacted: block["type"] === "redacted_thinking",
})

/**
 * OpenRouter's: `reasoning.text` is Claude's with its signature, `reasoning.summary` and then `reasoning.encrypted` OpenAI's, `reasoning.encrypted` alone Claude's redacted.
 * https://openrouter.ai/docs/use-cases/reasoning-tokens#preserving-reasoning
 */
function readDetails(message: JsonObject): ReasoningPart[] {
  const parts: ReasoningPart[] = []
  for (const detail of objectsOf(message["reasoning_details"])) {
    const text = textOf(detail["text"]) ?? textOf(detail["summary"]) ?? ""
    const data = wordOf(detail["data"])
    const last = parts.at(-1)
    if (data !== null && last?.signature === null) last.signature = data
    else if (text !== "" || data !== null || wordOf(detail["signature"]) !== null)
      parts.push({
        kind: "reasoning",
        text,
        signature: data ?? wordOf(detail["signature"]),
        redacted: data !== null,
      })
  }
  return parts
}

/** The signature in a chunk, which comes after the text it signs. */
export function deltaSignatures(delta: JsonObject): { signature: string; redacted: boolean }[] {
  const found = [...objectsOf(delta["thinking_blocks"]), ...objectsOf(delta["reasoning_details"])]
  return found.flatMap((block) => {
    const signature = wordOf(block["signature"]) ?? wordOf(block["data"])
    return signature === null ? [] : [{ signature, redacted: block["type"] === "redacted_thinking" }]
  })
}

export function thinkingBlock({ text, signature, redacted }: ReasoningPart): JsonObject {
  return redacted ? { type: "redacted_thinking", data: signature } : { type: "thinking", thinking: text, signature }
}

/** What an assistant's message tells its provider of the thinking that led to its calls. OpenAI itself wants none. */
export function writeReasoning(parts: readonly ReasoningPart[], to: Destination): JsonObject {
  const name = reasoningMember(to)
  if (name === null) return {}
  const reasoning_details = to.provider === "openrouter" ? parts.flatMap((part) => writeDetails(part, to.model)) : []
  if (reasoning_details.length > 0) return { reasoning_details }
  const text = parts.map((part) => part.text).join("")
  return text === "" ? {} : { [name]: text }
}

function writeDetails({ text, signature, redacted }: ReasoningPart, model: string): JsonObject[] {
  if (signature === null) return []
  const isClaude = model.startsWith("anthropic/")
  const format = isClaude ? "anthropic-claude-v1" : model.startsWith("openai/") ? "openai-responses-v1" : null
  if (isClaude && !redacted) return [{ type: "reasoning.text", text, signature, format }]
  const summary: JsonObject[] = text === "" ? [] : [{ type: "reasoning.summary", summary: text, format }]
  return [...summary, { type: "reasoning.encrypted", data: signature, format }]
}
