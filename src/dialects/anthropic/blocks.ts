/** Anthropic's content blocks, both ways; results of tools are the request's business. */
import type { JsonObject } from "../../exchange.ts"
import { readCache, writeCache } from "../cache-mark.ts"
import { safeCallId } from "../call-ids.ts"
import { argumentsObject, jsonText, textOf, wordOf } from "../fields.ts"
import type { CallPart, Part, ReasoningPart } from "../form.ts"
import { readMedia, readSearchResult } from "./media.ts"

export function readBlock(block: JsonObject): Part {
  switch (block["type"]) {
    case "text":
      return { kind: "text", text: textOf(block["text"]) ?? "", ...readCache(block["cache_control"]) }
    case "thinking":
      return {
        kind: "reasoning",
        text: textOf(block["thinking"]) ?? "",
        signature: wordOf(block["signature"]),
        redacted: false,
      }
    case "redacted_thinking":
      return { kind: "reasoning", text: "", signature: wordOf(block["data"]), redacted: true }
    case "tool_use":
      return {
        kind: "call",
        id: textOf(block["id"]) ?? "",
        name: textOf(block["name"]) ?? "",
        args: jsonText(block["input"]),
        form: "json",
        ...readCache(block["cache_control"]),
      }
    case "image":
    case "document":
      return readMedia(block) ?? opaque(block)
    case "tool_reference":
      // to others the tool itself is sent, wherever it was found
      return { kind: "text", text: `Found the tool ${textOf(block["tool_name"]) ?? ""}.` }
    case "search_result":
      return readSearchResult(block)
    default:
      return opaque(block)
  }
}

const opaque = (block: JsonObject): Part => ({
  kind: "opaque",
  dialect: "anthropic",
  what: textOf(block["type"]) ?? "block",
  raw: block,
})

/** Null for thinking that nobody signed: Anthropic refuses it. */
export function writeReasoning({ text, signature, redacted }: ReasoningPart): JsonObject | null {
  if (signature === null) return null
  return redacted ? { type: "redacted_thinking", data: signature } : { type: "thinking", thinking: text, signature }
}

export function writeCall({ id, name, args, cache }: CallPart): JsonObject {
  const block: JsonObject = { type: "tool_use", id: safeCallId(id), name, input: argumentsObject(args) }
  if (cache) block["cache_control"] = writeCache(cache)
  return block
}
