/** Changes that take more than leaving out a name. Each looks at a request's body and gives the members to put in their place, or null. Pure: bodies are not changed. */
import type { Json, JsonObject } from "../exchange.ts"
import { listOf, objectOf, objectsOf, textOf } from "./fields.ts"

export type Patch = keyof typeof PATCHES

interface Patched {
  put: JsonObject
  /** what did not survive it */
  lost: readonly string[]
}

export const PATCHES = {
  /** Chat's system and developer messages, and Gemini's instruction, as the first words of the user. */
  systemAsUser(body: JsonObject): Patched | null {
    const instruction = objectOf(body["systemInstruction"])
    if (instruction) {
      const contents = objectsOf(body["contents"])
      return {
        put: { contents: [{ role: "user", parts: instruction["parts"] ?? [] }, ...contents], systemInstruction: null },
        lost: [],
      }
    }
    const messages = objectsOf(body["messages"])
    if (!messages.some(isSystem)) return null
    return { put: { messages: messages.map((one) => (isSystem(one) ? { ...one, role: "user" } : one)) }, lost: [] }
  },

  /** The same id for a call and its result, whatever either looked like. */
  nineCharacterIds(body: JsonObject): Patched | null {
    const messages = objectsOf(body["messages"])
    if (!messages.some((one) => one["tool_calls"] || one["tool_call_id"])) return null
    const put = messages.map((message): JsonObject => {
      const id = textOf(message["tool_call_id"])
      if (id !== null) return { ...message, tool_call_id: nineCharacters(id) }
      if (!message["tool_calls"]) return message
      const calls = objectsOf(message["tool_calls"])
      return {
        ...message,
        tool_calls: calls.map((call) => ({ ...call, id: nineCharacters(textOf(call["id"]) ?? "") })),
      }
    })
    return { put: { messages: put }, lost: [] }
  },

  /** "Expected last role User or Tool (or Assistant with prefix True) for serving but got assistant" */
  prefixOfLastAnswer(body: JsonObject): Patched | null {
    const messages = objectsOf(body["messages"])
    const last = messages.at(-1)
    if (last?.["role"] !== "assistant" || last["tool_calls"]) return null
    return { put: { messages: [...messages.slice(0, -1), { ...last, prefix: true }] }, lost: [] }
  },

  textOnly(body: JsonObject): Patched | null {
    const lost = new Set<string>()
    const messages = objectsOf(body["messages"]).map((message): JsonObject => {
      const { content } = message
      if (!Array.isArray(content)) return message
      const parts = objectsOf(content)
      const texts = parts.filter((part) => part["type"] === "text")
      if (texts.length === parts.length) return message
      for (const part of parts) if (part["type"] !== "text") lost.add(String(part["type"]))
      return { ...message, content: texts.map((part) => textOf(part["text"]) ?? "").join("\n") || "(an image)" }
    })
    return lost.size > 0 ? { put: { messages }, lost: [...lost] } : null
  },

  /** JSON mode alone: the schema is told in words, and "json" must be among them. */
  schemaAsInstruction(body: JsonObject): Patched | null {
    const format = objectOf(body["response_format"])
    if (format?.["type"] !== "json_schema") return null
    const schema = objectOf(format["json_schema"])?.["schema"] ?? {}
    const content = `Answer with one JSON object and nothing else. It must follow this JSON Schema:\n${JSON.stringify(schema)}`
    const messages = objectsOf(body["messages"])
    return {
      put: { messages: [{ role: "system", content }, ...messages], response_format: { type: "json_object" } },
      lost: ["response_format (told as an instruction)"],
    }
  },

  callsWithoutIds(body: JsonObject): Patched | null {
    const contents = objectsOf(body["contents"])
    const parts = contents.flatMap((content) => objectsOf(content["parts"]))
    if (!parts.some((part) => part["functionCall"] || part["functionResponse"])) return null
    const put = contents.map((content): JsonObject => ({
      ...content,
      parts: objectsOf(content["parts"]).map(withoutId),
    }))
    return { put: { contents: put }, lost: [] }
  },

  /** Another tool is not to be called: it is there because calls are. LiteLLM's `modify_params` does the same. */
  toolForPastCalls(body: JsonObject): Patched | null {
    if (listOf(body["tools"]).length > 0 || !blocksOf(body).some((block) => block["type"] === "tool_use")) return null
    const description = "There is no tool to call now."
    return { put: { tools: [{ name: "no_tool", description, input_schema: { type: "object" } }] }, lost: [] }
  },

  /** In a loop whose last call has no thinking before it: the client, or another model, left it out. */
  noThinkingInPlainLoop(body: JsonObject): Patched | null {
    const type = objectOf(body["thinking"])?.["type"]
    if (type !== "enabled" && type !== "adaptive") return null
    const messages = objectsOf(body["messages"])
    const isResult = objectsOf(messages.at(-1)?.["content"]).some((block) => block["type"] === "tool_result")
    const [first] = objectsOf(messages.findLast((one) => one["role"] === "assistant")?.["content"])
    if (!isResult || /thinking/.test(String(first?.["type"]))) return null
    return { put: { thinking: null }, lost: ["thinking"] }
  },

  adaptiveThinking(body: JsonObject): Patched | null {
    if (objectOf(body["thinking"])?.["type"] !== "enabled") return null
    return { put: { thinking: { type: "adaptive" } }, lost: ["thinking.budget_tokens"] }
  },

  forcedToolAsAuto(body: JsonObject): Patched | null {
    const choice: Json | undefined = body["tool_choice"]
    if (choice !== "required" && !objectOf(choice)) return null
    return { put: { tool_choice: "auto" }, lost: ["tool_choice"] }
  },
} satisfies Record<string, (body: JsonObject) => Patched | null>

const blocksOf = (body: JsonObject) => objectsOf(body["messages"]).flatMap((one) => objectsOf(one["content"]))

function withoutId(part: JsonObject): JsonObject {
  for (const name of ["functionCall", "functionResponse"]) {
    const { id: _, ...rest } = objectOf(part[name]) ?? {}
    if (part[name]) return { ...part, [name]: rest }
  }
  return part
}

const isSystem = ({ role }: JsonObject) => role === "system" || role === "developer"

/** 62⁹ is more than 2⁵³: a hash of 52 bits fits, and an id that is right already stays. */
function nineCharacters(id: string): string {
  if (/^[a-zA-Z0-9]{9}$/.test(id)) return id
  const hash = Bun.hash(id) as bigint
  return (hash & 0xfffffffffffn).toString(36).padStart(9, "0").slice(-9)
}
