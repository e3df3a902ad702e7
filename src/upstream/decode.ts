/**
 * Undoes `content-encoding`, for providers that compress although we ask for `identity`. Decoding follows the reader's pace and hands
 * on each piece as soon as its bytes are there, so a bomb costs what is read of it.
 */
import type { Readable, Transform } from "node:stream"
import type { Take, UpstreamAnswer, UpstreamBody } from "./answer.ts"
import { cancelled, collect, takeFrom } from "./body.ts"
import { badAnswer } from "./failure.ts"
import { Refusal } from "../exchange.ts"
import { Malformed } from "../wire/message.ts"

const MAX_CODINGS = 3

/** The answer as it is when it is plain, else with a body that decodes and without the headers that no longer hold. @throws Refusal */
export function decoded(answer: UpstreamAnswer, host: string): UpstreamAnswer {
  const encoding = answer.headers.get("content-encoding")
  if (encoding === null) return answer
  const codings = encoding
    .toLowerCase()
    .split(",")
    .map((coding) => coding.trim())
    .filter((coding) => coding !== "" && coding !== "identity")
  for (const coding of codings) {
    if (!(coding in DECODERS))
      throw badAnswer(
        host,
        new Malformed(`its content-encoding "${coding.replace(/[^\w-]/g, "?").slice(0, 20)}" is unknown`),
      )
  }
  if (codings.length > MAX_CODINGS) throw badAnswer(host, new Malformed("it has too many content-encodings"))
  const headers = answer.headers.without("content-encoding", "content-length")
  const body = codings.length === 0 ? answer.body : new DecodedBody(answer.body, codings.reverse(), host)
  return { ...answer, headers: codings.length === 0 ? answer.headers.without("content-encoding") : headers, body }
}

// Not imported: together they would cost every start 4 ms, and few answers are compressed.
const zlib = () => process.getBuiltinModule("node:zlib")
const stream = () => process.getBuiltinModule("node:stream")

const gunzip = () => zlib().createGunzip({ flush: zlib().constants.Z_SYNC_FLUSH })
const DECODERS: Record<string, (first: number) => Transform> = {
  gzip: gunzip,
  "x-gzip": gunzip,
  br: () => zlib().createBrotliDecompress({ flush: zlib().constants.BROTLI_OPERATION_FLUSH }),
  zstd: () => zlib().createZstdDecompress(),
  // Some servers mean raw deflate; a zlib header's low nibble is 8 (RFC 1950).
  deflate: (first) => {
    const flush = zlib().constants.Z_SYNC_FLUSH
    return (first & 0x0f) === 8 ? zlib().createInflate({ flush }) : zlib().createInflateRaw({ flush })
  },
}

class DecodedBody implements UpstreamBody {
  readonly #inner: UpstreamBody
  readonly #codings: readonly string[]
  readonly #host: string
  #pieces: AsyncIterator<Buffer> | null = null
  #last: Readable | null = null
  #cancelled = false

  constructor(inner: UpstreamBody, codings: readonly string[], host: string) {
    this.#inner = inner
    this.#codings = codings
    this.#host = host
  }

  async read(): Promise<Uint8Array | null> {
    try {
      if (this.#pieces === null && !(await this.#open())) return null
      for (;;) {
        if (this.#cancelled) throw cancelled()
        const { done, value } = await this.#pieces!.next()
        if (done) return null
        if (value.length > 0) return value
      }
    } catch (error) {
      this.cancel()
      // Whatever the provider's body failed with comes through the decoder as it is; the rest is zlib's complaint.
      throw error instanceof Refusal || error instanceof DOMException ? error : badAnswer(this.#host, error)
    }
  }

  /** False when there is no body at all: an empty one needs no decoder, though its header says so. */
  async #open(): Promise<boolean> {
    const first = await this.#inner.read()
    if (first === null) return false
    const inner = this.#inner
    async function* encoded() {
      yield first
      for (let bytes; (bytes = await inner.read()) !== null;) yield bytes
    }
    const chain = this.#codings.map((coding) => DECODERS[coding]!(first[0]!))
    const source = stream().Readable.from(encoded(), { objectMode: true, highWaterMark: 1 })
    this.#last = chain.at(-1)!
    // The error reaches the reader of the last stream; pipeline() only has to destroy the others.
    stream().pipeline([source, ...chain], () => {})
    this.#pieces = this.#last[Symbol.asyncIterator]()
    return true
  }

  next(take: Take): void {
    takeFrom(this, take)
  }

  whole(limitBytes: number): Promise<Uint8Array> {
    return collect(this, limitBytes, this.#host)
  }

  cancel(): void {
    this.#cancelled = true
    this.#inner.cancel()
    this.#last?.destroy()
  }
}
