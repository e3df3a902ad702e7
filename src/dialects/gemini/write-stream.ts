/** A Gemini stream, written: a response an event. Calls go out whole, since Gemini's clients know no pieces of arguments. */
import type { JsonObject, Usage } from "../../exchange.ts"
import type { CallPart, FinishReason, FormEvent, Reception, StreamWriter } from "../form.ts"
import { writeCall, writeMedia } from "./parts.ts"
import { headOf, writeResponse } from "./write-answer.ts"

export class GeminiWriter implements StreamWriter {
  readonly #to: Reception
  #head: JsonObject
  #open: "text" | "reasoning" | CallPart | null = null
  #usage: Usage | null = null
  #finish: FinishReason = "stop"

  constructor(to: Reception) {
    this.#to = to
    this.#head = headOf(null, null, to)
  }

  write(event: FormEvent): string {
    switch (event.type) {
      case "start":
        this.#head = headOf(event.id, event.model, this.#to)
        return ""
      case "open": {
        const { part } = event
        this.#open = part.kind === "call" ? { ...part, args: "" } : part.kind === "reasoning" ? "reasoning" : "text"
        return ""
      }
      case "delta":
        return this.#delta(event.text)
      case "sign":
        return this.#sign(event.signature)
      case "close":
        return this.#close()
      case "part":
        return event.part.kind === "media" ? this.#parts(writeMedia(event.part)) : ""
      case "usage":
        this.#usage = event.usage
        return ""
      case "finish":
        this.#finish = event.reason
        return ""
      case "end":
        // Google's SDKs take a response without parts for an empty one, not for a broken one
        return sse(writeResponse([{ text: "" }], this.#head, this.#finish, this.#usage))
      case "error":
        return "" // told in `errors.ts`, which knows our id of the request
    }
  }

  #delta(text: string): string {
    if (this.#open === "text") return this.#parts({ text })
    if (this.#open === "reasoning") return this.#parts({ text, thought: true })
    if (this.#open) this.#open.args += text
    return ""
  }

  #sign(signature: string): string {
    if (this.#open === "text") return this.#parts({ text: "", thoughtSignature: signature })
    if (this.#open === "reasoning") return this.#parts({ text: "", thought: true, thoughtSignature: signature })
    if (this.#open) this.#open.signature = signature
    return ""
  }

  #close(): string {
    const open = this.#open
    this.#open = null
    return typeof open === "object" && open !== null ? this.#parts(writeCall(open)) : ""
  }

  #parts(part: JsonObject): string {
    return sse(writeResponse([part], this.#head, null, null))
  }
}

const sse = (data: JsonObject) => `data: ${JSON.stringify(data)}\n\n`
