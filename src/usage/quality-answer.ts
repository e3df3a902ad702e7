/** What a whole answer shows by itself: its form, and its tool calls against what the client offered. Pure; nothing of it is kept but counts. */
import type { CalledTool, Json } from "../exchange.ts"
import type { Counts } from "../store/counters.ts"
import { meetsSchema } from "./quality-schema.ts"
import { isRepetitive, readFences } from "./quality-text.ts"

export interface Answer {
  text: string
  calls: readonly CalledTool[]
  /** the number that was counted, which may be more than were kept */
  callCount: number
  /** as the provider wrote it */
  finishReason: string | null
  /** a refusal in a field made for it */
  refused: boolean
  /** characters of everything it said, thinking too */
  outputChars: number
}

export interface Wanted {
  /** by name, with the schema of the arguments; null where it cannot be checked; an empty map: none were offered */
  tools: ReadonlyMap<string, Json | null>
  /** `true`: any JSON; null: none asked for */
  schema: Json | true | null
  /** the provider knew the tools by names of its own dialect's alphabet */
  isTranslated: boolean
}

/** As the providers write it, in lower case. */
const TRUNCATED: ReadonlySet<string> = new Set(
  "length max_tokens max_output_tokens model_length model_context_window_exceeded".split(" "),
)
const REFUSED: ReadonlySet<string> = new Set(
  `refusal content_filter safety prohibited_content blocklist spii recitation image_safety image_prohibited_content model_armor
  sensitive`.split(/\s+/),
)

export function countForm({ text, callCount, finishReason, refused, outputChars }: Answer, { schema }: Wanted): Counts {
  const counts: Counts = { answers: 1 }
  const reason = finishReason?.toLowerCase() ?? ""
  const isTruncated = TRUNCATED.has(reason)
  const isRefused = refused || REFUSED.has(reason)
  if (isTruncated) counts.truncated = 1
  if (isRefused) counts.refused = 1
  const isEmpty = !isRefused && callCount === 0 && text.trim() === "" && (finishReason !== null || outputChars === 0)
  if (isEmpty) counts.empty = 1
  if (isRepetitive(text)) counts.repetitive = 1
  const fences = readFences(text)
  if (fences.any) counts.fenced = 1
  if (fences.isOpen) counts.unclosed = 1
  if (schema !== null && callCount === 0 && !isRefused) {
    counts.schemas = 1
    if (isMet(text, schema)) counts.schemas_met = 1
  }
  const isFlawed = counts.schemas !== counts.schemas_met
  if (!isTruncated && !isRefused && !isEmpty && !counts.repetitive && !counts.unclosed && !isFlawed)
    counts.well_formed = 1
  if (callCount === 0) counts.turns_done = 1
  return counts
}

function isMet(text: string, schema: Json | true): boolean {
  const value = parse(text)
  return value !== undefined && (schema === true || meetsSchema(value, schema))
}

function parse(text: string): Json | undefined {
  try {
    return JSON.parse(text) as Json
  } catch {
    return undefined // that it is no JSON is what was asked
  }
}

/** `good` says of each call whether nothing is wrong with it so far: what becomes of it shows in the next request. */
export function countCalls(
  calls: readonly CalledTool[],
  { tools, isTranslated }: Wanted,
): { counts: Counts; good: boolean[] } {
  const counts: Counts = {}
  const add = (name: keyof Counts) => (counts[name] = (counts[name] ?? 0) + 1)
  const good = calls.map((call) => {
    add("calls")
    const name = isTranslated ? clientName(tools, call.name) : call.name
    const isKnown = tools.size === 0 || tools.has(name)
    if (tools.size > 0) add("calls_named")
    if (isKnown && tools.size > 0) add("calls_known")
    const value = call.isJson ? parse(call.arguments || "{}") : null
    if (value !== undefined) add("calls_parsed")
    const schema = tools.get(name) ?? null
    let isValid = true
    if (schema !== null && value !== null && value !== undefined) {
      add("calls_checked")
      isValid = meetsSchema(value, schema)
      if (isValid) add("calls_valid")
    }
    const isGood = isKnown && value !== undefined && isValid
    if (isGood) add("calls_good")
    return isGood
  })
  return { counts, good }
}

/** Names that a dialect does not take go out with underscores, long ones with a mark at the end: see `dialects/translation/tool-names.ts`. */
function clientName(tools: Wanted["tools"], name: string): string {
  if (tools.has(name)) return name
  for (const offered of tools.keys()) {
    const clean = offered.replace(/[^a-zA-Z0-9_-]/g, "_")
    if (clean === name || `_${clean}` === name) return offered
    if (clean.length > MOST_NAME && name.startsWith(clean.slice(0, SHARED_NAME))) return offered
  }
  return name
}

const MOST_NAME = 64
const SHARED_NAME = 48
