/** Puts a text where LiteLLM Memory Proxy's `injection_strategy` wants it: into the system prompt, or before the first user message. See `append-text.ts` for the place that keeps caches. */

import type { Json } from "../exchange.ts"
import { JsonText } from "../json/json-text.ts"
import { joinPieces } from "../json/pieces.ts"
import { appendTexts, findConversation } from "./append-text.ts"
import { asObject } from "./params.ts"
import { emptyPlan, planEdits } from "./plan.ts"
import { type Asked, readRequest } from "./request.ts"
import { lastMember, scanArray, scanObject, valueText } from "../json/scan.ts"
import { type Edit, splice } from "./splice.ts"

/** `dual`: a system message of its own, where the dialect has such; else like `system`. */
export type Position = "system" | "user_prefix" | "user_suffix" | "dual"

/** `first` and `newest` are the user's messages, as indexes of the conversation; -1: an `input` that is a text. */
export function placeText(asked: Asked, position: Position, text: string, first: number, newest: number): Asked {
  if (position === "user_suffix") return appendTexts(asked, [{ entry: newest, text }])
  const edits =
    position === "user_prefix"
      ? prefixEdits(asked, first, text)
      : asked.endpoint.dialect === "openai-chat"
        ? systemMessageEdits(asked, text, position === "dual")
        : systemEdits(asked, text)
  return edits.length === 0 ? asked : readRequest(asked.endpoint, JsonText.of(joinPieces(splice(asked.text, edits))))
}

const insert = (at: number, text: string): Edit => ({ start: at, end: at, text })

function prefixEdits(asked: Asked, entry: number, text: string): Edit[] {
  const conversation = findConversation(asked)
  if (!conversation) return []
  const { value } = conversation
  const message = entry < 0 ? null : scanArray(asked.text, value.start)[entry]
  const members = message ? scanObject(asked.text, message.start) : []
  const content = message ? (lastMember(members, "content") ?? lastMember(members, "parts"))?.value : value
  const json = JSON.stringify(`${text}\n\n---\n\n`)
  if (!content) return []
  if (asked.text.startsWith('"', content.start)) return [insert(content.start + 1, json.slice(1, -1))]
  if (!asked.text.startsWith("[", content.start)) return []
  const type = conversation.key === "input" ? "input_text" : "text"
  const part = asked.endpoint.dialect === "gemini" ? `{"text":${json}}` : `{"type":"${type}","text":${json}}`
  return [insert(content.start + 1, `${part},`)]
}

function systemMessageEdits(asked: Asked, text: string, isOwn: boolean): Edit[] {
  const conversation = findConversation(asked)
  if (!conversation || !asked.text.startsWith("[", conversation.value.start)) return []
  const messages = scanArray(asked.text, conversation.value.start)
  const at = messages.findIndex((message) => isSystem(JSON.parse(asked.text.slice(message.start, message.end)) as Json))
  const message = `{"role":"system","content":${JSON.stringify(text)}}`
  const found = messages[at]
  if (!found) return [insert(conversation.value.start + 1, messages.length > 0 ? `${message},` : message)]
  if (isOwn) return [insert(found.end, `,${message}`)]
  const content = lastMember(scanObject(asked.text, found.start), "content")
  if (!content) return []
  const grown = grow(JSON.parse(valueText(asked.text, content)) as Json, text)
  return [{ ...content.value, text: JSON.stringify(grown) }]
}

const isSystem = (message: Json) => ["system", "developer"].includes(String(asObject(message).role))

function systemEdits(asked: Asked, text: string): Edit[] {
  const plan = emptyPlan()
  const key =
    SYSTEM_KEYS[asked.endpoint.dialect].find((one) => lastMember(asked.members, one)) ??
    SYSTEM_KEYS[asked.endpoint.dialect][0]!
  const member = lastMember(asked.members, key)
  const value = member ? (JSON.parse(valueText(asked.text, member)) as Json) : null
  if (asked.endpoint.dialect !== "gemini") plan.put.set(key, grow(value, text))
  else {
    const { parts } = asObject(value ?? {})
    plan.put.set(key, { ...asObject(value ?? {}), parts: [...(Array.isArray(parts) ? parts : []), { text }] })
  }
  return planEdits(asked.text, asked.members, plan)
}

const SYSTEM_KEYS = {
  "openai-chat": ["messages"],
  "openai-responses": ["instructions"],
  anthropic: ["system"],
  gemini: ["systemInstruction", "system_instruction"],
} as const

/** A text or a list of parts, with one more. */
function grow(value: Json, text: string): Json {
  if (Array.isArray(value)) return [...value, { type: "text", text }]
  return typeof value === "string" && value !== "" ? `${value}\n\n${text}` : text
}
