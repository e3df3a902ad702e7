/** The client's own conversation id, from headers or from where its body keeps one. Not the sessions we find ourselves: see `sessions.ts`. */
import { type HeaderFields, readOnce } from "../exchange.ts"
import type { JsonNode } from "../json/json-node.ts"
import type { Utf8Text } from "../json/utf8-text.ts"
import { usableId } from "./names.ts"
import { claudeMetadata } from "./project.ts"
import { firstSaid, type Prompt, stringAt } from "./prompt.ts"

/** Best first. Underscored names: Codex to 0.80, pi. */
const SESSION_HEADERS: readonly string[] = [
  "x-claude-code-session-id",
  "session-id",
  "session_id",
  "thread-id",
  "conversation_id",
  "x-session-id",
  "x-session-affinity",
  "x-openwebui-chat-id",
  "x-litellm-session-id",
  "x-litellm-trace-id",
  "x-sm-conversation-id",
  "x-task-id",
  "x-kilocode-taskid",
]

/** A prompt cache key is a conversation's only where the client makes it so; elsewhere whole programs share one. */
const CACHE_KEY_CLIENTS = new Set(["codex", "pi", "opencode", "kilo-code"])

export interface FoundSession {
  id: string
  /** in words */
  by: string
}

/** `user_<hash>_account_<uuid>_session_<uuid>` of Claude Code to 2.0, JSON after. */
function claudeSession(body: JsonNode): string | null {
  const text = stringAt(body.get("metadata"), "user_id")
  if (text === null) return null
  const at = text.lastIndexOf("_session_")
  if (at >= 0 && text.startsWith("user_")) return usableId(text.slice(at + "_session_".length))
  return usableId(stringAt(claudeMetadata(body), "session_id"))
}

/** Copilot CLI names a folder of its own: `Session folder: /home/…/session-state/<uuid>`. */
const copilotSession = (body: Prompt) => firstSaid(body.systemTexts, folderIn)

const folderIn = readOnce((text: Utf8Text): string | null => {
  const at = text.indexOf("Session folder: ")
  const folder = at < 0 ? "" : text.slice(at, at + 1200).toString()
  return /session-state[/\\]([0-9a-f-]{36})(?![\w-])/.exec(folder)?.[1] ?? null
})

function bodySession(client: string | null, body: Prompt): FoundSession | null {
  const found = (id: string | null, by: string) => (id === null ? null : { id, by })
  const conversation = body.get("conversation")
  return (
    found(claudeSession(body), "metadata.user_id") ??
    (client === "copilot-cli" ? found(copilotSession(body), "the session folder in the prompt") : null) ??
    found(usableId(stringAt(body, "litellm_session_id")), "litellm_session_id") ??
    found(usableId(stringAt(body.get("metadata"), "session_id")), "metadata.session_id") ??
    found(usableId(stringAt(conversation, "id") ?? conversation?.string()), "conversation") ??
    found(
      client !== null && CACHE_KEY_CLIENTS.has(client) ? usableId(stringAt(body, "prompt_cache_key")) : null,
      "prompt_cache_key",
    ) ??
    found(usableId(stringAt(body, "session_id")), "session_id")
  )
}

/** Null: the client has no conversation id, and the turns must tell. */
export function findSession(headers: HeaderFields, client: string | null, body: Prompt | null): FoundSession | null {
  const named = headerSession(headers)
  if (named !== null) return named
  return body && bodySession(client, body)
}

const headerSession = readOnce((headers: HeaderFields): FoundSession | null => {
  for (const header of SESSION_HEADERS) {
    const id = usableId(headers.get(header))
    if (id !== null) return { id, by: `the header ${header}` }
  }
  return null
})
