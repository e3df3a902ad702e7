/** A Chat stream, written. https://platform.openai.com/docs/api-reference/chat-streaming */
import type { Json, JsonObject, Usage } from "../../exchange.ts"
import type { FinishReason, FormEvent, OpenPart, ReasoningPart, Reception, StreamWriter } from "../form.ts"
import { writeSignature } from "./calls.ts"
import { writeFinish } from "./finish.ts"
import { thinkingBlock } from "./reasoning.ts"
import { writeUsage } from "./usage.ts"
import { completionId, imageOf } from "./write-answer.ts"

export class ChatWriter implements StreamWriter {
  readonly #to: Reception
  /** everything of a chunk before its choices: the same in all */
  #head = ""
  #open: OpenPart | null = null
  #reasoning: ReasoningPart | null = null
  #calls = 0
  /** the open call has arguments */
  #hasArgs = false
  #usage: Usage | null = null
  #finish: FinishReason = "stop"

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
        return this.#delta(event.text)
      case "sign":
        return this.#sign(event.signature)
      case "close":
        return this.#close()
      case "part":
        return event.part.kind === "media" ? this.#begin() + this.#chunk({ images: imageOf(event.part) }) : ""
      case "usage":
        this.#usage = event.usage
        return ""
      case "finish":
        this.#finish = event.reason
        return ""
      case "end":
        return this.#end()
      case "error":
        return "" // told in `errors.ts`, which knows our id of the request
    }
  }

  #start(id: string | null, model: string | null): string {
    if (this.#head !== "") return ""
    const head = {
      id: completionId(id, this.#to),
      object: "chat.completion.chunk",
      created: this.#to.created,
      model: model ?? this.#to.model,
    }
    this.#head = `data: ${JSON.stringify(head).slice(0, -1)},"system_fingerprint":null,"choices":`
    return this.#chunk({ role: "assistant", content: "", refusal: null })
  }

  #begin(): string {
    return this.#head === "" ? this.#start(null, null) : ""
  }

  #openPart(part: OpenPart): string {
    this.#open = part
    if (part.kind === "reasoning")
      this.#reasoning = { kind: "reasoning", text: "", signature: null, redacted: part.redacted }
    if (part.kind !== "call") return ""
    this.#hasArgs = false
    const { id, name, form } = part
    const invoked: JsonObject =
      form === "text"
        ? { type: "custom", custom: { name, input: "" } }
        : { type: "function", function: { name, arguments: "" } }
    return this.#chunk({ tool_calls: [{ index: this.#calls++, id, ...invoked }] })
  }

  #delta(text: string): string {
    const open = this.#open
    if (!open) return ""
    if (open.kind === "text") return this.#textChunk("content", text)
    if (open.kind === "refusal") return this.#textChunk("refusal", text)
    if (open.kind !== "call") {
      this.#reasoning!.text += text
      return this.#textChunk("reasoning_content", text)
    }
    this.#hasArgs = true
    const [invoked, said] = open.form === "text" ? ["custom", "input"] : ["function", "arguments"]
    return this.#deltaChunk(
      `"tool_calls":[{"index":${this.#calls - 1},"${invoked}":{"${said}":${JSON.stringify(text)}}}]`,
    )
  }

  #sign(signature: string): string {
    const open = this.#open
    if (open?.kind === "call")
      return this.#chunk({
        tool_calls: [{ index: this.#calls - 1, ...writeSignature(signature) }],
      })
    if (open?.kind !== "reasoning") return ""
    return this.#chunk({ thinking_blocks: [thinkingBlock({ ...this.#reasoning!, signature })] })
  }

  /** No argument at all is an empty object: clients parse what they got. */
  #close(): string {
    const open = this.#open
    this.#open = null
    if (open?.kind !== "call" || open.form === "text" || this.#hasArgs) return ""
    return this.#chunk({ tool_calls: [{ index: this.#calls - 1, function: { arguments: "{}" } }] })
  }

  #end(): string {
    const last = this.#begin() + this.#chunk({}, writeFinish(this.#finish))
    const usage =
      this.#usage && this.#to.wantsUsage
        ? `${this.#head}[],"usage":${JSON.stringify(writeUsage(this.#usage))}}\n\n`
        : ""
    return `${last}${usage}data: [DONE]\n\n`
  }

  #textChunk(name: string, text: string): string {
    return this.#deltaChunk(`"${name}":${JSON.stringify(text)}`)
  }

  #deltaChunk(delta: string): string {
    return `${this.#head}[{"index":0,"delta":{${delta}},"logprobs":null,"finish_reason":null}]${this.#noUsage()}}\n\n`
  }

  #chunk(delta: Json, finish_reason: string | null = null): string {
    const choices = JSON.stringify([{ index: 0, delta, logprobs: null, finish_reason }])
    return `${this.#head}${choices}${this.#noUsage()}}\n\n`
  }

  #noUsage(): string {
    return this.#to.wantsUsage ? ',"usage":null' : ""
  }
}
