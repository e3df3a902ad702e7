/** An Anthropic stream, written: blocks in turn, the stop reason and the true usage held back until both are known. */
import type { JsonObject, Usage } from "../../exchange.ts"
import { safeCallId } from "../call-ids.ts"
import type { FinishReason, FormEvent, OpenPart, Reception, StreamWriter } from "../form.ts"
import { writeFinish } from "./finish.ts"
import { writeUsage } from "./usage.ts"
import { mediaText, messageId } from "./write-answer.ts"

export class AnthropicWriter implements StreamWriter {
  readonly #to: Reception
  #hasStarted = false
  #index = -1
  #open: OpenPart | null = null
  /** redacted thinking is nothing but its data, which comes as the signature */
  #isHeld = false
  /** everything of a delta before its text: the same in all of a block */
  #head = ""
  #usage: Usage | null = null
  #finish: FinishReason = "stop"
  #stopSequence: string | null = null

  constructor(to: Reception) {
    this.#to = to
  }

  write(event: FormEvent): string {
    switch (event.type) {
      case "start":
        return this.#start(event.id, event.model)
      case "open":
        return this.#begin() + this.#openPart(event.part)
      case "delta":
        return this.#head === "" ? "" : `${this.#head}${JSON.stringify(event.text)}}}\n\n`
      case "sign":
        return this.#sign(event.signature)
      case "close":
        return this.#close()
      case "part": {
        if (event.part.kind !== "media") return ""
        const text = mediaText(event.part)
        return (
          this.write({ type: "open", part: { kind: "text" } }) + this.write({ type: "delta", text }) + this.#close()
        )
      }
      case "usage":
        this.#usage = event.usage
        return ""
      case "finish":
        this.#finish = event.reason
        this.#stopSequence = event.stopSequence
        return ""
      case "end":
        return this.#begin() + this.#end()
      case "error":
        return "" // told in `errors.ts`, which knows our id of the request
    }
  }

  /** What is not known yet is 0: the last `message_delta` says the truth. */
  #start(id: string | null, model: string | null): string {
    if (this.#hasStarted) return ""
    this.#hasStarted = true
    const message = {
      id: messageId(id, this.#to),
      type: "message",
      role: "assistant",
      model: model ?? this.#to.model,
      content: [],
      stop_reason: null,
      stop_sequence: null,
      usage: writeUsage(this.#usage),
    }
    return sse({ type: "message_start", message })
  }

  #begin(): string {
    return this.#hasStarted ? "" : this.#start(null, null)
  }

  #openPart(part: OpenPart): string {
    this.#open = part
    this.#isHeld = part.kind === "reasoning" && part.redacted
    if (this.#isHeld) return ""
    const index = ++this.#index
    const [block, delta] = blockOf(part)
    this.#head = `event: content_block_delta\ndata: {"type":"content_block_delta","index":${index},"delta":{"type":"${delta}":`
    return sse({ type: "content_block_start", index, content_block: block })
  }

  #sign(signature: string): string {
    if (this.#open?.kind !== "reasoning") return ""
    if (!this.#open.redacted)
      return sse({ type: "content_block_delta", index: this.#index, delta: { type: "signature_delta", signature } })
    if (!this.#isHeld) return ""
    this.#isHeld = false
    const content_block = { type: "redacted_thinking", data: signature }
    return sse({ type: "content_block_start", index: ++this.#index, content_block })
  }

  #close(): string {
    if (this.#open === null) return ""
    this.#open = null
    this.#head = ""
    if (!this.#isHeld) return sse({ type: "content_block_stop", index: this.#index })
    this.#isHeld = false
    return ""
  }

  #end(): string {
    const delta = { stop_reason: writeFinish(this.#finish), stop_sequence: this.#stopSequence }
    return sse({ type: "message_delta", delta, usage: writeUsage(this.#usage) }) + sse({ type: "message_stop" })
  }
}

/** A block's beginning, and its deltas' type with the member their text is in. */
function blockOf(part: OpenPart): [block: JsonObject, delta: string] {
  switch (part.kind) {
    case "reasoning":
      return [{ type: "thinking", thinking: "", signature: "" }, 'thinking_delta","thinking']
    case "call":
      return [
        { type: "tool_use", id: safeCallId(part.id), name: part.name, input: {} },
        'input_json_delta","partial_json',
      ]
    default:
      return [{ type: "text", text: "" }, 'text_delta","text']
  }
}

const sse = (data: JsonObject & { type: string }) => `event: ${data.type}\ndata: ${JSON.stringify(data)}\n\n`
