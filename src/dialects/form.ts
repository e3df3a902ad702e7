/**
 * The common form: what a request, an answer and an answer's events say, in no provider's words. It holds everything that two dialects share; what only one
 * knows stays in an opaque part. Each dialect's folder reads its wire format into it and writes it from it; nothing here acts.
 * Order and number of parts are kept, a tool call's arguments stay text, and nothing is parsed that need not be.
 */
import type { Dialect, ErrorType, Json, JsonObject, Usage } from "../exchange.ts"

/** Where a client wants the provider's prompt cache to begin anew: Anthropic's `cache_control`. */
export interface CacheMark {
  ttl: "5m" | "1h"
}

export interface TextPart {
  kind: "text"
  text: string
  cache?: CacheMark
  /** Gemini signs texts too */
  signature?: string
}

/** An image, a PDF, a sound, a film, or another file. `data` is base64; `id` is a provider's own file id. */
export interface MediaPart {
  kind: "media"
  type: "image" | "document" | "audio" | "video"
  source:
    | { by: "data"; mime: string; data: string }
    | { by: "url"; url: string; mime: string | null }
    | { by: "id"; id: string; mime: string | null }
  name?: string
  /** OpenAI's `low`, `high`, `auto` … */
  detail?: string
  cache?: CacheMark
}

/** A tool the model wants to be run. */
export interface CallPart {
  kind: "call"
  /** what its result refers to (`call_…`, `toolu_…`); "" where the dialect gave none */
  id: string
  name: string
  /** of a tool that came in a namespace (Codex) */
  namespace?: string
  /** as the model wrote them: JSON, or free text (`form`); "" is no argument at all */
  args: string
  /** `text`: OpenAI's custom tools, whose argument is a bare string */
  form: "json" | "text"
  /** Gemini's `thoughtSignature` */
  signature?: string
  cache?: CacheMark
}

export interface ResultPart {
  kind: "result"
  callId: string
  /** where the dialect says it (Gemini) */
  name?: string
  parts: (TextPart | MediaPart | OpaquePart)[]
  isError: boolean
  form: "json" | "text"
  cache?: CacheMark
}

/** Thinking, or a summary of it. */
export interface ReasoningPart {
  kind: "reasoning"
  /** "" where it is hidden; summaries are joined by an empty line */
  text: string
  /** Anthropic's `signature` or the `data` of `redacted_thinking`, Responses' `encrypted_content`, Gemini's `thoughtSignature` of a thought */
  signature: string | null
  /** Anthropic's `redacted_thinking` */
  redacted: boolean
  /** a Responses item's `rs_…` */
  id?: string
}

interface RefusalPart {
  kind: "refusal"
  text: string
}

/** What only its own dialect understands (server tools and their results, executable code …): whole, as it came. */
export interface OpaquePart {
  kind: "opaque"
  dialect: Dialect
  /** the dialect's own name for it: `web_search_tool_result` */
  what: string
  raw: Json
}

export type Part = TextPart | MediaPart | CallPart | ResultPart | ReasoningPart | RefusalPart | OpaquePart

/** `system` is an instruction in the middle of the conversation; those before the first turn are in `system` of the request. */
export interface Turn {
  role: "user" | "assistant" | "system"
  parts: Part[]
}

export type Tool = FunctionTool | HostedTool

export interface FunctionTool {
  kind: "function"
  name: string
  namespace?: string
  description: string | null
  /** JSON Schema as the client wrote it; null: no arguments */
  schema: JsonObject | null
  strict: boolean | null
  /** `text`: OpenAI's custom tools; `grammar` is their `format` */
  form: "json" | "text"
  grammar?: JsonObject
  cache?: CacheMark
}

/** A tool that the provider runs itself. */
export interface HostedTool {
  kind: "hosted"
  dialect: Dialect
  /** the dialect's own name for it: `web_search_20250305`, `googleSearch`, `file_search` */
  what: string
  raw: JsonObject
}

/** `one`: exactly this tool. `some`: one of these, or (`required` false) none. */
export type ToolChoice = { mode: "auto" | "none" | "required" } | { mode: "some"; names: string[]; required: boolean }

export type Effort = "none" | "minimal" | "low" | "medium" | "high" | "xhigh" | "max"

/** How much to think. A member that the client did not say is null. */
export interface Thinking {
  effort: Effort | null
  /** tokens; 0: no thinking; -1: as much as the model likes */
  budget: number | null
  /** whether the client wants to see it (summaries, Gemini's `includeThoughts`) */
  shown: boolean | null
}

/** Structured output: any JSON, or JSON of a schema. */
export interface OutputFormat {
  schema: JsonObject | null
  name: string | null
  description: string | null
  strict: boolean | null
}

