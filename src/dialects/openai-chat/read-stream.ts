/**
 * A Chat stream, read. Calls come by index and may be interleaved; here they come in turn: one that begins while another is open waits until that one's arguments
 * are whole. Gateways leave out indexes, change ids, repeat names and put null where nothing is: all accepted.
 * https://platform.openai.com/docs/api-reference/chat-streaming
 */
import type { Json, JsonObject } from "../../exchange.ts"
import { jsonText, numberOf, objectOf, objectsOf, textOf, wordOf } from "../fields.ts"
import type { FinishReason, FormEvent, OpenPart, StreamReader } from "../form.ts"
import { readSignature } from "./calls.ts"
import { readFinish } from "./finish.ts"
import { readError } from "./read-answer.ts"
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
  #events: FormEvent[] = []
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

  read(_name: string, data: Json): FormEvent[] {
    const chunk = objectOf(data)
    if (!chunk || this.#isOver) return NONE
    const error = readError(chunk)
    if (error) return this.#end({ type: "error", error })
    if (!this.#hasStarted) this.#start(chunk)
    const choice = objectOf((chunk["choices"] as Json[] | undefined)?.[0])
    if (choice) this.#choice(choice)
    const usage =
      objectOf(chunk["usage"]) ?? objectOf(objectOf(chunk["x_groq"])?.["usage"]) ?? objectOf(choice?.["usage"])
    const read = usage && readUsage(usage)
    if (read) this.#events.push({ type: "usage", usage: read })
    return this.#take()
  }

  /** At `[DONE]` or the connection's end: whole where a finish reason was given. */
  finish(): FormEvent[] {
    if (this.#isOver) return NONE
    this.#settleCalls()
    this.#close()
    if (this.#finish === null) return this.#take()
    const reason = this.#finish === "stop" && this.#hasCalled ? "calls" : this.#finish
    this.#events.push({ type: "finish", reason, raw: this.#rawFinish, stopSequence: null })
    return this.#end({ type: "end" })
  }

  #start(chunk: JsonObject): void {
    // Azure's first chunk, which tells of filters only, has no id and no model
    if (!wordOf(chunk["model"]) && !objectsOf(chunk["choices"]).length) return
    this.#hasStarted = true
    const { id, model, service_tier } = chunk
    this.#events.push({ type: "start", id: wordOf(id), model: wordOf(model), serviceTier: wordOf(service_tier) })
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
    for (const block of objectsOf(delta["thinking_blocks"])) this.#sign(block)
    const { content, refusal } = delta
    if (typeof content === "string") {
      if (content !== "") this.#text("text", content)
    } else if (content) this.#parts(content)
    if (typeof refusal === "string" && refusal !== "") this.#text("refusal", refusal)
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
      this.#settleCalls()
      this.#close()
      this.#begin(kind, kind === "reasoning" ? { kind, redacted: false } : { kind })
    }
    this.#events.push({ type: "delta", text })
  }

  /** LiteLLM's: the text came as `reasoning_content` already. */
  #sign(block: JsonObject): void {
    const signature = wordOf(block["signature"])
    if (signature && this.#open === "reasoning") this.#events.push({ type: "sign", signature })
  }

  #call(delta: JsonObject | null, at: number): void {
    if (!delta) return
    const custom = objectOf(delta["custom"])
    const invoked = custom ?? objectOf(delta["function"])
    const id = wordOf(delta["id"])
    const name = wordOf(invoked?.["name"])
    const call = this.#callAt(numberOf(delta["index"]), at, id, name, custom ? "text" : "json")
    call.signature ??= readSignature(delta).signature ?? null
    const text = custom ? (textOf(custom["input"]) ?? "") : jsonText(invoked?.["arguments"] ?? undefined)
    if (this.#open !== call && !call.isClosed && !this.#waiting.includes(call)) this.#turnTo(call)
    call.args += text
    if (this.#open === call && text !== "") this.#events.push({ type: "delta", text })
  }

  /**
   * By index; by place where there is none. A seen index with another id and a name again is a new call: Gemini's compatible API gives every parallel call index 0.
   */
  #callAt(index: number | null, at: number, id: string | null, name: string | null, form: Call["form"]): Call {
    const isNew = (call: Call | undefined) => call === undefined || (id !== null && name !== null && id !== call.id)
    let place = index ?? (id === null && this.#lastIndex >= 0 ? this.#lastIndex : at)
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
    if (typeof this.#open === "object" && this.#open !== null && !isWhole(this.#open.args)) {
      this.#waiting.push(call)
      return
    }
    this.#close()
    this.#openCall(call)
  }

  #openCall(call: Call): void {
    const { id, name, form } = call
    this.#hasCalled = true
    this.#begin(call, { kind: "call", id, name, form })
    if (call.args !== "") this.#events.push({ type: "delta", text: call.args })
  }

  #settleCalls(): void {
    const waiting = this.#waiting
    this.#waiting = []
    for (const call of waiting) {
      this.#close()
      this.#openCall(call)
    }
  }

  #begin(open: "text" | "reasoning" | "refusal" | Call, part: OpenPart): void {
    this.#open = open
    this.#events.push({ type: "open", part })
  }

  #close(): void {
    const open = this.#open
    if (open === null) return
    if (typeof open === "object") {
      open.isClosed = true
      if (open.signature !== null) this.#events.push({ type: "sign", signature: open.signature })
    }
    this.#open = null
    this.#events.push({ type: "close" })
  }

  #end(event: FormEvent): FormEvent[] {
    this.#isOver = true
    this.#events.push(event)
    return this.#take()
  }

  #take(): FormEvent[] {
    const events = this.#events
    if (events.length > 0) this.#events = []
    return events
  }
}

const NONE: FormEvent[] = []

function isWhole(args: string): boolean {
  if (args === "") return true
  try {
    JSON.parse(args)
    return true
  } catch {
    return false
  }
}
