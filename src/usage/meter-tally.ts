/** What a meter has seen so far, and careful access to JSON that nobody has checked. Not a reader of any dialect. */
import type { CalledTool, Json, JsonObject, Metered, Usage } from "../exchange.ts"

export interface Tally extends Metered {
  calls: CalledTool[]
  /** the first text, thinking or tool call went by */
  started: boolean
  /** the last text that was counted */
  text: string
  keepsSpeech: boolean
  /** tokens of this exchange that `usage` leaves out */
  apart: Usage | null
  /** the call that is being written */
  open: CalledTool | null
  /** the call the last text went into */
  into: CalledTool | null
  /** the newest tool call of each place in a Chat stream */
  openCalls: Map<string, { id: string; call: CalledTool | null }> | null
}

/** Takes one event of a stream, or a whole JSON answer, into the tally. */
export type Read = (tally: Tally, event: JsonObject) => void

export const newTally = (keepsSpeech = false): Tally => ({
  usage: null,
  finishReason: null,
  toolCalls: 0,
  terminal: false,
  errorType: null,
  model: null,
  serviceTier: null,
  outputChars: 0,
  speech: "",
  calls: [],
  refused: false,
  keepsSpeech,
  started: false,
  text: "",
  apart: null,
  open: null,
  into: null,
  openCalls: null,
})

export const noUsage = (): Usage => ({
  input: 0,
  cacheRead: 0,
  cacheWrite: 0,
  cacheWrite1h: 0,
  output: 0,
  reasoning: 0,
  inputAudio: 0,
  cacheReadAudio: 0,
  outputAudio: 0,
})

export function record(value: Json | undefined): JsonObject | null {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? value : null
}

export function list(value: Json | undefined): Json[] {
  return Array.isArray(value) ? value : []
}

/** Non-empty text, else null: Azure's first chunk has `"model": ""`. */
export function word(value: Json | undefined): string | null {
  return typeof value === "string" && value !== "" ? value : null
}

/** A count of tokens; null where the provider says none. Zero is a count. */
export function count(value: Json | undefined): number | null {
  return typeof value === "number" && value >= 0 && value < Infinity ? value : null
}

export function addText(tally: Tally, value: Json | undefined): void {
  if (typeof value !== "string" || value === "") return
  tally.outputChars += value.length
  tally.text = value
  tally.started = true
}

/** More of an answer than this is nothing to remember it by. */
const MOST_SPEECH = 65_536

const LEAST_PIECE_CHARS = 64

/**
 * A text that grows is a tree of all it was made of until somebody looks into it (not at a character alone): 300 bytes for each word of a stream. So it is made one
 * now and then, a sixteenth of its length later at most, which copies it 16 times in all.
 */
function append(text: string, more: string): string {
  const whole = text + more
  const piece = Math.max(LEAST_PIECE_CHARS, 1 << (27 - Math.clz32(text.length)))
  const isDue = Math.floor(text.length / piece) !== Math.floor(whole.length / piece)
  return isDue && !whole.endsWith(more) ? "" : whole
}

/** Text for the person's eyes. */
export function addSpeech(tally: Tally, value: Json | undefined): void {
  addText(tally, value)
  if (tally.keepsSpeech && typeof value === "string" && tally.speech.length < MOST_SPEECH)
    tally.speech = append(tally.speech, value)
}

/** Another text begins: between two there is a tool call, or a thought. */
export function pauseSpeech(tally: Tally): void {
  if (tally.speech !== "" && !tally.speech.endsWith("\n\n")) tally.speech += "\n\n"
}

export function countCall(tally: Tally): void {
  tally.toolCalls++
  tally.started = true
}

/** A call and its name; its arguments are to be added. null where they are not wanted. */
export function addCall(tally: Tally, id: Json | undefined, name: Json | undefined, isJson = true): CalledTool | null {
  countCall(tally)
  return keepCall(tally, id, name, isJson)
}

/** As `addCall`, of a call that was counted before. */
export function keepCall(
  tally: Tally,
  id: Json | undefined,
  name: Json | undefined,
  isJson: boolean,
): CalledTool | null {
  if (!tally.keepsSpeech || tally.calls.length >= MOST_CALLS) return null
  const call = { id: word(id), name: word(name) ?? "", arguments: "", isJson }
  tally.calls.push(call)
  return call
}

/** Arguments that came as a value and not as text. */
export function addWhole(tally: Tally, call: CalledTool | null, value: Json): void {
  const text = JSON.stringify(value)
  tally.outputChars += text.length
  if (call) setArguments(call, text)
}

export function setArguments(call: CalledTool, text: string): void {
  call.arguments = text.slice(0, MOST_ARGUMENTS)
  if (text.length > MOST_ARGUMENTS) call.isJson = false
}

const MOST_CALLS = 100
const MOST_ARGUMENTS = 262_144

/** A call's arguments, or a part of them. */
export function addArguments(tally: Tally, call: CalledTool | null, value: Json | undefined): void {
  addText(tally, value)
  if (call === null || typeof value !== "string") return
  tally.into = call
  if (call.arguments.length < MOST_ARGUMENTS) call.arguments = append(call.arguments, value)
  else call.isJson = false
}

const BY_STATUS: Readonly<Record<number, string>> = {
  400: "invalid_request",
  401: "authentication",
  402: "insufficient_quota",
  403: "permission",
  404: "not_found",
  408: "timeout",
  413: "too_large",
  429: "rate_limit",
  503: "overloaded",
  529: "overloaded",
}

/**
 * The provider's own word for an error: Gemini's `status`, OpenAI's `code` (`model_not_found`, more telling than its `type`, which is
 * `tokens` for a rate limit), else `type` (Anthropic has only that). DeepSeek puts the general `invalid_request_error` in `code` and the telling word
 * in `type`; OpenRouter has only an HTTP status in `code`, which gets a word of ours.
 */
export function errorWord(error: Json): string {
  const said = record(error)
  if (!said) return "error"
  const code = word(said["code"])
  const type = word(said["type"])
  const found = word(said["status"]) ?? (code === "invalid_request_error" ? (type ?? code) : code) ?? type
  if (found) return /^[\w.:-]{1,64}$/.test(found) ? found : "error"
  const status = count(said["code"])
  return status === null ? "error" : (BY_STATUS[status] ?? (status >= 500 ? "upstream" : "error"))
}
