/**
 * A Responses stream, written, in the order that Codex and OpenAI's SDKs insist on: item added, content part added, deltas, done, part done, item done, and at
 * the end the response with its whole output. https://platform.openai.com/docs/api-reference/responses-streaming
 */
import type { JsonObject, Usage } from "../../exchange.ts"
import type { CallPart, FinishReason, FormEvent, OpenPart, Part, Reception, StreamWriter } from "../form.ts"
import { callItem } from "./items.ts"
import { responseOf } from "./response.ts"
import { callAnswer, itemId, itemOf, messageItem, outputText, refusalText } from "./write-answer.ts"

export class ResponsesWriter implements StreamWriter {
  readonly #to: Reception
  readonly #output: JsonObject[] = []
  #sequence = 0
  #id: string | null = null
  #model: string | null = null
  #tier: string | null = null
  #hasStarted = false
  #open: OpenPart | null = null
  /** what the open part said so far */
  #text = ""
  #signature: string | null = null
  #itemId = ""
  /** of the message under way: what was said of it; null where none is */
  #content: JsonObject[] | null = null
  /** everything of a delta between its sequence number and its text: the same in all of a part */
  #deltaType = ""
  #deltaRest = ""
  #usage: Usage | null = null
  #finish: FinishReason = "stop"

  constructor(to: Reception) {
    this.#to = to
  }

  write(event: FormEvent): string {
    switch (event.type) {
      case "start":
        return this.#start(event.id, event.model, event.serviceTier)
      case "open":
        return this.#begin() + this.#openPart(event.part)
      case "delta":
        return this.#delta(event.text)
      case "sign":
        this.#signature = event.signature
        return ""
      case "close":
        return this.#close()
      case "part":
        return this.#begin() + this.#endMessage() + this.#wholeItem(event.part)
      case "usage":
        this.#usage = event.usage
        return ""
      case "finish":
        this.#finish = event.reason
        return ""
      case "end":
        return this.#begin() + this.#endMessage() + this.#end()
      case "error":
        return "" // told in `errors.ts`, which knows our id of the request
    }
  }

  #start(id: string | null, model: string | null, tier: string | null): string {
    if (this.#hasStarted) return ""
    this.#hasStarted = true
    this.#id = id
    this.#model = model
    this.#tier = tier
    const response = this.#response(null)
    return this.#event("response.created", { response }) + this.#event("response.in_progress", { response })
  }

