/** The user turns of a conversation: their words, and the hashes by which a conversation is recognised when it comes back. */
import type { Dialect, Json, JsonObject } from "../exchange.ts"
import { contentOf, entriesOf, isObject, isSystem, isUser } from "./prompt.ts"
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

/** One user turn: what a person said, and where. */
export interface UserTurn {
  /** of what was said and shown, without cache markers */
  hash: number
  /** the person's words alone, without what their agent wrote around them */
  text: string
  /** index of its message in `messages`, `input` or `contents`; -1: an `input` that is a text */
  entry: number
}

/** What a person said and showed in one message; null where no text is a person's. */
function readTurn(content: Json | undefined, entry: number): UserTurn | null {
  if (typeof content === "string") return userTurn(humanText(content), "", entry)
  if (!Array.isArray(content)) return null
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
  return userTurn(said.join("\n"), shown, entry)
}

const userTurn = (text: string, shown: string, entry: number): UserTurn | null =>
  text === "" ? null : { hash: hash53(text + shown), text, entry }

/** 53 bits, as many as a number holds: as a key it costs less than a string or a BigInt. wyhash reads a prompt of 400 KB in 20 µs. */
export function hash53(text: string): number {
  return Number(Bun.hash.wyhash(text) >> 11n)
}

/**
 * Each user turn with human text, oldest first. Messages of tool results alone, entries of role system and what agents write in
 * their own name are none; `cache_control` and the difference between a text and a list of one text do not count.
 */
export function readTurns(dialect: Dialect | null, body: JsonObject | null): UserTurn[] {
  if (body === null || dialect === null) return []
  const turns: UserTurn[] = []
  const add = (content: Json | undefined, entry: number) => {
    const turn = readTurn(content, entry)
    if (turn !== null) turns.push(turn)
  }
  if (dialect === "openai-responses" && typeof body["input"] === "string") add(body["input"], -1)
  const entries = entriesOf(body)
  for (let at = 0; at < entries.length; at++) {
    const entry = entries[at]!
    if (isUser(entry)) add(contentOf(entry), at)
  }
  return turns
}

/** The same as hashes alone. */
export const userTurns = (dialect: Dialect | null, body: JsonObject | null): number[] =>
  readTurns(dialect, body).map(({ hash }) => hash)

/** For each turn a key that stands for it and all before it, beginning with `scope`'s: one look-up tells a whole prefix. */
export function chainTurns(scope: string, turns: readonly number[]): number[] {
  let key = hash53(scope)
  return turns.map((turn) => (key = chain(key, turn)))
}

/** Both halves of both numbers go into both halves of the result (the finaliser of MurmurHash3). */
function chain(key: number, turn: number): number {
  const high = mix(Math.floor(key / 0x200000) ^ mix(turn >>> 0))
  const low = mix((key >>> 0) ^ Math.imul(mix(Math.floor(turn / 0x200000)), 0x9e3779b1) ^ high)
  return (high >>> 0) * 0x200000 + (low & 0x1fffff)
}

function mix(value: number): number {
  let h = value | 0
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b)
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35)
  return h ^ (h >>> 16)
}

/** Nobody has answered this turn yet: after it there are at most instructions and what an agent adds in its own name. */
export function isUnanswered({ entry }: UserTurn, body: JsonObject): boolean {
  const entries = entriesOf(body)
  for (let at = entry + 1; at < entries.length; at++) if (!isSystem(entries[at]!) && !isUser(entries[at]!)) return false
  return true
}
