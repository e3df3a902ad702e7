/** How one answer of a model is told from another: by its first words, or the id of its first tool call. Clients resend both as they got them. Pure. */
import type { CalledTool } from "../exchange.ts"
import type { JsonNode } from "../json/json-node.ts"
import { contentOf, stringAt, textOf } from "./prompt.ts"

const MOST_CHARS = 200
/** More than they are, with blanks before them. */
const MOST_BYTES = 1000
const CALLS = new Set(["tool_use", "function", "function_call", "custom_tool_call"])

/** Up to an empty line: what follows may be another part of it. */
function beginning(text: string): string {
  const first = text.trimStart().slice(0, MOST_CHARS)
  const end = first.indexOf("\n\n")
  return (end === -1 ? first : first.slice(0, end)).trimEnd()
}

/** Of an answer as it came. "": there is nothing to tell it by. */
export const markOfAnswer = (speech: string, calls: readonly CalledTool[]): string =>
  beginning(speech) || (calls[0]?.id ?? calls[0]?.name ?? "")

/** Of the first answer in a conversation's entries after `from` and before `to`. "": there is none, or nothing to tell it by. */
export function markBetween(entries: readonly JsonNode[], from: number, to: number): string {
  for (let at = from + 1; at < to; at++) {
    const mark = markIn(entries[at]!)
    if (mark !== "") return mark
  }
  return ""
}

function markIn(entry: JsonNode): string {
  const role = entry.get("role")
  const content = role?.is("assistant") || role?.is("model") ? contentOf(entry) : null
  for (const part of content?.isString ? [content] : (content?.items() ?? [])) {
    const mark = part.get("thought") === null ? saidIn(part) || idOf(part) : ""
    if (mark !== "") return mark
  }
  return idOf(entry.get("tool_calls")?.items()[0] ?? entry)
}

const saidIn = (part: JsonNode) => beginning(textOf(part)?.slice(0, MOST_BYTES).toString() ?? "")

/** Of a tool call in any dialect; Gemini's may have none. */
function idOf(call: JsonNode): string {
  const inner = call.get("functionCall")
  if (inner !== null) return stringAt(inner, "id") ?? stringAt(inner, "name") ?? ""
  return CALLS.has(stringAt(call, "type") ?? "") ? (stringAt(call, "call_id") ?? stringAt(call, "id") ?? "") : ""
}
