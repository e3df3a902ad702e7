/** Responses items that a model makes: reasoning and calls, both ways; and what of an answer's items the form holds. */
import type { JsonObject } from "../../exchange.ts"
import { jsonText, objectsOf, textOf, wordOf } from "../fields.ts"
import type { CallPart, Part, ReasoningPart } from "../form.ts"
import { readContent } from "./content.ts"

/** Null for items that are neither. */
export function readMade(item: JsonObject): CallPart | ReasoningPart | null {
  switch (item["type"]) {
    case "function_call": {
      const namespace = wordOf(item["namespace"])
      return {
        kind: "call",
        id: textOf(item["call_id"]) ?? "",
        name: textOf(item["name"]) ?? "",
        args: jsonText(item["arguments"]),
        form: "json",
        ...(namespace && { namespace }),
      }
    }
    case "custom_tool_call": {
      const namespace = wordOf(item["namespace"])
      return {
        kind: "call",
        id: textOf(item["call_id"]) ?? "",
        name: textOf(item["name"]) ?? "",
        args: textOf(item["input"]) ?? "",
        form: "text",
        ...(namespace && { namespace }),
      }
    }
    case "reasoning":
      return readReasoning(item)
    default:
      return null
  }
}

function readReasoning(item: JsonObject): ReasoningPart {
  const id = wordOf(item["id"])
  const summary = objectsOf(item["summary"])
  const shown = summary.length > 0 ? summary : objectsOf(item["content"])
  return {
    kind: "reasoning",
    text: shown.map((part) => textOf(part["text"]) ?? "").join(SUMMARY_BREAK),
    signature: wordOf(item["encrypted_content"]),
    redacted: false,
    ...(id && { id }),
  }
}

/** Between the parts of one summary. */
export const SUMMARY_BREAK = "\n\n"

export function readOutput(item: JsonObject): Part[] {
  const made = readMade(item)
  if (made) return [made]
  if (item["type"] === "message") return readContent(item["content"])
  if (item["type"] === "image_generation_call" && typeof item["result"] === "string")
    return [
      {
        kind: "media",
        type: "image",
        source: { by: "data", mime: `image/${wordOf(item["output_format"]) ?? "png"}`, data: item["result"] },
      },
    ]
  return [{ kind: "opaque", dialect: "openai-responses", what: textOf(item["type"]) ?? "item", raw: item }]
}

/** A call as an item, without the item's own id. `json`: its arguments where they are JSON. */
export function callItem({ id, name, namespace, args, form }: CallPart, json: string): JsonObject {
  const named: JsonObject = namespace === undefined ? { call_id: id, name } : { call_id: id, name, namespace }
  return form === "text"
    ? { type: "custom_tool_call", ...named, input: args }
    : { type: "function_call", ...named, arguments: json }
}

export function reasoningItem({ text, signature }: ReasoningPart): JsonObject {
  const summary = text === "" ? [] : [{ type: "summary_text", text }]
  return { type: "reasoning", summary, ...(signature !== null && { encrypted_content: signature }) }
}
