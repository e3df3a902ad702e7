/** Memories as a request's body or a line of an import says them. What becomes of them is `memory/admin.ts`'s. */
import { mayHoldNumbers, parseExactly } from "../json/exact.ts"
import { type JsonObject, Refusal } from "../exchange.ts"
import type { MemoryAdmin, MemoryDraft } from "../memory/admin.ts"
import { invalid, isObject, parseObject } from "./body.ts"
import { readInstant } from "./instant.ts"
import type { Scope } from "./query.ts"

/** Metadata with every digit of its numbers. @throws Refusal 400 for what is no JSON object */
export function parseMemory(text: string): JsonObject {
  const body = parseObject(text, "Invalid parameter: body must be a JSON object.")
  if (isObject(body["metadata"]) && mayHoldNumbers(JSON.stringify(body["metadata"])))
    body["metadata"] = (parseExactly(text) as JsonObject)["metadata"]!
  return body
}

/** 10 to 30 ms' work. */
const BATCH = 500

/** A bad line is told of and left out; the good ones are kept. */
export async function importLines(admin: MemoryAdmin, text: string, scope: Scope, now: number) {
  const result = { imported: 0, duplicates: 0, errors: [] as { line: number; message: string }[] }
  let batch: MemoryDraft[] = []
  const flush = async () => {
    const imported = await admin.addAll(batch)
    result.imported += imported
    result.duplicates += batch.length - imported
    batch = []
  }
  let line = 0
  for (let at = 0; at < text.length;) {
    const end = text.indexOf("\n", at)
    const stop = end < 0 ? text.length : end
    const written = text.slice(at, stop).trim()
    at = stop + 1
    line++
    if (written === "") continue
    try {
      const body = parseMemory(written)
      batch.push(readDraft(body, userIn(body["user_id"], scope), now, "import"))
    } catch (error) {
      if (!(error instanceof Refusal)) throw error
      result.errors.push({ line, message: error.message })
    }
    if (batch.length >= BATCH) await flush()
  }
  await flush()
  return result
}

/** The body of a POST, or a line of an import. */
export function readDraft(body: JsonObject, userId: string, now: number, source: MemoryDraft["source"]): MemoryDraft {
  const createdAt = body["created_at"]
  const moment = createdAt === undefined || createdAt === null ? now : momentOf(createdAt)
  if (moment === null) throw wrong("created_at", "must be ISO 8601 or epoch milliseconds")
  return {
    userId,
    project: textIn(body, "project") ?? null,
    content: neededTextIn(body, "content"),
    role: textIn(body, "role") ?? "user",
    speaker: textIn(body, "speaker") ?? null,
    sessionId: textIn(body, "session_id") ?? null,
    createdAt: moment,
    metadata: metadataIn(body) ?? null,
    source,
  }
}

const momentOf = (value: unknown): number | null => {
  if (typeof value === "number") return Number.isFinite(value) && Math.abs(value) <= 8.64e15 ? value : null
  return typeof value === "string" ? (readInstant(value) ?? null) : null
}

/** @throws Refusal 403 for another user than the key's, 400 where nobody says which */
export function userIn(asked: unknown, { userId }: Scope): string {
  if (asked !== undefined && (typeof asked !== "string" || asked === "" || asked.length > 256))
    throw wrong("user_id", "must be a text of 1 to 256 characters")
  if (userId === null) {
    if (asked === undefined) throw wrong("user_id", "is missing; it says whose memories are meant")
    return asked
  }
  if (asked !== undefined && asked !== userId)
    throw new Refusal(403, "permission", "This key reaches the memories of its own user only.", { code: "other_user" })
  return userId
}

const MOST_CHARS = 1_000_000

/** @throws Refusal 400 */
export function textIn(body: JsonObject, name: string): string | undefined {
  const value = body[name]
  if (value === undefined || value === null) return undefined
  if (typeof value !== "string" || value.length > MOST_CHARS) throw wrong(name, "must be a text")
  return value
}

/** @throws Refusal 400 where there is none */
export function neededTextIn(body: JsonObject, name: string): string {
  const text = textIn(body, name)
  if (text === undefined) throw wrong(name, "is missing")
  if (text.trim() === "") throw wrong(name, "must be a text")
  return text
}

export function metadataIn(body: JsonObject): JsonObject | undefined {
  const value = body["metadata"]
  if (value === undefined || value === null) return undefined
  if (typeof value !== "object" || Array.isArray(value)) throw wrong("metadata", "must be an object")
  return value
}

export const wrong = (param: string, what: string) => invalid(param, `Invalid parameter: ${param} ${what}.`)
