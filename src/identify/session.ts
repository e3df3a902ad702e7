/** The client's own conversation id, from headers or from where its body keeps one. Not the sessions we find ourselves: see `sessions.ts`. */
import { type HeaderFields, type JsonObject, perHead } from "../exchange.ts"
import { usableId } from "./names.ts"
import { claudeMetadata } from "./project.ts"
import { isObject, stringAt, systemTexts } from "./prompt.ts"

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
function claudeSession(body: JsonObject): string | null {
  const text = stringAt(body["metadata"], "user_id")
  if (text === null) return null
  const at = text.lastIndexOf("_session_")
  if (at >= 0 && text.startsWith("user_")) return usableId(text.slice(at + "_session_".length))
  return usableId(claudeMetadata(body)?.["session_id"])
}

/** Copilot CLI names a folder of its own: `Session folder: /home/…/session-state/<uuid>`. */
function copilotSession(body: JsonObject): string | null {
  for (const text of systemTexts(body)) {
    const at = text.indexOf("Session folder: ")
    const found = at < 0 ? null : /session-state[/\\]([0-9a-f-]{36})(?![\w-])/.exec(text.slice(at, at + 1200))
    if (found) return found[1]!
  }
  return null
}

function bodySession(client: string | null, body: JsonObject): FoundSession | null {
  const found = (id: string | null, by: string) => (id === null ? null : { id, by })
  const conversation = body["conversation"]
  return (
    found(claudeSession(body), "metadata.user_id") ??
    (client === "copilot-cli" ? found(copilotSession(body), "the session folder in the prompt") : null) ??
    found(usableId(body["litellm_session_id"]), "litellm_session_id") ??
    found(usableId(isObject(body["metadata"]) ? body["metadata"]["session_id"] : null), "metadata.session_id") ??
    found(usableId(isObject(conversation) ? conversation["id"] : conversation), "conversation") ??
    found(
      client !== null && CACHE_KEY_CLIENTS.has(client) ? usableId(body["prompt_cache_key"]) : null,
      "prompt_cache_key",
    ) ??
    found(usableId(body["session_id"]), "session_id")
  )
}

/** Null: the client has no conversation id, and the turns must tell. */
export function findSession(
  headers: HeaderFields,
  client: string | null,
  body: () => JsonObject | null,
): FoundSession | null {
  const named = headerSession(headers)
  if (named !== null) return named
  const parsed = body()
  return parsed && bodySession(client, parsed)
}

const headerSession = perHead((headers): FoundSession | null => {
  for (const header of SESSION_HEADERS) {
    const id = usableId(headers.get(header))
    if (id !== null) return { id, by: `the header ${header}` }
  }
  return null
})
