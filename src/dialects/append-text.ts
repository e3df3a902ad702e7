/** Adds a text to the end of messages, in the dialect's own way and into the client's own bytes. What it says is not known here. */

import { JsonText, type Span } from "../json/json-text.ts"
import { joinPieces } from "../json/pieces.ts"
import type { Asked } from "./request.ts"
import { lastMember, type Member, scanArray, scanObject } from "../json/scan.ts"
import { type Edit, splice } from "./splice.ts"

/** `entry` is an index in `messages`, `input` or `contents`; -1: an `input` that is a text. */
interface Addition {
  entry: number
  text: string
}

/** The request with each text as the last part of its message. Nothing else changes; a place that cannot hold a text gets none. */
export function appendTexts(asked: Asked, additions: readonly Addition[]): Asked {
  const conversation = findConversation(asked)
  if (!conversation || additions.length === 0) return asked
  const { text } = asked
  const { start } = conversation.value
  const entries = text.startsWith("[", start) ? scanArray(text, start) : []
  const shape = partShape(asked, conversation)
  const edits: Edit[] = []
  for (const addition of additions) {
    const content = addition.entry < 0 ? conversation.value : contentAt(text, entries[addition.entry])
    if (content) edits.push(...appendEdits(text, content, addition.text, shape))
  }
  return edits.length === 0 ? asked : withEdits(asked, conversation, edits)
}

/** They are inside the conversation alone: what stands where need not be looked for again. */
function withEdits(asked: Asked, { value }: Member, edits: readonly Edit[]): Asked {
  const grown = edits.reduce((sum, { start, end, text }) => sum + Buffer.byteLength(text) - (end - start), 0)
  const moved = (at: number) => (at > value.start ? at + grown : at)
  const members = asked.members.map((one) => ({
    key: one.key,
    start: moved(one.start),
    value: { start: moved(one.value.start), end: moved(one.value.end) },
  }))
  let made: JsonText | undefined
  return {
    ...asked,
    get text() {
      return (made ??= JsonText.of(joinPieces(splice(asked.text, edits))))
    },
    members,
    edited: { from: asked, edits },
  }
}

/** The same member that identification reads: the first of these that is a list; the Responses API takes a text too. */
export function findConversation({ text, members }: Asked): Member | null {
  const found = ["messages", "input", "contents"].map((key) => lastMember(members, key))
  const list = found.find((member) => member && text.startsWith("[", member.value.start))
  return list ?? found[1] ?? null
}

function contentAt(text: JsonText, entry: Span | undefined): Span | null {
  if (!entry || !text.startsWith("{", entry.start)) return null
  const members = scanObject(text, entry.start)
  return (lastMember(members, "content") ?? lastMember(members, "parts"))?.value ?? null
}

interface PartShape {
  part: (json: string) => string
  /** what stands for a list of one and becomes that list: a text begins with `"`, a part with `{` */
  splits: '"' | "{" | null
}

/**
 * Claude Code sends one turn as a list while it is the newest, to mark it, and as a bare text later: to Anthropic both are one block, so ours is a second
 * one in either. Elsewhere a bare text stays one: not every compatible server takes lists. Google takes a turn's only part without its list.
 */
function partShape({ endpoint }: Asked, conversation: Member): PartShape {
  if (endpoint.dialect === "gemini") return { part: (json) => `{"text":${json}}`, splits: "{" }
  const type = conversation.key === "input" ? "input_text" : "text"
  return { part: (json) => `{"type":"${type}","text":${json}}`, splits: endpoint.dialect === "anthropic" ? '"' : null }
}

function appendEdits(text: JsonText, content: Span, addition: string, { part, splits }: PartShape): Edit[] {
  const insert = (at: number, added: string): Edit => ({ start: at, end: at, text: added })
  const json = JSON.stringify(addition)
  if (text.startsWith('"', content.start)) {
    if (splits !== '"') return [insert(content.end - 1, `\\n\\n${json.slice(1, -1)}`)]
    return [insert(content.start, '[{"type":"text","text":'), insert(content.end, `},${part(json)}]`)]
  }
  if (splits === "{" && text.startsWith("{", content.start))
    return [insert(content.start, "["), insert(content.end, `,${part(json)}]`)]
  const last = text.startsWith("[", content.start) ? scanArray(text, content.start).at(-1) : undefined
  return last ? [insert(last.end, `,${part(json)}`)] : []
}
