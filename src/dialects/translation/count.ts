/**
 * Token counts across dialects: asked of the provider in its own way, or estimated where it counts nothing. An answer there always is: without one Claude Code takes the
 * model for gone. https://docs.anthropic.com/en/api/messages-count-tokens, https://ai.google.dev/api/tokens, https://platform.openai.com/docs/api-reference/responses/input-tokens
 */
import type { Dialect, Json, JsonObject } from "../../exchange.ts"
import { countOf, objectOf } from "../fields.ts"
import { type Destination, type FormRequest, Losses, type Part } from "../form.ts"
import type { Client, Outbound, Translation } from "./call.ts"
import { CODECS } from "./codecs.ts"
import { unusable } from "./failure.ts"

/** Who serves OpenAI's `/responses/input_tokens`. */
const COUNTS_RESPONSES: ReadonlySet<string> = new Set(["openai", "azure"])

/** Only what is said counts: the rest of a generation's members would be refused. */
const COUNTED: Readonly<Record<Exclude<Dialect, "openai-chat">, readonly string[]>> = {
  anthropic: ["model", "messages", "system", "tools", "tool_choice", "thinking"],
  "openai-responses": [
    "model",
    "input",
    "instructions",
    "tools",
    "tool_choice",
    "parallel_tool_calls",
    "reasoning",
    "text",
  ],
  gemini: ["contents", "systemInstruction", "tools", "toolConfig"],
}

export function translateCount(form: FormRequest, losses: Losses, client: Client, to: Outbound): Translation {
  const write = (tokens: number) => writeCount(client.dialect, tokens)
  return {
    operation: "count_tokens",
    body: countRequest(form, { ...to, stream: false, losses }),
    losses,
    whole(answer) {
      const tokens = readCount(answer)
      if (tokens === null) throw unusable("holds no count")
      return write(tokens)
    },
    local: () => write(estimateCount(form, client.estimate)),
  }
}

/** Whether a refusal is in the provider's own words (an unknown model), not a web server's (an unknown path). */
export function isOwnError(dialect: Dialect, bytes: Uint8Array): boolean {
  try {
    const body = objectOf(JSON.parse(new TextDecoder().decode(bytes)) as Json)
    const error = objectOf(body?.["error"])
    return dialect === "gemini" ? typeof error?.["status"] === "string" : body?.["type"] === "error" && error !== null
  } catch {
    return false // no JSON
  }
}

/** The count of a same-dialect call whose provider has none. */
export function localCount(dialect: Dialect, body: JsonObject, estimate: (text: string) => number): JsonObject {
  const asked = dialect === "gemini" ? (objectOf(body["generateContentRequest"]) ?? body) : body
  return writeCount(dialect, estimateCount(CODECS[dialect].readRequest(asked, new Losses()), estimate))
}

/** Null where the provider counts nothing. */
function countRequest(form: FormRequest, to: Destination): JsonObject | null {
  const { dialect, provider, model } = to
  if (dialect === "openai-chat" || (dialect === "openai-responses" && !COUNTS_RESPONSES.has(provider))) return null
  const whole = CODECS[dialect].writeRequest(form, to)
  const counted = Object.fromEntries(
    COUNTED[dialect].flatMap((name) => (whole[name] === undefined ? [] : [[name, whole[name]]])),
  )
  return dialect === "gemini" ? { generateContentRequest: { model: `models/${model}`, ...counted } } : counted
}

function readCount(answer: Json): number | null {
  const body = objectOf(answer)
  return countOf(body?.["input_tokens"]) ?? countOf(body?.["totalTokens"])
}

export function writeCount(dialect: Dialect, tokens: number): JsonObject {
  if (dialect === "gemini") return { totalTokens: tokens }
  return { ...(dialect === "openai-responses" && { object: "response.input_tokens" }), input_tokens: tokens }
}

/** Claude Code compacts too late where a count is too low: measured estimates were short by at most 15 %, and tools bring a preamble of 500 to 600 tokens. */
const MARGIN = 1.15
const TOOL_PREAMBLE = 550
/** Anthropic's largest image and one page of a PDF; a longer file is known by its bytes. */
const MEDIA_TOKENS = 1600
const BASE64_PER_TOKEN = 400

function estimateCount(form: FormRequest, estimate: (text: string) => number): number {
  let tokens = 0
  for (const { text } of form.system) tokens += estimate(text)
  for (const { parts } of form.turns) for (const part of parts) tokens += partTokens(part, estimate)
  for (const tool of form.tools) tokens += estimate(JSON.stringify(tool.kind === "hosted" ? tool.raw : tool))
  if (form.format?.schema) tokens += estimate(JSON.stringify(form.format.schema))
  return Math.ceil(tokens * MARGIN) + 4 * form.turns.length + (form.tools.length > 0 ? TOOL_PREAMBLE : 0)
}

function partTokens(part: Part, estimate: (text: string) => number): number {
  switch (part.kind) {
    case "text":
    case "refusal":
    case "reasoning":
      return estimate(part.text)
    case "call":
      return estimate(part.name) + estimate(part.args)
    case "result":
      return part.parts.reduce((sum, inner) => sum + partTokens(inner, estimate), 0)
    case "media":
      return part.source.by === "data" && part.type !== "image"
        ? Math.max(MEDIA_TOKENS, Math.ceil(part.source.data.length / BASE64_PER_TOKEN))
        : MEDIA_TOKENS
    case "opaque":
      return estimate(JSON.stringify(part.raw))
  }
}