export interface FormRequest {
  /** the instructions before the first turn, in order */
  system: TextPart[]
  turns: Turn[]
  tools: Tool[]
  toolChoice: ToolChoice | null
  /** null: not said */
  parallelCalls: boolean | null
  maxTokens: number | null
  temperature: number | null
  topP: number | null
  topK: number | null
  stop: string[]
  seed: number | null
  presencePenalty: number | null
  frequencyPenalty: number | null
  /** how many alternatives (`n`, `candidateCount`) */
  candidates: number | null
  /** how many alternatives a token's log probability is wanted with; 0: its own alone; null: not wanted */
  topLogprobs: number | null
  thinking: Thinking | null
  format: OutputFormat | null
  verbosity: string | null
  /** the provider's word: `auto`, `default`, `flex`, `priority`, `standard_only` */
  serviceTier: string | null
  /** the client's own user, as providers want it for abuse reports (`user`, `metadata.user_id`) */
  endUser: string | null
  /** OpenAI's `prompt_cache_key` */
  cacheKey: string | null
  /** the rest of the body's top level, for the list of what was lost: names this dialect knows and the form does not */
  unheld: string[]
}

export type FinishReason =
  | "stop"
  | "stop_sequence"
  | "length"
  /** the context window is full */
  | "context"
  | "calls"
  | "filtered"
  | "refusal"
  /** not finished: the client is to send the conversation again (Anthropic's `pause_turn`) */
  | "pause"

/** What a provider says went wrong. */
export interface ProviderError {
  type: ErrorType
  message: string
  code: string | null
}

/** A whole answer. */
export interface FormAnswer {
  /** the provider's id for it */
  id: string | null
  /** the model the provider says it ran */
  model: string | null
  parts: Part[]
  finish: FinishReason
  /** the provider's own word, where the form has no exact one for it */
  rawFinish: string | null
  stopSequence: string | null
  usage: Usage | null
  serviceTier: string | null
}

/** The beginning of a part; what it says comes in deltas. */
export type OpenPart =
  | { kind: "text" | "refusal" }
  | { kind: "reasoning"; redacted: boolean; id?: string }
  | { kind: "call"; id: string; name: string; namespace?: string; form: "json" | "text" }

/**
 * An answer's stream. Parts come in turn: between `open` and its `close` nothing but its `delta` and `sign`. A reader whose wire interleaves them
 * (Chat's parallel tool calls) puts them in order. `usage` is cumulative: the last one counts. After `end` or `error` nothing comes.
 */
export type FormEvent =
  | { type: "start"; id: string | null; model: string | null; serviceTier: string | null }
  | { type: "open"; part: OpenPart }
  | { type: "delta"; text: string }
  /** the open part's signature, or encrypted content, in full */
  | { type: "sign"; signature: string }
  | { type: "close" }
  /** a part that comes at once: media, opaque ones */
  | { type: "part"; part: MediaPart | OpaquePart }
  | { type: "usage"; usage: Usage }
  | { type: "finish"; reason: FinishReason; raw: string | null; stopSequence: string | null }
  | { type: "error"; error: ProviderError }
  /** the dialect's last word (`[DONE]`, `message_stop`, `response.completed`), or the clean end of a dialect that has none */
  | { type: "end" }

/** What could not be carried over: a path in the client's own terms, and what became of it. */
export class Losses {
  /** each once; grows until the answer's end, so the ledger's row may hold it from the beginning */
  readonly paths: string[] = []
  note(path: string): void {
    if (!this.paths.includes(path)) this.paths.push(path)
  }
}

/** What a dialect's writer of requests must know of where the request goes. */
export interface Destination {
  dialect: Dialect
  /** the provider's row: `openai`, `azure`, `groq` */
  provider: string
  /** the provider's own name for the model */
  model: string
  stream: boolean
  losses: Losses
}

/** What a dialect's writer of answers must know of the client's request. */
export interface Reception {
  /** our id for the exchange: what ids are made from where the provider gave none */
  id: string
  /** seconds since 1970 */
  created: number
  /** the provider's name for the model, where the answer does not say one */
  model: string
  /** the client's body, for answers that repeat parts of it (Responses) */
  body: JsonObject
  /** a Chat client asked for `stream_options.include_usage` */
  wantsUsage: boolean
  losses: Losses
}

export type Emit = (event: FormEvent) => void

/** Reads a stream's events: `name` is SSE's `event:` ("" where there is none), `data` the parsed JSON. Never throws on odd JSON: what is not understood is passed over. */
export interface StreamReader {
  read(name: string, data: Json): void
  /** the connection ended cleanly, or `[DONE]` came (`isDone`): what is still open is closed, and `end` where the answer was complete */
  finish(isDone?: boolean): void
}

/** Writes SSE text for each event ("" where nothing is to be sent yet). */
export interface StreamWriter {
  write(event: FormEvent): string
}

/** A dialect as code: everything pure, errors as Refusal. */
export interface Codec {
  /** @throws Refusal 400 for a body that the dialect itself would refuse (wrong types where we must understand them), with the param's path */
  readRequest(body: JsonObject, losses: Losses): FormRequest
  /** A body valid for the provider: alternation, pairing, required members, limits of the dialect. What it has no place for is noted in `to.losses`. */
  writeRequest(form: FormRequest, to: Destination): JsonObject
  readAnswer(body: JsonObject): FormAnswer
  writeAnswer(answer: FormAnswer, to: Reception): JsonObject
  /** `emit` takes what the reader reads, at once */
  streamReader(emit: Emit): StreamReader
  streamWriter(to: Reception): StreamWriter
  /** the error inside a body, whatever its HTTP status; null where it holds none */
  readError(body: Json): ProviderError | null
}
