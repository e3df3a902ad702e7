/** A Gemini stream, read: each event is a response that goes on where the last one ended. */
import type { Json, JsonObject, Usage } from "../../exchange.ts"
import { objectOf, objectsOf, wordOf } from "../fields.ts"
import type { Emit, FormEvent, OpenPart, Part, StreamReader } from "../form.ts"
import { readFinish } from "./finish.ts"
import { PartialArgs } from "./partial-args.ts"
import { partsOf, readError } from "./read-answer.ts"
import { readPart } from "./parts.ts"
import { readUsage } from "./usage.ts"

export class GeminiReader implements StreamReader {
  readonly #emit: Emit
  #hasStarted = false
  #isOver = false
  #open: "text" | "reasoning" | null = null
  /** a call whose arguments are still coming, and its signature */
  #partial: PartialArgs | null = null
  #partialSignature: string | null = null
  #hasCalled = false
  #usage: Usage | null = null
  #finish: string | null = null
  #isBlocked = false

  constructor(emit: Emit) {
    this.#emit = emit
  }

  read(_name: string, data: Json): void {
    if (this.#isOver) return
    const error = readError(data)
    if (error) return this.#end({ type: "error", error })
    const event = objectOf(data)
    if (!event) return
    if (!this.#hasStarted) {
      this.#hasStarted = true
      this.#emit({
        type: "start",
        id: wordOf(event["responseId"]),
        model: wordOf(event["modelVersion"]),
        serviceTier: null,
      })
    }
    const candidate = objectsOf(event["candidates"])[0] ?? null
    for (const part of partsOf(candidate)) this.#part(part)
    const said = objectOf(event["usageMetadata"])
    this.#usage = (said && readUsage(said)) ?? this.#usage
    const blocked = wordOf(objectOf(event["promptFeedback"])?.["blockReason"])
    if (blocked !== null) this.#isBlocked = true
    this.#finish = blocked ?? wordOf(candidate?.["finishReason"]) ?? this.#finish
  }

  /** Gemini has no last event: an answer is whole at a clean end after a finish reason. Usage may come after that. */
  finish(): void {
    if (this.#isOver) return
    this.#closePartial()
    this.#close()
    if (this.#usage) this.#emit({ type: "usage", usage: this.#usage })
    if (this.#finish === null) return
    const reason = this.#isBlocked ? "filtered" : readFinish(this.#finish, this.#hasCalled)
    this.#emit({ type: "finish", reason, raw: this.#finish, stopSequence: null })
    this.#end({ type: "end" })
  }

  #part(raw: JsonObject): void {
    const call = objectOf(raw["functionCall"])
    if (call && this.#partialCall(raw, call)) return
    const part = readPart(raw)
    if (part.kind === "text" || part.kind === "reasoning")
      return this.#text(part.kind, part.text, part.signature ?? null)
    this.#close()
    if (part.kind === "call") this.#call(part)
    else if (part.kind === "media" || part.kind === "opaque") this.#emit({ type: "part", part })
  }

  #text(kind: "text" | "reasoning", text: string, signature: string | null): void {
    if (text === "" && signature === null) return
    // a signature without a text belongs to what came before it
    if (this.#open !== kind) {
      this.#close()
      this.#openPart(kind === "reasoning" ? { kind, redacted: false } : { kind })
      this.#open = kind
    }
    if (text !== "") this.#emit({ type: "delta", text })
    if (signature === null) return
    this.#emit({ type: "sign", signature })
    this.#close()
  }

  #call({ id, name, args, signature }: Extract<Part, { kind: "call" }>): void {
    this.#hasCalled = true
    this.#openPart({ kind: "call", id, name, form: "json" })
    if (args !== "") this.#emit({ type: "delta", text: args })
    if (signature !== undefined) this.#emit({ type: "sign", signature })
    this.#emit({ type: "close" })
  }

  /** Vertex: a name with `willContinue`, then nameless pieces, then an empty one, which may be missing. */
  #partialCall(raw: JsonObject, call: JsonObject): boolean {
    const name = wordOf(call["name"])
    const continues = call["willContinue"] === true
    if (name === null) {
      if (!this.#partial) return false
      this.#partial.add(call["partialArgs"])
      if (!continues) this.#closePartial()
      return true
    }
    this.#closePartial()
    if (!continues && call["partialArgs"] === undefined) return false
    this.#close()
    this.#hasCalled = true
    this.#openPart({ kind: "call", id: wordOf(call["id"]) ?? "", name, form: "json" })
    this.#partial = new PartialArgs()
    this.#partialSignature = wordOf(raw["thoughtSignature"])
    this.#partial.add(call["partialArgs"])
    if (!continues) this.#closePartial()
    return true
  }

  #closePartial(): void {
    if (!this.#partial) return
    this.#emit({ type: "delta", text: this.#partial.json })
    if (this.#partialSignature !== null) this.#emit({ type: "sign", signature: this.#partialSignature })
    this.#emit({ type: "close" })
    this.#partial = null
  }

  #openPart(part: OpenPart): void {
    this.#emit({ type: "open", part })
  }

  #close(): void {
    this.#closePartial()
    if (this.#open === null) return
    this.#open = null
    this.#emit({ type: "close" })
  }

  #end(event: FormEvent): void {
    this.#isOver = true
    this.#emit(event)
  }
}
