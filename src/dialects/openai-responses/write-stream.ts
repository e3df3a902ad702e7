/**
 * A Responses stream, written, in the order that Codex and OpenAI's SDKs insist on: item added, content part added, deltas, done, part done, item done, and at
 * the end the response with its whole output. https://platform.openai.com/docs/api-reference/responses-streaming
 */
import type { JsonObject, Usage } from "../../exchange.ts"
import type { FinishReason, FormEvent, OpenPart, Part, Reception, StreamWriter } from "../form.ts"
import { callItem } from "./items.ts"
import { responseOf } from "./response.ts"
import { itemId, itemOf, messageItem, outputText, refusalText } from "./write-answer.ts"

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
        return this.#begin() + this.#wholeItem(event.part)
      case "usage":
        this.#usage = event.usage
        return ""
      case "finish":
        this.#finish = event.reason
        return ""
      case "end":
        return this.#begin() + this.#end()
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
    const index = this.#output.length
    const at = { output_index: index }
    switch (part.kind) {
      case "text":
      case "refusal": {
        this.#itemId = itemId("msg", index, this.#to)
        const isText = part.kind === "text"
        this.#expect(
          isText ? "response.output_text.delta" : "response.refusal.delta",
          { content_index: 0 },
          isText ? ',"logprobs":[]' : "",
        )
        return (
          this.#event("response.output_item.added", { ...at, item: messageItem(this.#itemId, [], "in_progress") }) +
          this.#event("response.content_part.added", {
            ...this.#place(),
            content_index: 0,
            part: isText ? outputText("") : refusalText(""),
          })
        )
      }
      case "reasoning": {
        this.#itemId = part.id ?? itemId("rs", index, this.#to)
        this.#expect("response.reasoning_summary_text.delta", { summary_index: 0 })
        return this.#event("response.output_item.added", {
          ...at,
          item: { id: this.#itemId, type: "reasoning", summary: [] },
        })
      }
      case "call": {
        const isText = part.form === "text"
        this.#itemId = itemId(isText ? "ctc" : "fc", index, this.#to)
        this.#expect(isText ? "response.custom_tool_call_input.delta" : "response.function_call_arguments.delta", {})
        const blank: JsonObject = isText ? { input: "" } : { arguments: "" }
        const item = { id: this.#itemId, ...callItem({ ...part, args: "" }), ...blank, status: "in_progress" }
        return this.#event("response.output_item.added", { ...at, item })
      }
    }
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
      case "refusal": {
        const isText = open.kind === "text"
        const part = isText ? outputText(text) : refusalText(text)
        const done = isText
          ? this.#event("response.output_text.done", { ...place, content_index: 0, text, logprobs: [] })
          : this.#event("response.refusal.done", { ...place, content_index: 0, refusal: text })
        const partDone = this.#event("response.content_part.done", { ...place, content_index: 0, part })
        return done + partDone + this.#itemDone(messageItem(this.#itemId, [part]))
      }
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
        const item = { id: this.#itemId, ...callItem({ ...open, args: text }), status: "completed" }
        const type =
          open.form === "text" ? "response.custom_tool_call_input.done" : "response.function_call_arguments.done"
        const said: JsonObject =
          open.form === "text" ? { input: text } : { name: open.name, arguments: (item as JsonObject)["arguments"]! }
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
    return (
      this.#event("response.output_item.added", {
        output_index: this.#output.length,
        item: { ...item, status: "in_progress" },
      }) + this.#itemDone(item)
    )
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
