/** Reads a request's body: bytes within the limit, decompressed if need be, and as text where it must be valid UTF-8. */
import { type Arrival, Refusal } from "../exchange.ts"

const MAX_BODY_BYTES = 64 * 1024 * 1024

/** @throws Refusal 413 past the limit, 415 for an unknown content-encoding, 400 for a body that cannot be decompressed */
export function receiveBody(
  { body, headers }: Pick<Arrival, "body" | "headers">,
  limit = MAX_BODY_BYTES,
): Uint8Array | Promise<Uint8Array> {
  const encoding = headers.get("content-encoding")
  const raw = body.bytes(limit)
  if (encoding === null || encoding === "identity") return raw
  const plain = (bytes: Uint8Array) => decompress(bytes, encoding.toLowerCase(), limit)
  return raw instanceof Promise ? raw.then(plain) : plain(raw)
}

const DECODERS = {
  gzip: "gunzipSync",
  "x-gzip": "gunzipSync",
  deflate: "inflateSync",
  br: "brotliDecompressSync",
  zstd: "zstdDecompressSync",
} as const
const isDecodable = (encoding: string): encoding is keyof typeof DECODERS => Object.hasOwn(DECODERS, encoding)

function decompress(bytes: Uint8Array, encoding: string, limit: number): Uint8Array {
  if (!isDecodable(encoding)) {
    throw new Refusal(
      415,
      "unsupported_media",
      `Content-Encoding "${encoding.slice(0, 40)}" is not supported; send the body as it is, or as ${Object.keys(DECODERS).join(", ")}.`,
    )
  }
  try {
    // Not imported: it would cost every start 4 ms.
    return process.getBuiltinModule("node:zlib")[DECODERS[encoding]](bytes, { maxOutputLength: limit })
  } catch (cause) {
    if ((cause as { code?: string }).code === "ERR_BUFFER_TOO_LARGE") throw tooLarge(limit)
    throw new Refusal(400, "invalid_request", `The body is not valid ${encoding}.`, { code: "invalid_body", cause })
  }
}

export const tooLarge = (limit: number) =>
  new Refusal(413, "too_large", `The request body is over ${inUnits(limit)}, memproxy's limit.`, {
    code: "request_too_large",
  })

const inUnits = (bytes: number) => (bytes < 1024 * 1024 ? `${bytes / 1024} KiB` : `${bytes / 1024 / 1024} MiB`)

export interface BodyText {
  text: string
  /** null: short, and not at hand */
  bytes: Uint8Array | null
}

/** @throws Refusal as `receiveBody` and `bodyText` do */
export function receiveText(arrival: Pick<Arrival, "body" | "headers">): BodyText | Promise<BodyText> {
  const short = arrival.headers.get("content-encoding") === null ? arrival.body.ascii() : null
  if (short !== null) return { text: short, bytes: null }
  const body = receiveBody(arrival)
  const read = (bytes: Uint8Array) => ({ text: bodyText(bytes), bytes })
  return body instanceof Promise ? body.then(read) : read(body)
}

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true })

/** The body as text, which encodes back to the same bytes. @throws Refusal 400 where it is not UTF-8 */
export function bodyText(bytes: Uint8Array): string {
  try {
    return utf8.decode(bytes)
  } catch (cause) {
    throw new Refusal(400, "invalid_request", "The request body is not valid UTF-8.", { code: "invalid_body", cause })
  }
}
