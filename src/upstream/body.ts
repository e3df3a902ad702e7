/** Reading an answer's body to its end, for every kind of body. */
import type { UpstreamBody } from "./answer.ts"
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

export function cancelled(): DOMException {
  return new DOMException("the answer was given up", "AbortError")
}
