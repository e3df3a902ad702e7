/** The user turns of a conversation as hashes: how a client without a conversation id is recognised when it comes back. */
import type { Dialect, Json, JsonObject } from "../exchange.ts"
import { contentOf, entriesOf, isObject, isUser } from "./prompt.ts"
import { withoutScaffold } from "./scaffold.ts"

/** Results of tools continue the turn they belong to. */
const RESULT_TYPES = new Set<unknown>(["tool_result", "function_call_output", "mcp_tool_result"])
/**
 * How agents begin user messages of their own: Codex to 0.80 the project's instructions, Qwen Code its memory extraction after each turn, opencode
 * its title call. Counted as turns they would take a conversation away from the person's next request.
 */
const AGENT_WORDS = ["# AGENTS.md instructions for ", "Managed memory has ", "Generate a title for this conversation:"]

function humanText(text: string): string {
  return AGENT_WORDS.some((words) => text.startsWith(words)) ? "" : withoutScaffold(text)
}

/** Clients move their cache markers from one request to the next. */
function withoutMarker(part: JsonObject): JsonObject {
  const { cache_control: _, ...rest } = part
  return rest
}

/** What a person said and showed in one message; empty where no text is a person's. */
function readTurn(content: Json | undefined): string {
  if (typeof content === "string") return humanText(content)
  if (!Array.isArray(content)) return ""
  const said: string[] = []
  let shown = ""
  for (const part of content) {
    const text = typeof part === "string" ? part : isObject(part) ? part["text"] : undefined
    if (typeof text === "string") {
      const human = humanText(text)
      if (human !== "") said.push(human)
    } else if (isObject(part) && !RESULT_TYPES.has(part["type"]) && part["functionResponse"] === undefined)
      shown += JSON.stringify(withoutMarker(part))
  }
  return said.length === 0 ? "" : said.join("\n") + shown
}

/** 53 bits, as many as a number holds: as a key it costs less than a string or a BigInt. wyhash reads a prompt of 400 KB in 20 µs. */
export function hash53(text: string): number {
  return Number(Bun.hash.wyhash(text) >> 11n)
}

/**
 * One hash for each user turn with human text, oldest first. Messages of tool results alone, entries of role system and what agents write in
 * their own name are none; `cache_control` and the difference between a text and a list of one text do not count.
 */
export function userTurns(dialect: Dialect | null, body: JsonObject | null): number[] {
  if (body === null || dialect === null) return []
  const turns: number[] = []
  const add = (content: Json | undefined) => {
    const turn = readTurn(content)
    if (turn !== "") turns.push(hash53(turn))
  }
  if (dialect === "openai-responses" && typeof body["input"] === "string") add(body["input"])
  for (const entry of entriesOf(body)) if (isUser(entry)) add(contentOf(entry))
  return turns
}
