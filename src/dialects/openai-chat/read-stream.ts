/**
 * A Chat stream, read. Calls come by index and may be interleaved; here they come in turn: one that begins while another is open waits until that one's arguments
 * are whole. Gateways leave out indexes, change ids, repeat names and put null where nothing is: all accepted.
 * https://platform.openai.com/docs/api-reference/chat-streaming
 */
import type { Json, JsonObject } from "../../exchange.ts"
import { jsonText, numberOf, objectOf, objectsOf, textOf, wordOf } from "../fields.ts"
import type { Emit, FinishReason, FormEvent, MediaPart, OpenPart, StreamReader } from "../form.ts"
import { readSignature } from "./calls.ts"
import { readFinish, settleFinish } from "./finish.ts"
import { readImage } from "./media.ts"
import { readError } from "./read-answer.ts"
import { deltaSignatures } from "./reasoning.ts"
import { readUsage } from "./usage.ts"

interface Call {
  id: string
  name: string
  form: "json" | "text"
  args: string
  signature: string | null
  isClosed: boolean
}

export class ChatReader implements StreamReader {
  readonly #emit: Emit
  #hasStarted = false
  #isOver = false
  /** the kind of the open part; of calls, which */
  #open: "text" | "reasoning" | "refusal" | Call | null = null
  readonly #calls = new Map<number, Call>()
  /** begun while another was open */
  #waiting: Call[] = []
  #lastIndex = -1
  #finish: FinishReason | null = null
  #rawFinish: string | null = null
  #hasCalled = false
  #hasRefused = false

  constructor(emit: Emit) {
    this.#emit = emit
  }

  read(_name: string, data: Json): void {
    const chunk = objectOf(data)
    if (!chunk || this.#isOver) return
    const error = readError(chunk)
    if (error) return this.#end({ type: "error", error })
    if (!this.#hasStarted) this.#start(chunk)
    const choice = objectOf((chunk["choices"] as Json[] | undefined)?.[0])
    if (choice) this.#choice(choice)
    const usage =
      objectOf(chunk["usage"]) ?? objectOf(objectOf(chunk["x_groq"])?.["usage"]) ?? objectOf(choice?.["usage"])
    const read = usage && readUsage(usage)
    if (read) this.#emit({ type: "usage", usage: read })
  }

  /** Whole where a finish reason was given, or `[DONE]` said so. */
  finish(isDone = false): void {
    if (this.#isOver) return
    this.#settle()
    if (this.#finish === null && !isDone) return
    const reason = settleFinish(this.#finish ?? "stop", this.#hasCalled, this.#hasRefused)
    this.#emit({ type: "finish", reason, raw: this.#rawFinish, stopSequence: null })
    this.#end({ type: "end" })
  }

  #start(chunk: JsonObject): void {
    // Azure's first chunk, which tells of filters only, has no id and no model
    if (!wordOf(chunk["model"]) && !objectsOf(chunk["choices"]).length) return
    this.#hasStarted = true
    const { id, model, service_tier } = chunk
    this.#emit({ type: "start", id: wordOf(id), model: wordOf(model), serviceTier: wordOf(service_tier) })
  }

  #choice(choice: JsonObject): void {
    if ((numberOf(choice["index"]) ?? 0) !== 0) return
    const delta = objectOf(choice["delta"]) ?? objectOf(choice["message"])
    if (delta) this.#delta(delta)
    const finish = wordOf(choice["finish_reason"])
    if (finish === null) return
    this.#rawFinish = finish
    this.#finish = readFinish(finish)
  }

  #delta(delta: JsonObject): void {
    const thought = delta["reasoning_content"] || delta["reasoning"]
    if (typeof thought === "string" && thought !== "") this.#text("reasoning", thought)
    if (delta["thinking_blocks"] || delta["reasoning_details"])
      for (const { signature, redacted } of deltaSignatures(delta)) this.#sign(signature, redacted)
    const { content, refusal } = delta
    if (typeof content === "string") {
      if (content !== "") this.#text("text", content)
    } else if (content) this.#parts(content)
    if (typeof refusal === "string" && refusal !== "") this.#text("refusal", refusal)
    if (delta["images"]) for (const image of objectsOf(delta["images"])) this.#part(readImage(image))
    const calls = delta["tool_calls"]
    if (Array.isArray(calls)) calls.forEach((call, at) => this.#call(objectOf(call), at))
    const old = objectOf(delta["function_call"])
    if (old) this.#call({ index: 0, function: old }, 0)
  }

  /** Mistral's content lists. */
  #parts(content: Json): void {
    for (const part of objectsOf(content)) {
      for (const thought of objectsOf(part["thinking"])) this.#text("reasoning", textOf(thought["text"]) ?? "")
      const text = wordOf(part["text"])
      if (text) this.#text("text", text)
    }
  }

  #text(kind: "text" | "reasoning" | "refusal", text: string): void {
    if (this.#open !== kind) {
      this.#settle()
      this.#begin(kind, kind === "reasoning" ? { kind, redacted: false } : { kind })
      if (kind === "refusal") this.#hasRefused = true
    }
    this.#emit({ type: "delta", text })
  }

  #part(part: MediaPart): void {
    this.#settle()
    this.#emit({ type: "part", part })
  }

