/** Reads a request's body: bytes within the limit, decompressed if need be, and as text where it must be valid UTF-8. */
import { isUtf8 } from "node:buffer"
import { type Arrival, Refusal } from "../exchange.ts"
import { JsonText } from "../json/json-text.ts"

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

/** The body of a model call. @throws Refusal as `receiveBody` does, and 400 where it is not UTF-8 */
export function receiveJson(arrival: Pick<Arrival, "body" | "headers">): JsonText | Promise<JsonText> {
  const short = arrival.headers.get("content-encoding") === null ? arrival.body.ascii() : null
  if (short !== null) return new JsonText(short, null)
  const body = receiveBody(arrival)
  return body instanceof Promise ? body.then(bodyJson) : bodyJson(body)
}

/** @throws Refusal 400 where it is not UTF-8 */
export function bodyJson(bytes: Uint8Array): JsonText {
  requireUtf8(bytes)
  return JsonText.of(bytes)
}

/** The body as text, which encodes back to the same bytes. @throws Refusal 400 where it is not UTF-8 */
export function bodyText(bytes: Uint8Array): string {
  requireUtf8(bytes)
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString()
}

function requireUtf8(bytes: Uint8Array): void {
  if (isUtf8(bytes)) return
  throw new Refusal(400, "invalid_request", "The request body is not valid UTF-8.", { code: "invalid_body" })
}
