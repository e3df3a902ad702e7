/**
 * Bedrock's binary event stream as the server-sent events it carries: `:event-type: chunk` messages hold Anthropic's events in base64, exceptions an error.
 * https://docs.aws.amazon.com/AmazonS3/latest/API/RESTSelectObjectAppendix.html (the framing), …/bedrock/latest/APIReference/API_runtime_InvokeModelWithResponseStream.html
 */
import type { Take, UpstreamBody } from "./answer.ts"
import { collect, takeFrom } from "./body.ts"
import { badAnswer } from "./failure.ts"
import { Malformed } from "../wire/message.ts"

/** total length, length of the headers, CRC-32 of these two */
const PRELUDE = 12
const TRAILER = 4
/** the service's own limit is 16 MiB */
const MOST = 24 * 2 ** 20

export class EventStreamBody implements UpstreamBody {
  readonly #inner: UpstreamBody
  readonly #host: string
  #rest: Buffer = Buffer.alloc(0)

  constructor(inner: UpstreamBody, host: string) {
    this.#inner = inner
    this.#host = host
  }

  async read(): Promise<Uint8Array | null> {
    for (;;) {
      const bytes = await this.#inner.read()
      if (bytes === null && this.#rest.length > 0) throw this.#bad("it ends within a message")
      if (bytes === null) return null
      this.#rest = this.#rest.length === 0 ? Buffer.from(bytes) : Buffer.concat([this.#rest, bytes])
      const text = this.#messages()
      if (text !== "") return Buffer.from(text)
    }
  }

  #messages(): string {
    let text = ""
    let at = 0
    const { length } = this.#rest
    while (length - at >= PRELUDE) {
      const total = this.#rest.readUInt32BE(at)
      if (total > MOST || total < PRELUDE + TRAILER) throw this.#bad("a message has an impossible length")
      if (this.#rest.readUInt32BE(at + 8) !== crc(this.#rest.subarray(at, at + 8)))
        throw this.#bad("a checksum is wrong")
      if (length - at < total) break
      text += this.#event(this.#rest.subarray(at, at + total))
      at += total
    }
    this.#rest = this.#rest.subarray(at)
    return text
  }

  #event(message: Buffer): string {
    const end = message.length - TRAILER
    if (message.readUInt32BE(end) !== crc(message.subarray(0, end))) throw this.#bad("a checksum is wrong")
    const headersEnd = PRELUDE + message.readUInt32BE(4)
    if (headersEnd > end) throw this.#bad("a message has an impossible length")
    const headers = readHeaders(message.subarray(PRELUDE, headersEnd))
    const payload = parse(message.subarray(headersEnd, end))
    const failure = headers.get(":exception-type") ?? headers.get(":error-code")
    if (failure !== undefined)
      return errorEvent(failure, String(payload["message"] ?? headers.get(":error-message") ?? failure))
    if (typeof payload["bytes"] !== "string") return ""
    const data = Buffer.from(payload["bytes"], "base64").toString()
    return `event: ${String(parse(data)["type"] ?? "message")}\ndata: ${data}\n\n`
  }

  #bad(what: string): Error {
    this.cancel()
    return badAnswer(this.#host, new Malformed(what))
  }

  next(take: Take): void {
    takeFrom(this, take)
  }

  whole(limitBytes: number): Promise<Uint8Array> {
    return collect(this, limitBytes, this.#host)
  }

  cancel(): void {
    this.#inner.cancel()
  }
}

/** Anthropic's names for Bedrock's exceptions */
const ERRORS: Readonly<Record<string, string>> = {
  throttlingException: "rate_limit_error",
  validationException: "invalid_request_error",
  modelTimeoutException: "timeout_error",
  serviceUnavailableException: "overloaded_error",
}

function errorEvent(name: string, message: string): string {
  const type = ERRORS[name.charAt(0).toLowerCase() + name.slice(1)] ?? "api_error"
  return `event: error\ndata: ${JSON.stringify({ type: "error", error: { type, message } })}\n\n`
}

/** Strings alone matter (type 7); every other type's length is known. */
const LENGTHS: Readonly<Record<number, number>> = { 0: 0, 1: 0, 2: 1, 3: 2, 4: 4, 5: 8, 8: 8, 9: 16 }

function readHeaders(bytes: Buffer): Map<string, string> {
  const found = new Map<string, string>()
  for (let at = 0; at < bytes.length;) {
    const nameEnd = at + 1 + bytes.readUInt8(at)
    const name = bytes.toString("latin1", at + 1, nameEnd)
    const type = bytes[nameEnd]!
    const isLong = type === 6 || type === 7
    const start = nameEnd + (isLong ? 3 : 1)
    const end = start + (isLong ? bytes.readUInt16BE(nameEnd + 1) : (LENGTHS[type] ?? bytes.length))
    if (type === 7) found.set(name, bytes.toString("utf8", start, end))
    at = end
  }
  return found
}

function parse(json: Buffer | string): Record<string, unknown> {
  try {
    return Object(JSON.parse(json.toString())) as Record<string, unknown>
  } catch {
    return {} // what holds no JSON holds no event
  }
}

const crc = (bytes: Uint8Array) => Bun.hash.crc32(bytes)
