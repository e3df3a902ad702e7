/** A provider's stream as the client's dialect has it: bytes in, bytes out, an event at a time. Nothing is kept beyond one event. */
import { Refusal } from "../../exchange.ts"
import type { FormEvent, StreamReader, StreamWriter } from "../form.ts"
import type { AnswerFit } from "./answer.ts"
import { JsonEvents } from "./event-source.ts"
import { refusalOf } from "./failure.ts"

const encoder = new TextEncoder()
const NOTHING = new Uint8Array(0)

/** How the client's dialect puts its events on the wire. */
export interface Framing {
  /** `text` is SSE, as the dialect's writer wrote it */
  frame(text: string): string
  /** what ends a complete stream */
  last(): string
}

export class TranslatedStream {
  /** events are written whole */
  readonly between = true
  readonly isArray: boolean
  /** what the provider's stream failed with: an error it told of, or events nobody can read. Nothing comes after it. */
  failure: Refusal | null = null
  readonly #events: JsonEvents
  readonly #reader: StreamReader
  readonly #writer: StreamWriter
  readonly #fit: AnswerFit
  readonly #framing: Framing | null
  readonly #emit = (event: FormEvent) => this.#write(event)
  #isOver = false
  #out = ""

  constructor(reader: StreamReader, writer: StreamWriter, fit: AnswerFit, framing: Framing | null) {
    this.#reader = reader
    this.#writer = writer
    this.#fit = fit
    this.#framing = framing
    this.isArray = framing !== null
    this.#events = new JsonEvents(
      (name, data) => this.#take(this.#reader.read(name, data)),
      () => this.#take(this.#reader.finish(true)),
    )
  }

  push(bytes: Uint8Array): Uint8Array {
    try {
      this.#events.push(bytes)
    } catch (error) {
      this.#fail(error)
    }
    return this.#flush()
  }

  /** The provider closed its stream cleanly. */
  end(): Uint8Array {
    try {
      this.#events.end()
      this.#take(this.#reader.finish())
    } catch (error) {
      this.#fail(error)
    }
    return this.#flush()
  }

  /** For a provider that answered whole. */
  replay(events: readonly FormEvent[]): Uint8Array {
    this.#take(events)
    return this.#flush()
  }

  #take(events: readonly FormEvent[]): void {
    for (let at = 0; at < events.length && !this.#isOver; at++) this.#fit.event(events[at]!, this.#emit)
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

  #flush(): Uint8Array {
    if (this.#out === "") return NOTHING
    const bytes = encoder.encode(this.#out)
    this.#out = ""
    return bytes
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
