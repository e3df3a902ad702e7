/** Holds on to the texts of one exchange while it goes by, where the file says that bodies are kept. It stores nothing. */
import type { Meter } from "../exchange.ts"
import type { JsonText } from "../json/json-text.ts"
import { joinPieces, type Pieces } from "../json/pieces.ts"
import type { Bodies } from "../store/bodies.ts"

/** Characters of a request, bytes of an answer. */
const MOST = 1 << 20

export class BodyTap {
  readonly #redact: (text: string) => string
  #request: JsonText | null = null
  #sent: Pieces | null = null
  #answer: Uint8Array[] = []
  #answerBytes = 0

  /** `redact` takes out what is not to be kept. */
  constructor(redact: (text: string) => string) {
    this.#redact = redact
  }

  request(text: JsonText): void {
    this.#request = text
  }

  sent(body: Pieces | null): void {
    this.#sent = body
  }

  /** Watches what the meter watches. */
  answer(meter: Meter): Meter {
    const take = (bytes: Uint8Array) => {
      if (this.#answerBytes < MOST) this.#answer.push(new Uint8Array(bytes.subarray(0, MOST - this.#answerBytes)))
      this.#answerBytes += bytes.length
    }
    return {
      push(bytes) {
        take(bytes)
        meter.push(bytes)
      },
      end: () => meter.end(),
      get terminal() {
        return meter.terminal
      },
      get started() {
        return meter.started
      },
    }
  }

  /** What the client was told where no provider answered. */
  refused(text: string): void {
    if (this.#answerBytes > 0) return
    this.#answer = [Buffer.from(text)]
    this.#answerBytes = this.#answer[0]!.length
  }

  texts(): Bodies {
    const request = this.#request && this.#request.toString()
    const sent = this.#sent && joinPieces(this.#sent).toString()
    const answer = this.#answerBytes === 0 ? null : Buffer.concat(this.#answer).toString()
    const clean = (text: string | null) => (text === null ? null : this.#redact(text.slice(0, MOST)))
    return {
      request: clean(request),
      sent: clean(sent),
      answer: clean(answer),
      truncated: [request, sent].some((text) => text !== null && text.length > MOST) || this.#answerBytes > MOST,
    }
  }
}
