/** Reading an answer's body to its end, for every kind of body. */
import type { Take, UpstreamBody } from "./answer.ts"
import { tooLarge } from "./failure.ts"

export async function collect(body: UpstreamBody, limitBytes: number, host: string): Promise<Uint8Array> {
  const parts: Uint8Array[] = []
  let bytes = 0
  for (let part; (part = await body.read()) !== null;) {
    bytes += part.length
    if (bytes > limitBytes) {
      body.cancel()
      throw tooLarge(host, limitBytes)
    }
    parts.push(part)
  }
  return parts.length === 1 ? parts[0]! : Buffer.concat(parts, bytes)
}

/** `next` of a body that only has `read`. */
export function takeFrom(body: Pick<UpstreamBody, "read">, take: Take): void {
  body.read().then(take, (failure: unknown) => take(null, failure))
}

/** `read` of a body that only has `next`. */
export function readFrom(body: Pick<UpstreamBody, "next">): Promise<Uint8Array | null> {
  return new Promise((resolve, reject) =>
    body.next((bytes, failure) => (failure === undefined ? resolve(bytes) : reject(failure))),
  )
}

export function cancelled(): DOMException {
  return new DOMException("the answer was given up", "AbortError")
}
