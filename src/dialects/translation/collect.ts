/** A whole answer from its events, and its events from a whole answer: for providers that stream unasked, or do not when asked. Pure. */
import type { AnswerListener, Json, Refusal } from "../../exchange.ts"
import type { Codec, FormAnswer, FormEvent, OpenPart, Part, StreamReader } from "../form.ts"
import { refusalOf, unusable } from "./failure.ts"

/** A provider's stream, for a client that wants its answer whole. */
export class CollectedStream implements AnswerListener {
  readonly #reader: StreamReader
  readonly #events: FormEvent[] = []
  #failure: Refusal | null = null

  constructor(from: Codec) {
    this.#reader = from.streamReader((event) => void this.#events.push(event))
  }

  event(name: string, data: Json): void {
    this.#reader.read(name, data)
  }

  done(): void {
    this.#reader.finish(true)
  }

  unreadable(what: string): void {
    this.#failure ??= unusable(what)
  }

  /** @throws Refusal where the provider told of an error, the last word is missing, or an event cannot be read */
  answer(): FormAnswer {
    this.#reader.finish()
    const events = this.#events
    if (this.#failure) throw this.#failure
    const error = events.find((event) => event.type === "error")
    if (error) throw refusalOf(error.error)
    if (!events.some((event) => event.type === "end")) throw unusable("broke off")
    return collect(events)
  }
}

/** What the events say, `error` and an end that is missing aside: those are for the caller to look at. */
export function collect(events: readonly FormEvent[]): FormAnswer {
  const answer: FormAnswer = {
    id: null,
    model: null,
    parts: [],
    finish: "stop",
    rawFinish: null,
    stopSequence: null,
    usage: null,
    serviceTier: null,
  }
  let open: Part | null = null
  for (const event of events) {
    switch (event.type) {
      case "start":
        answer.id = event.id
        answer.model = event.model
        answer.serviceTier = event.serviceTier
        break
      case "open":
        open = begin(event.part)
        answer.parts.push(open)
        break
      case "delta":
        if (open?.kind === "call") open.args += event.text
        else if (open && "text" in open) open.text += event.text
        break
      case "sign":
        if (open && (open.kind === "reasoning" || open.kind === "call" || open.kind === "text"))
          open.signature = event.signature
        break
      case "part":
        answer.parts.push(event.part)
        break
      case "usage":
        answer.usage = event.usage
        break
      case "finish":
        answer.finish = event.reason
        answer.rawFinish = event.raw
        answer.stopSequence = event.stopSequence
        break
    }
  }
  return answer
}

function begin(part: OpenPart): Part {
  if (part.kind === "call") return { ...part, args: "" }
  if (part.kind === "reasoning") return { ...part, text: "", signature: null }
  return { kind: part.kind, text: "" }
}

export function replay(answer: FormAnswer): FormEvent[] {
  const events: FormEvent[] = [
    { type: "start", id: answer.id, model: answer.model, serviceTier: answer.serviceTier },
    ...answer.parts.flatMap(partEvents),
  ]
  if (answer.usage) events.push({ type: "usage", usage: answer.usage })
  const { finish: reason, rawFinish: raw, stopSequence } = answer
  events.push({ type: "finish", reason, raw, stopSequence }, { type: "end" })
  return events
}

function partEvents(part: Part): FormEvent[] {
  if (part.kind === "media" || part.kind === "opaque") return [{ type: "part", part }]
  if (part.kind === "result") return [] // no model says one
  const events: FormEvent[] = [{ type: "open", part: openOf(part) }]
  const text = part.kind === "call" ? part.args : part.text
  if (text !== "") events.push({ type: "delta", text })
  if (part.kind !== "refusal" && part.signature) events.push({ type: "sign", signature: part.signature })
  events.push({ type: "close" })
  return events
}

function openOf(part: Exclude<Part, { kind: "media" | "opaque" | "result" }>): OpenPart {
  if (part.kind === "call") {
    const { id, name, namespace, form } = part
    return namespace === undefined ? { kind: "call", id, name, form } : { kind: "call", id, name, namespace, form }
  }
  if (part.kind === "reasoning") return { kind: "reasoning", redacted: part.redacted, id: part.id }
  return { kind: part.kind }
}