  #begin(): string {
    return this.#hasStarted ? "" : this.#start(null, null, null)
  }

  #response(ending: { finish: FinishReason; usage: Usage | null } | null): JsonObject {
    return responseOf(this.#id, this.#model, this.#tier, this.#output, ending, this.#to)
  }

  #openPart(part: OpenPart): string {
    this.#open = part
    this.#text = ""
    this.#signature = null
    switch (part.kind) {
      case "text":
      case "refusal":
        return this.#openContent(part.kind)
      case "reasoning":
        return this.#endMessage() + this.#openReasoning(part.id)
      case "call":
        return this.#endMessage() + this.#openCall({ ...part, args: "" })
    }
  }

  #openReasoning(id: string | undefined): string {
    this.#itemId = id ?? itemId("rs", this.#output.length, this.#to)
    this.#expect("response.reasoning_summary_text.delta", { summary_index: 0 })
    return this.#itemAdded({ id: this.#itemId, type: "reasoning", summary: [] })
  }

  #openCall(call: CallPart): string {
    const isText = call.form === "text"
    this.#itemId = itemId(isText ? "ctc" : "fc", this.#output.length, this.#to)
    this.#expect(isText ? "response.custom_tool_call_input.delta" : "response.function_call_arguments.delta", {})
    return this.#itemAdded({ id: this.#itemId, ...callItem(call, ""), status: "in_progress" })
  }

  /** Texts that follow each other are one message. */
  #openContent(kind: "text" | "refusal"): string {
    let added = ""
    if (this.#content === null) {
      this.#content = []
      this.#itemId = itemId("msg", this.#output.length, this.#to)
      added = this.#itemAdded(messageItem(this.#itemId, [], "in_progress"))
    }
    const content_index = this.#content.length
    const isText = kind === "text"
    if (isText) this.#expect("response.output_text.delta", { content_index }, ',"logprobs":[]')
    else this.#expect("response.refusal.delta", { content_index })
    const part = isText ? outputText("") : refusalText("")
    return added + this.#event("response.content_part.added", { ...this.#place(), content_index, part })
  }

  #closeContent(kind: "text" | "refusal", text: string): string {
    const content = this.#content!
    const place = { ...this.#place(), content_index: content.length }
    const part = kind === "text" ? outputText(text) : refusalText(text)
    content.push(part)
    const done =
      kind === "text"
        ? this.#event("response.output_text.done", { ...place, text, logprobs: [] })
        : this.#event("response.refusal.done", { ...place, refusal: text })
    return done + this.#event("response.content_part.done", { ...place, part })
  }

  #endMessage(): string {
    const content = this.#content
    if (content === null) return ""
    this.#content = null
    return this.#itemDone(messageItem(this.#itemId, content))
  }

  #itemAdded(item: JsonObject): string {
    return this.#event("response.output_item.added", { output_index: this.#output.length, item })
  }

  #place(): JsonObject {
    return { item_id: this.#itemId, output_index: this.#output.length }
  }

  #expect(type: string, more: JsonObject, after = ""): void {
    this.#deltaType = `event: ${type}\ndata: {"type":"${type}","sequence_number":`
    this.#deltaRest = `,${JSON.stringify({ ...this.#place(), ...more }).slice(1, -1)}${after},"delta":`
  }

  #delta(text: string): string {
    const open = this.#open
    if (!open) return ""
    const head = open.kind === "reasoning" && this.#text === "" ? this.#summaryPart("added", "") : ""
    this.#text += text
    return head + this.#oneDelta(text)
  }

  #summaryPart(what: "added" | "done", text: string): string {
    return this.#event(`response.reasoning_summary_part.${what}`, {
      ...this.#place(),
      summary_index: 0,
      part: { type: "summary_text", text },
    })
  }

  #close(): string {
    const open = this.#open
    if (!open) return ""
    this.#open = null
    const text = this.#text
    const place = this.#place()
    switch (open.kind) {
      case "text":
      case "refusal":
        return this.#closeContent(open.kind, text)
      case "reasoning": {
        const done =
          text === ""
            ? ""
            : this.#event("response.reasoning_summary_text.done", { ...place, summary_index: 0, text }) +
              this.#summaryPart("done", text)
        return (
          done +
          this.#itemDone(
            itemOf(
              { kind: "reasoning", text, signature: this.#signature, redacted: false, id: this.#itemId },
              0,
              this.#to,
            )!,
          )
        )
      }
      case "call": {
        const item = callAnswer({ ...open, args: text }, this.#itemId)
        const type =
          open.form === "text" ? "response.custom_tool_call_input.done" : "response.function_call_arguments.done"
        const said: JsonObject =
          open.form === "text" ? { input: text } : { name: open.name, arguments: item["arguments"]! }
        // no argument at all is an empty object: it has to be said
        const empty = text === "" && open.form === "json" ? this.#oneDelta("{}") : ""
        return empty + this.#event(type, { ...place, ...said }) + this.#itemDone(item)
      }
    }
  }

  #oneDelta(text: string): string {
    return `${this.#deltaType}${this.#sequence++}${this.#deltaRest}${JSON.stringify(text)}}\n\n`
  }

  #wholeItem(part: Part): string {
    const item = itemOf(part, this.#output.length, this.#to)
    if (!item) return ""
    return this.#itemAdded({ ...item, status: "in_progress" }) + this.#itemDone(item)
  }

  #itemDone(item: JsonObject): string {
    const done = this.#event("response.output_item.done", { output_index: this.#output.length, item })
    this.#output.push(item)
    return done
  }

  #end(): string {
    const response = this.#response({ finish: this.#finish, usage: this.#usage })
    return this.#event(response["status"] === "incomplete" ? "response.incomplete" : "response.completed", { response })
  }

  #event(type: string, more: JsonObject): string {
    return `event: ${type}\ndata: ${JSON.stringify({ type, sequence_number: this.#sequence++, ...more })}\n\n`
  }
}
