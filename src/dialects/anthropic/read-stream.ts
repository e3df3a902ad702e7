/** An Anthropic stream, read. https://docs.anthropic.com/en/docs/build-with-claude/streaming */
import type { Json, JsonObject, Usage } from "../../exchange.ts"
import { jsonText, objectOf, objectsOf, textOf, wordOf } from "../fields.ts"
import type { Emit, FormEvent, OpenPart, StreamReader } from "../form.ts"
import { readBlock } from "./blocks.ts"
import { readFinish } from "./finish.ts"
import { readError } from "./read-answer.ts"
import { readUsage } from "./usage.ts"

export class AnthropicReader implements StreamReader {
  readonly #emit: Emit
  #open: OpenPart["kind"] | null = null
  #usage: Usage | null = null
  #hasStarted = false
  #hasCalled = false
  #isOver = false
  /** what said why it stopped at the very start, until something says it again */
  #stoppedAtStart: JsonObject | null = null

  constructor(emit: Emit) {
    this.#emit = emit
  }

  read(name: string, data: Json): void {
    const event = objectOf(data)
    if (!event || this.#isOver) return
    switch (textOf(event["type"]) ?? name) {
      case "message_start":
        this.#start(objectOf(event["message"]))
        break
      case "content_block_start":
        this.#begin(objectOf(event["content_block"]))
        break
      case "content_block_delta":
        this.#delta(objectOf(event["delta"]))
        break
      case "content_block_stop":
        this.#close()
        break
      case "message_delta":
        this.#finish(event)
        break
      case "message_stop":
        this.#stop(this.#stoppedAtStart)
        this.#end({ type: "end" })
        break
      case "error": {
        const error = readError(event)
        if (error) this.#end({ type: "error", error })
      }
    }
  }

  /** Only `message_stop` says that a message is whole. */
  finish(): void {}

  #start(message: JsonObject | null): void {
    const usage = objectOf(message?.["usage"])
    if (!this.#hasStarted) {
      this.#emit({
        type: "start",
        id: wordOf(message?.["id"]),
        model: wordOf(message?.["model"]),
        serviceTier: wordOf(usage?.["service_tier"]),
      })
      this.#beginWith(message)
    }
    this.#hasStarted = true
    this.#count(usage)
  }

  /** Where a program of Anthropic's code execution goes on, its next call stands in the start, and nothing but `message_stop` may follow. */
  #beginWith(message: JsonObject | null): void {
    const content = objectsOf(message?.["content"])
    for (const block of content) this.#begin(block)
    this.#close()
    if (content.length > 0) this.#stoppedAtStart = message
  }

  #begin(block: JsonObject | null): void {
    this.#close()
    if (!block) return
    const part = readBlock(block)
    switch (part.kind) {
      case "opaque":
      case "media":
        this.#emit({ type: "part", part })
        return
      case "text":
        return this.#openPart({ kind: "text" }, part.text)
      case "reasoning":
        this.#openPart({ kind: "reasoning", redacted: part.redacted }, part.text)
        if (part.signature !== null) this.#emit({ type: "sign", signature: part.signature })
        return
      case "call": {
        const { id, name } = part
        this.#hasCalled = true
        // the start's `{}` is a place-holder; what the deltas bring is the input
        return this.#openPart({ kind: "call", id, name, form: "json" }, part.args === "{}" ? "" : jsonText(part.args))
      }
    }
  }

  #openPart(part: OpenPart, text: string): void {
    this.#open = part.kind
    this.#emit({ type: "open", part })
    if (text !== "") this.#emit({ type: "delta", text })
  }

  #delta(delta: JsonObject | null): void {
    if (!delta || this.#open === null) return
    if (delta["type"] === "signature_delta") {
      const signature = wordOf(delta["signature"])
      if (signature) this.#emit({ type: "sign", signature })
      return
    }
    const text = delta["text"] ?? delta["thinking"] ?? delta["partial_json"]
    if (typeof text === "string" && text !== "") this.#emit({ type: "delta", text })
  }

  #close(): void {
    if (this.#open === null) return
    this.#open = null
    this.#emit({ type: "close" })
  }

  #finish(event: JsonObject): void {
    this.#count(objectOf(event["usage"]))
    this.#stop(objectOf(event["delta"]))
  }

  #stop(said: JsonObject | null): void {
    const raw = wordOf(said?.["stop_reason"])
    if (raw === null) return
    this.#stoppedAtStart = null
    this.#close()
    this.#emit({
      type: "finish",
      reason: readFinish(raw, this.#hasCalled),
      raw,
      stopSequence: wordOf(said?.["stop_sequence"]),
    })
  }

  #count(said: JsonObject | null): void {
    if (!said) return
    const usage = readUsage(said, this.#usage)
    if (usage && usage !== this.#usage) this.#emit({ type: "usage", usage })
    this.#usage = usage
  }

  #end(event: FormEvent): void {
    if (event.type === "end") this.#close()
    this.#isOver = true
    this.#emit(event)
  }
}
