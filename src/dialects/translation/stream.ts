/** A provider's stream as the client's dialect has it: events in, as the meter parses them, bytes out. Nothing is kept beyond one event. */
import { type AnswerListener, type Json, Refusal } from "../../exchange.ts"
import type { Codec, Emit, FormEvent, StreamReader, StreamWriter } from "../form.ts"
import type { AnswerFit } from "./answer.ts"
import { refusalOf, unusable } from "./failure.ts"

const encoder = new TextEncoder()
const NOTHING = new Uint8Array(0)

/** How the client's dialect puts its events on the wire. */
export interface Framing {
  /** `text` is SSE, as the dialect's writer wrote it */
  frame(text: string): string
  /** what ends a complete stream */
  last(): string
}

export class TranslatedStream implements AnswerListener {
  /** events are written whole */
  readonly between = true
  readonly isArray: boolean
  /** what the provider's stream failed with: an error it told of, or events nobody can read. Nothing comes after it. */
  failure: Refusal | null = null
  readonly #reader: StreamReader
  readonly #writer: StreamWriter
  readonly #fit: AnswerFit
  readonly #framing: Framing | null
  readonly #emit: Emit = (event) => this.#write(event)
  #isOver = false
  #out = ""

  constructor(from: Codec, writer: StreamWriter, fit: AnswerFit, framing: Framing | null) {
    this.#reader = from.streamReader((event) => this.#say(event))
    this.#writer = writer
    this.#fit = fit
    this.#framing = framing
    this.isArray = framing !== null
  }

  event(name: string, data: Json): void {
    try {
      this.#reader.read(name, data)
    } catch (error) {
      this.#fail(error)
    }
  }

  done(): void {
    this.#finish(true)
  }

  unreadable(what: string): void {
    this.#fail(unusable(what))
  }

  /** The client's bytes for what was heard since the last time: the meter had the provider's before. */
  push(_heard?: Uint8Array): Uint8Array {
    if (this.#out === "") return NOTHING
    const bytes = encoder.encode(this.#out)
    this.#out = ""
    return bytes
  }

  /** The provider closed its stream cleanly. */
  end(): Uint8Array {
    this.#finish(false)
    return this.push()
  }

  /** For a provider that answered whole. */
  replay(events: readonly FormEvent[]): Uint8Array {
    for (const event of events) this.#say(event)
    return this.push()
  }

  #finish(isDone: boolean): void {
    try {
      this.#reader.finish(isDone)
    } catch (error) {
      this.#fail(error)
    }
  }

  #say(event: FormEvent): void {
    if (!this.#isOver) this.#fit.event(event, this.#emit)
  }

  #write(event: FormEvent): void {
    if (this.#isOver) return
    if (event.type === "error") return this.#fail(refusalOf(event.error))
    const text = this.#writer.write(event)
    this.#out += this.#framing && text !== "" ? this.#framing.frame(text) : text
    if (event.type !== "end") return
    this.#isOver = true
    if (this.#framing) this.#out += this.#framing.last()
  }

  #fail(error: unknown): void {
    if (this.#isOver) return
    this.#isOver = true
    this.failure = error instanceof Refusal ? error : new Refusal(500, "internal", "internal error", { cause: error })
  }
}

/** Gemini without `alt=sse`: one JSON array, an element a response. https://ai.google.dev/api/generate-content#method:-models.streamgeneratecontent */
export class ArrayFraming implements Framing {
  #hasBegun = false

  frame(text: string): string {
    const elements = text
      .split("\n\n")
      .filter((event) => event.startsWith("data: "))
      .map((event) => event.slice(6))
    if (elements.length === 0) return ""
    const begin = this.#hasBegun ? ",\n" : "["
    this.#hasBegun = true
    return begin + elements.join(",\n")
  }

  last(): string {
    return this.#hasBegun ? "]\n" : "[]\n"
  }
}
