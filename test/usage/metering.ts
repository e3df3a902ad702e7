/** What the meter tests share: bytes in, what was metered out. */
import type { Dialect, Metered, Operation } from "../../src/exchange.ts"
import { createMeter } from "../../src/usage/meter.ts"
import type { Fixture } from "../support/fixtures.ts"

export interface Way {
  dialect: Dialect
  operation?: Operation
  contentType?: string
  keepsSpeech?: boolean
}

export function meter(
  pieces: readonly (Uint8Array | string)[],
  way: Way,
): Metered & { started: boolean; early: boolean } {
  const { dialect, operation = "generate", contentType = "text/event-stream", keepsSpeech = false } = way
  const watching = createMeter({ dialect, operation, contentType, keepsSpeech })
  for (const piece of pieces) {
    const { buffer } = new Uint8Array(Buffer.from(piece))
    watching.push(Buffer.from(buffer))
    if (watching.started) buffer.transfer(0) // as a relay may do
  }
  const early = watching.terminal
  return { ...watching.end(), started: watching.started, early }
}

/** Events of a stream, each an SSE event of its own. */
export const events = (...data: (object | string)[]) =>
  data.map((one) => `data: ${typeof one === "string" ? one : JSON.stringify(one)}\n\n`)

export function wayOf(fixture: Fixture): Way {
  const operation =
    fixture.provider === "openai-embeddings"
      ? "embeddings"
      : fixture.provider === "anthropic-count-tokens"
        ? "count_tokens"
        : "generate"
  return {
    dialect: fixture.dialect ?? (operation === "count_tokens" ? "anthropic" : "openai-chat"),
    operation,
    contentType: fixture.isSse ? "text/event-stream" : "application/json",
    keepsSpeech: true,
  }
}

/** In pieces of so many bytes; the last may be shorter. */
export function packets(bytes: Uint8Array, size: number): Uint8Array[] {
  const pieces: Uint8Array[] = []
  for (let at = 0; at < bytes.length; at += size) pieces.push(bytes.subarray(at, at + size))
  return pieces
}