  /** The text it signs came as `reasoning_content` or `reasoning` already; a thought of which nothing may be seen has a signature alone. */
  #sign(signature: string, redacted: boolean): void {
    if (this.#open !== "reasoning" || redacted) {
      this.#settle()
      this.#begin("reasoning", { kind: "reasoning", redacted })
    }
    this.#emit({ type: "sign", signature })
    this.#close()
  }

  #call(delta: JsonObject | null, at: number): void {
    if (!delta) return
    const custom = objectOf(delta["custom"])
    const invoked = custom ?? objectOf(delta["function"])
    const id = wordOf(delta["id"])
    const name = wordOf(invoked?.["name"])
    const call = this.#callAt(numberOf(delta["index"]) ?? this.#placeOf(id, at), id, name, custom ? "text" : "json")
    call.signature ??= readSignature(delta).signature ?? null
    const text = custom ? (textOf(custom["input"]) ?? "") : jsonText(invoked?.["arguments"] ?? undefined)
    if (this.#open !== call && !call.isClosed && !this.#waiting.includes(call)) this.#turnTo(call)
    call.args += text
    if (this.#open === call && text !== "") this.#emit({ type: "delta", text })
  }

  /** Of a call without an index: the one of its id, else of no id the last, else a new one. */
  #placeOf(id: string | null, at: number): number {
    for (const [place, call] of this.#calls) if (id !== null && call.id === id) return place
    return id === null && this.#lastIndex >= 0 ? this.#lastIndex : at
  }

  /**
   * A seen index with another id and a name again is a new call: Gemini's compatible API gives every parallel call index 0.
   */
  #callAt(index: number, id: string | null, name: string | null, form: Call["form"]): Call {
    const isNew = (call: Call | undefined) => call === undefined || (id !== null && name !== null && id !== call.id)
    let place = index
    while (this.#calls.has(place) && isNew(this.#calls.get(place))) place++
    this.#lastIndex = place
    let call = this.#calls.get(place)
    if (!call)
      this.#calls.set(
        place,
        (call = { id: id ?? "", name: name ?? "", form, args: "", signature: null, isClosed: false }),
      )
    if (call.name === "" && name !== null) call.name = name
    if (call.id === "" && id !== null) call.id = id
    return call
  }

  #turnTo(call: Call): void {
    const isBusy = typeof this.#open === "object" && this.#open !== null && !isWhole(this.#open.args)
    if (isBusy || call.name === "" || this.#waiting.length > 0) return void this.#waiting.push(call)
    this.#close()
    this.#openCall(call)
  }

  #openCall(call: Call): void {
    const { id, name, form } = call
    this.#hasCalled = true
    this.#begin(call, { kind: "call", id, name, form })
    if (call.args !== "") this.#emit({ type: "delta", text: call.args })
  }

  /** Nothing is open or waiting afterwards. */
  #settle(): void {
    this.#close()
    const waiting = this.#waiting
    if (waiting.length === 0) return
    this.#waiting = []
    for (const call of waiting) {
      this.#openCall(call)
      this.#close()
    }
  }

  #begin(open: "text" | "reasoning" | "refusal" | Call, part: OpenPart): void {
    this.#open = open
    this.#emit({ type: "open", part })
  }

  #close(): void {
    const open = this.#open
    if (open === null) return
    if (typeof open === "object") {
      open.isClosed = true
      if (open.signature !== null) this.#emit({ type: "sign", signature: open.signature })
    }
    this.#open = null
    this.#emit({ type: "close" })
  }

  #end(event: FormEvent): void {
    this.#isOver = true
    this.#emit(event)
  }
}

/** Not the empty string: gateways begin all calls before the first one's arguments come. */
function isWhole(args: string): boolean {
  try {
    JSON.parse(args)
    return true
  } catch {
    return false
  }
}
