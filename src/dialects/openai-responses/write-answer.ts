/** A whole Response, written. */
import type { JsonObject } from "../../exchange.ts"
import type { CallPart, FormAnswer, Part, Reception } from "../form.ts"
import { callItem, reasoningItem } from "./items.ts"
import { responseOf } from "./response.ts"

export function writeAnswer(answer: FormAnswer, to: Reception): JsonObject {
  const { id, model, serviceTier, finish, usage } = answer
  return responseOf(id, model, serviceTier, writeItems(answer.parts, to), { finish, usage }, to)
}

/** Texts that follow each other are one message; a text after anything else begins a new one. */
function writeItems(parts: readonly Part[], to: Reception): JsonObject[] {
  const items: JsonObject[] = []
  let content: JsonObject[] | null = null
  for (const part of parts) {
    const said = contentOf(part)
    if (said && content) content.push(said)
    else if (said) items.push(messageItem(itemId("msg", items.length, to), (content = [said])))
    else {
      const item = itemOf(part, items.length, to)
      if (!item) continue
      items.push(item)
      content = null
    }
  }
  return items
}

export const itemId = (prefix: string, index: number, to: Reception) => `${prefix}_${to.id.replaceAll("-", "")}${index}`

export const messageItem = (id: string, content: JsonObject[], status = "completed"): JsonObject => ({
  id,
  type: "message",
  status,
  role: "assistant",
  content,
})

export const outputText = (text: string): JsonObject => ({ type: "output_text", text, annotations: [], logprobs: [] })
export const refusalText = (refusal: string): JsonObject => ({ type: "refusal", refusal })

function contentOf(part: Part): JsonObject | null {
  if (part.kind === "text") return outputText(part.text)
  return part.kind === "refusal" ? refusalText(part.text) : null
}

/** As the model wrote it: a client must not run what was cut off. No argument at all is an empty object: clients parse what they got. */
export const callAnswer = (call: CallPart, id: string): JsonObject => ({
  id,
  ...callItem(call, call.args || "{}"),
  status: "completed",
})

/** Null for what has no item. */
export function itemOf(part: Part, index: number, to: Reception): JsonObject | null {
  if (part.kind === "call") return callAnswer(part, itemId(part.form === "text" ? "ctc" : "fc", index, to))
  if (part.kind === "reasoning") return { id: part.id ?? itemId("rs", index, to), ...reasoningItem(part) }
  if (part.kind !== "media" || part.source.by !== "data") return null
  return { id: itemId("ig", index, to), type: "image_generation_call", status: "completed", result: part.source.data }
}
