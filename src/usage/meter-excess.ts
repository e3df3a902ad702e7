/** What can still be read from a JSON text too long to keep: its usage and its end, from its first and last characters. */
import type { Dialect, Json, JsonObject } from "../exchange.ts"
import { record } from "./meter-tally.ts"

/**
 * An event as the dialects' readers take it, with what was found. Large are the answers that carry images (`response.completed` repeats them in base64, Gemini's
 * `inlineData`) and lists of embeddings; all of them write usage after what is large.
 */
export function condense(dialect: Dialect, head: string, tail: string): JsonObject {
  const both = head + tail
  const found = {
    model: textAt(both, "model"),
    status: textAt(head, "status"),
    usage: objectAt(tail, "usage"),
  }
  if (dialect === "anthropic") return { ...found, type: "message", stop_reason: textAt(both, "stop_reason") }
  if (dialect === "gemini") {
    const candidates = [{ finishReason: textAt(tail, "finishReason") }]
    return { candidates, modelVersion: textAt(tail, "modelVersion"), usageMetadata: objectAt(tail, "usageMetadata") }
  }
  const type = /"type"\s*:\s*"(response\.(?:completed|incomplete|failed|cancelled))"/.exec(both)?.[1]
  if (type) return { type, response: found }
  return { ...found, choices: [{ finish_reason: textAt(both, "finish_reason") }] }
}

/** The first text written under a name. */
function textAt(text: string, name: string): string | null {
  return new RegExp(`"${name}"\\s*:\\s*"([^"\\\\]{1,200})"`).exec(text)?.[1] ?? null
}

/** The last object written under a name; inside of JSON strings the quotes are escaped, so that no text is taken for one. */
function objectAt(text: string, name: string): JsonObject | null {
  for (let at = text.lastIndexOf(`"${name}"`); at >= 0; at = at === 0 ? -1 : text.lastIndexOf(`"${name}"`, at - 1)) {
    const start = text.indexOf("{", at)
    if (start < 0 || text.slice(at + name.length + 2, start).trim() !== ":") continue
    const value = parseFirst(text, start)
    if (value) return value
  }
  return null
}

/** Usage objects hold numbers and objects of them, and at most a few words: the closing bracket is found without looking at strings. */
function parseFirst(text: string, start: number): JsonObject | null {
  let depth = 0
  for (let at = start; at < text.length; at++) {
    const char = text[at]
    if (char === "{") depth++
    else if (char === "}" && --depth === 0) return record(parseJson(text.slice(start, at + 1)))
  }
  return null
}

export function parseJson(text: string): Json | undefined {
  try {
    return JSON.parse(text) as Json
  } catch {
    return undefined // a text that broke off, or a provider's bad JSON: it passes on, only its meaning is unknown
  }
}
