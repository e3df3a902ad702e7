/** Chat's tool calls, both ways. Gemini's signatures are where Google's own compatible API puts them: https://ai.google.dev/gemini-api/docs/thought-signatures */
import type { JsonObject } from "../../exchange.ts"
import { argumentsJson, jsonText, objectOf, textOf, wordOf } from "../fields.ts"
import type { CallPart } from "../form.ts"

export function readCall(call: JsonObject): CallPart {
  const custom = objectOf(call["custom"])
  const invoked = custom ?? objectOf(call["function"])
  return {
    kind: "call",
    id: textOf(call["id"]) ?? "",
    name: textOf(invoked?.["name"]) ?? "",
    args: custom ? (textOf(custom["input"]) ?? "") : jsonText(invoked?.["arguments"]),
    form: custom ? "text" : "json",
    ...readSignature(call),
  }
}

export function readSignature(call: JsonObject): { signature?: string } {
  const signature = wordOf(objectOf(objectOf(call["extra_content"])?.["google"])?.["thought_signature"])
  return signature ? { signature } : {}
}

export const writeSignature = (signature: string | undefined): JsonObject =>
  signature ? { extra_content: { google: { thought_signature: signature } } } : {}

/** Of a history: a provider reads what its model wrote as JSON. */
export const writeCall = (call: CallPart) => callOf(call, argumentsJson(call.args))

/** Of an answer: as the model wrote it, since a client must not run what was cut off. No argument at all is an empty object: clients parse what they got. */
export const answeredCall = (call: CallPart) => callOf(call, call.args || "{}")

function callOf({ id, name, args, form, signature }: CallPart, json: string): JsonObject {
  const invoked: JsonObject =
    form === "text"
      ? { type: "custom", custom: { name, input: args } }
      : { type: "function", function: { name, arguments: json } }
  return { id, ...invoked, ...writeSignature(signature) }
}
