/** One request on its way in: its head, its body as it comes, and whether the client is still there. */
import { type Body, Refusal } from "../exchange.ts"
import { tooLarge } from "./body.ts"
import type { RequestHead } from "./request-parser.ts"
import { part } from "../wire/message.ts"

/** What its connection does for it. */
export interface Carrier {
  /** "" once the connection is closed */
  readonly remoteAddress: string
  /** somebody wants the body: a client that waits for leave may send it, a paused one goes on */
  wantBody(): void
}

/** Of a longer body a client must send the bytes before there is room for them. */
const MOST_TRUSTED = 4 * 1024 * 1024

/** A longer body is wanted as bytes, too. */
const MOST_IN_PLACE = 2 ** 14

interface Reader {
  limit: number
  resolve(bytes: Uint8Array): void
  reject(reason: unknown): void
}

export class Inbound implements Body {
  readonly head: RequestHead
  /** bytes of the body as declared; null: it comes in chunks */
  readonly length: number | null
  /** the client is gone; nobody reads an answer */
  hasLeft = false
  isWhole: boolean
  /** milliseconds without a byte until the connection is given up no longer count: its key was checked, an answer may take long */
  isLifted = false
  received = 0
  readonly #carrier: Carrier
  #parts: Uint8Array[] | null = null
  /** a short body that came in one packet: it is read where it is */
  #short: Uint8Array | null = null
  #from = 0
  #to = 0
  #reader: Reader | null = null
  #abort: AbortController | null = null

  constructor(head: RequestHead, length: number | null, carrier: Carrier) {
    this.head = head
    this.length = length
    this.isWhole = length === 0
    this.#carrier = carrier
  }

  get remoteAddress(): string {
    return this.#carrier.remoteAddress
  }

  watch(): AbortSignal {
    this.isLifted = true
    this.#abort ??= new AbortController()
    if (this.hasLeft && !this.#abort.signal.aborted) this.#abort.abort(left())
    return this.#abort.signal
  }

  bytes(limit: number): Uint8Array | Promise<Uint8Array> {
    if (this.received > limit || (this.length ?? 0) > limit) throw tooLarge(limit)
    if (this.isWhole) return this.#take()
    if (this.hasLeft) throw left()
    return new Promise((resolve, reject) => {
      this.#reader = { limit, resolve, reject }
      this.#carrier.wantBody()
    })
  }

  ascii(): string | null {
    if (this.#short === null) return null
    const text = Buffer.prototype.toString.call(this.#short, "latin1", this.#from, this.#to)
    if (Buffer.byteLength(text) > text.length) return null
    this.#short = null
    return text
  }

  /** somebody waits for the body */
  get isRead(): boolean {
    return this.#reader !== null
  }

  /** The next bytes are those of `packet` from `from` to `to`, perhaps none. */
  add(packet: Uint8Array, from: number, to: number, isWhole: boolean): void {
    this.isWhole = isWhole
    if (to - from === this.length && this.length <= MOST_IN_PLACE) {
      this.#short = packet
      this.#from = from
      this.#to = to
    } else if (to > from) this.#keep(part(packet, from, to))
    this.received += to - from
    const reader = this.#reader
    if (reader === null) return
    if (this.received > reader.limit) this.#fail(tooLarge(reader.limit))
    else if (isWhole) {
      this.#reader = null
      reader.resolve(this.#take())
    }
  }

  /** A body in many packets is put together as it comes: they are 512 KB each, whatever is in them, and would wait for the collector. */
  #keep(bytes: Uint8Array): void {
    this.#parts ??= []
    if (this.length === null || bytes.length === this.length || this.length > MOST_TRUSTED) {
      this.#parts.push(bytes)
      return
    }
    this.#parts[0] ??= Buffer.allocUnsafeSlow(this.length)
    this.#parts[0].set(bytes, this.received)
  }

  /** The rest does not come. False: nobody waits for it, who could be told. */
  stall(): boolean {
    if (this.#reader === null) return false
    this.#fail(stalled())
    return true
  }

  leave(): void {
    this.hasLeft = true
    this.#abort?.abort(left())
    this.#fail(left())
  }

  #fail(reason: unknown): void {
    const reader = this.#reader
    this.#reader = null
    this.#parts = this.#short = null
    reader?.reject(reason)
  }

  #take(): Uint8Array {
    const short = this.#short
    const parts = this.#parts ?? []
    this.#parts = this.#short = null
    if (short !== null) return part(short, this.#from, this.#to)
    return parts.length === 1 ? parts[0]! : Buffer.concat(parts)
  }
}

const stalled = () =>
  new Refusal(408, "invalid_request", "The request's body stopped coming. Send the request again.", {
    code: "request_timeout",
  })
/** No defect, which any other error would be taken for. 499 is nginx's number for it; nobody is left to read it. */
const left = () => new Refusal(499, "invalid_request", "The client left.", { code: "client_left" })
