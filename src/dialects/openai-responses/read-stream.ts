/** A Responses stream, read. Items come in turn; what an item's end says beyond its deltas (arguments sent whole, encrypted reasoning) is said then. */
import type { Json, JsonObject } from "../../exchange.ts"
import { objectOf, objectsOf, textOf, wordOf } from "../fields.ts"
import type { Emit, OpenPart, StreamReader } from "../form.ts"
import { readMade, readOutput, SUMMARY_BREAK } from "./items.ts"
import { readError, readFinish } from "./read-answer.ts"
import { readUsage } from "./usage.ts"

export class ResponsesReader implements StreamReader {
  readonly #emit: Emit
  #hasStarted = false
  #isOver = false
  #open: OpenPart["kind"] | null = null
  /** characters of the open part so far */
  #said = 0
  /** parts were told of this item, so its end tells only what is missing */
  #itemHasParts = false
  #summaries = 0
  #hasCalled = false
  #hasRefused = false
  /** any part of the answer was told */
  #hasSaid = false

  constructor(emit: Emit) {
    this.#emit = emit
  }

  read(name: string, data: Json): void {
    const event = objectOf(data)
    if (!event || this.#isOver) return
    const { delta } = event
    switch (textOf(event["type"]) ?? name) {
      case "response.created":
      case "response.in_progress":
        this.#start(objectOf(event["response"]))
        break
      case "response.output_item.added":
        this.#addItem(objectOf(event["item"]))
        break
      case "response.output_item.done":
        this.#endItem(objectOf(event["item"]))
        break
      case "response.output_text.delta":
        this.#text("text", delta)
        break
      case "response.refusal.delta":
        this.#text("refusal", delta)
        break
      case "response.output_text.done":
        if (this.#open === "text") this.#sayRest(event["text"])
        break
      case "response.refusal.done":
        if (this.#open === "refusal") this.#sayRest(event["refusal"])
        break
      case "response.content_part.done":
        if (this.#open === "text" || this.#open === "refusal") this.#close()
        break
      case "response.reasoning_summary_part.added":
        if (this.#summaries++ > 0 && this.#open === "reasoning") this.#say(SUMMARY_BREAK)
        break
      case "response.reasoning_summary_text.delta":
      case "response.reasoning_text.delta":
        if (this.#open === "reasoning" && typeof delta === "string") this.#say(delta)
        break
      case "response.function_call_arguments.delta":
      case "response.custom_tool_call_input.delta":
        if (this.#open === "call" && typeof delta === "string") this.#say(delta)
        break
      case "response.completed":
      case "response.incomplete":
      case "response.done":
        this.#finish(objectOf(event["response"]))
        break
      case "response.failed":
      case "response.cancelled":
      case "error":
        this.#fail(event)
    }
  }

  /** Only its own last event says that a response is whole. */
  finish(): void {}

  #start(response: JsonObject | null): void {
    if (this.#hasStarted || !response) return
    this.#hasStarted = true
    this.#emit({
      type: "start",
      id: wordOf(response["id"]),
      model: wordOf(response["model"]),
      serviceTier: wordOf(response["service_tier"]),
    })
  }

  #addItem(item: JsonObject | null): void {
    this.#close()
    this.#itemHasParts = false
    this.#summaries = 0
    const made = item && readMade(item)
    if (!made) return
    if (made.kind === "call") {
      const { id, name, namespace, form } = made
      this.#begin(
        namespace === undefined ? { kind: "call", id, name, form } : { kind: "call", id, name, namespace, form },
      )
      this.#hasCalled = true
    } else this.#begin({ kind: "reasoning", redacted: false, id: made.id })
  }

  #text(kind: "text" | "refusal", delta: Json | undefined): void {
    if (typeof delta !== "string" || delta === "") return
    if (this.#open !== kind) {
      this.#close()
      this.#begin({ kind })
    }
    if (kind === "refusal") this.#hasRefused = true
    this.#say(delta)
  }

  #endItem(item: JsonObject | null): void {
    if (!item) return
    const made = readMade(item)
    if (this.#open === "call" && made?.kind === "call") this.#sayRest(made.args)
    else if (this.#open === "reasoning" && made?.kind === "reasoning") {
      if (this.#said === 0) this.#say(made.text)
      if (made.signature !== null) this.#emit({ type: "sign", signature: made.signature })
    } else if (made || !this.#itemHasParts) this.#wholeItem(item)
    this.#close()
    this.#itemHasParts = false
  }

  /** An item that had no beginning, or a server tool's, which has no deltas that anybody else understands. */
  #wholeItem(item: JsonObject): void {
    this.#close()
    for (const part of readOutput(item)) {
      this.#hasSaid = true
      if (part.kind === "opaque" || part.kind === "media") this.#emit({ type: "part", part })
      else if (part.kind === "call") {
        const { kind, id, name, form, args } = part
        this.#hasCalled = true
        this.#begin({ kind, id, name, form, ...(part.namespace !== undefined && { namespace: part.namespace }) })
        this.#say(args)
      } else if (part.kind === "reasoning") {
        this.#begin({ kind: "reasoning", redacted: false, id: part.id })
        this.#say(part.text)
        if (part.signature !== null) this.#emit({ type: "sign", signature: part.signature })
      } else if (part.kind === "text" || part.kind === "refusal") {
        this.#begin({ kind: part.kind })
        if (part.kind === "refusal") this.#hasRefused = true
        this.#say(part.text)
      }
      this.#close()
    }
  }

  #finish(response: JsonObject | null): void {
    this.#start(response)
    this.#close()
    // gateways that only pretend to stream
    if (!this.#hasSaid) for (const item of objectsOf(response?.["output"])) this.#wholeItem(item)
    const usage = objectOf(response?.["usage"])
    const read = usage && readUsage(usage)
    if (read) this.#emit({ type: "usage", usage: read })
    const hasCalled = this.#hasCalled || objectsOf(response?.["output"]).some((item) => readMade(item)?.kind === "call")
    const { finish, rawFinish } = readFinish(response ?? {}, hasCalled, this.#hasRefused)
    this.#isOver = true
    this.#emit({ type: "finish", reason: finish, raw: rawFinish, stopSequence: null })
    this.#emit({ type: "end" })
  }

  #fail(event: JsonObject): void {
    this.#isOver = true
    const error = readError(event) ?? { type: "upstream", message: "The provider's response failed.", code: null }
    this.#emit({ type: "error", error })
  }

  #begin(part: OpenPart): void {
    this.#open = part.kind
    this.#said = 0
    this.#itemHasParts = true
    this.#hasSaid = true
    this.#emit({ type: "open", part })
  }

  #say(text: string): void {
    if (text === "") return
    this.#said += text.length
    this.#emit({ type: "delta", text })
  }

  /** What the deltas left out. */
  #sayRest(whole: Json | undefined): void {
    if (typeof whole === "string") this.#say(whole.slice(this.#said))
  }

  #close(): void {
    if (this.#open === null) return
    this.#open = null
    this.#emit({ type: "close" })
  }
}
