/** Server-sent events as a stream of parsed JSON, however the bytes are cut. What the JSON means is not looked at. */
import { createParser, type EventSourceParser } from "eventsource-parser"
import type { Json } from "../../exchange.ts"
import { unusable } from "./failure.ts"

/** contract §7: one event is at most 1 MiB. */
const MOST_CHARS = 1 << 20
const DONE = "[DONE]"

export class JsonEvents {
  readonly #decoder = new TextDecoder()
  readonly #parser: EventSourceParser
  #isTooLong = false

  /** `on` is called with the event's name ("" where there is none) and its JSON, `onDone` for OpenAI's `[DONE]`. What they throw, `push` throws. */
  constructor(on: (name: string, data: Json) => void, onDone: () => void) {
    this.#parser = createParser({
      maxBufferSize: MOST_CHARS,
      onEvent: ({ event, data }) => {
        if (data === "") return
        if (data.startsWith(DONE)) onDone()
        else on(event ?? "", parse(data))
      },
      onError: (error) => (this.#isTooLong ||= error.type === "max-buffer-size-exceeded"),
    })
  }

  /** @throws Refusal (origin upstream) for an event that is no JSON or too long; whatever came before it has been given on */
  push(bytes: Uint8Array): void {
    this.#feed(this.#decoder.decode(bytes, { stream: true }))
  }

  /** The connection ended: a last event without its empty line is read too. */
  end(): void {
    this.#feed(`${this.#decoder.decode()}\n\n`)
  }

  #feed(text: string): void {
    this.#parser.feed(text)
    if (this.#isTooLong) throw unusable("holds an event of over 1 MiB")
  }
}

function parse(data: string): Json {
  try {
    return JSON.parse(data) as Json
  } catch (cause) {
    throw unusable("holds an event that is not JSON", cause)
  }
}
