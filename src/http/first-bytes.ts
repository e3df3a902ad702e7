/**
 * Before the first byte a provider's failure is a plain HTTP error. So the answer's head waits for its first bytes, but no longer than a client may be left
 * without a sign of life. What the bytes are is not looked at.
 */
import type { Take, UpstreamBody } from "../upstream/answer.ts"
import { KEEP_ALIVE_MS, type RelaySource } from "./relay.ts"

/** The body, to be read from its beginning. Rejects with what the body failed with, or with `empty()` where it has no byte. */
export function withFirstBytes(body: UpstreamBody, empty: () => unknown): Promise<Begun> {
  return new Promise((resolve, reject) => {
    const source = new Begun(body)
    let patience: ReturnType<typeof setTimeout> | undefined
    body.next((bytes, failure) => {
      clearTimeout(patience)
      source.came(bytes, failure)
      if (failure !== undefined) reject(failure)
      else if (bytes === null) reject(empty())
      else resolve(source)
    })
    if (!source.hasCome) patience = setTimeout(resolve, KEEP_ALIVE_MS, source)
  })
}

/** A body somebody has begun to read. */
export class Begun implements RelaySource {
  hasCome = false
  readonly #body: UpstreamBody
  /** what came before anybody asked */
  #first: readonly [bytes: Uint8Array | null, failure: unknown] | null = null
  /** asked before it came */
  #take: Take | null = null

  constructor(body: UpstreamBody) {
    this.#body = body
  }

  /** what has come and nobody took yet */
  get first(): Uint8Array | null {
    return this.#first?.[0] ?? null
  }

  came(bytes: Uint8Array | null, failure: unknown): void {
    this.hasCome = true
    if (this.#take === null) this.#first = [bytes, failure]
    else this.#take(bytes, failure)
    this.#take = null
  }

  next(take: Take, isSpent?: boolean): void {
    const first = this.#first
    this.#first = null
    if (first !== null) take(first[0], first[1])
    else if (this.hasCome) this.#body.next(take, isSpent)
    else this.#take = take
  }

  cancel(): void {
    this.#body.cancel()
  }
}
