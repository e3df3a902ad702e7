/** Other programs' exports as lines that import takes: ChatGPT's `conversations.json`, Claude's, mem0's. Told apart by their shape. Pure. */
import type { Json, JsonObject } from "../exchange.ts"

export interface Owner {
  userId: string
  project: string | null
}

/** NDJSON; null where the text is none of these exports. */
export function readExport(text: string, owner: Owner): string | null {
  let parsed: Json
  try {
    parsed = JSON.parse(text) as Json
  } catch {
    return null // lines, or nothing of ours: import says what is wrong with each
  }
  const memories = readers.map((read) => read(parsed)).find((found) => found !== null)
  if (!memories) return null
  const base: JsonObject = { user_id: owner.userId, ...(owner.project !== null && { project: owner.project }) }
  return memories.map((memory) => JSON.stringify({ ...base, ...memory })).join("\n")
}

type Read = (file: Json) => JsonObject[] | null

const object = (value: Json | undefined): JsonObject | null =>
  typeof value === "object" && value !== null && !Array.isArray(value) ? value : null
const objects = (value: Json | undefined): JsonObject[] =>
  (Array.isArray(value) ? value : []).filter((one): one is JsonObject => object(one) !== null)

/** `[{title, create_time, mapping: {id: {message: {author, content: {parts}, create_time}}}}]` */
const chatGpt: Read = (file) => {
  const conversations = objects(file)
  if (conversations.length === 0 || !conversations.every((one) => object(one["mapping"]))) return null
  return conversations.flatMap((conversation) =>
    Object.values(object(conversation["mapping"])!)
      .flatMap((node) => objects([object(node)?.["message"] ?? null]))
      .sort((one, other) => Number(one["create_time"] ?? 0) - Number(other["create_time"] ?? 0))
      .flatMap((message) => {
        const parts = object(message["content"])?.["parts"]
        const content = (Array.isArray(parts) ? parts : []).filter((part) => typeof part === "string").join("\n")
        const role = object(message["author"])?.["role"]
        if ((role !== "user" && role !== "assistant") || content.trim() === "") return []
        const seconds = Number(message["create_time"] ?? conversation["create_time"] ?? 0)
        return [
          {
            role,
            content,
            session_id: String(conversation["conversation_id"] ?? conversation["id"] ?? conversation["title"] ?? ""),
            created_at: Math.round(seconds * 1000),
          },
        ]
      }),
  )
}

/** `[{uuid, name, chat_messages: [{sender, text, content, created_at}]}]` */
const claude: Read = (file) => {
  const conversations = objects(file)
  if (conversations.length === 0 || !conversations.every((one) => Array.isArray(one["chat_messages"]))) return null
  return conversations.flatMap((conversation) =>
    objects(conversation["chat_messages"]).flatMap((message) => {
      const said = objects(message["content"]).map((part) =>
        part["type"] === "text" ? String(part["text"] ?? "") : "",
      )
      const content = said.join("\n").trim() || String(message["text"] ?? "")
      if (content.trim() === "") return []
      const role = message["sender"] === "assistant" ? "assistant" : "user"
      return [
        {
          role,
          content,
          session_id: String(conversation["uuid"] ?? conversation["name"] ?? ""),
          created_at: message["created_at"] ?? null,
        },
      ]
    }),
  )
}

/** `{results: [{memory, user_id, created_at, metadata}]}`, or the list alone. */
const mem0: Read = (file) => {
  const found = objects(object(file)?.["results"] ?? object(file)?.["memories"] ?? file)
  if (found.length === 0 || !found.every((one) => typeof one["memory"] === "string")) return null
  return found.map((one) => ({
    ...(typeof one["user_id"] === "string" && { user_id: one["user_id"] }),
    content: one["memory"]!,
    created_at: one["created_at"] ?? null,
    metadata: object(one["metadata"]),
  }))
}

const readers: readonly Read[] = [chatGpt, claude, mem0]
