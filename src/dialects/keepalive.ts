/** What may be sent to a client in silence, between whole events. When it is sent is not decided here. */

import type { Dialect } from "../exchange.ts"

const encoder = new TextEncoder()

/** Claude Code's watchdog is reset by events alone, Gemini CLI fails on anything but `data:` lines; the rest take a comment. */
const KEEP_ALIVES: Readonly<Record<Dialect, Uint8Array | null>> = {
  anthropic: encoder.encode('event: ping\ndata: {"type": "ping"}\n\n'),
  "openai-chat": encoder.encode(": keep-alive\n\n"),
  "openai-responses": encoder.encode(": keep-alive\n\n"),
  gemini: null,
}

export function keepAlive(dialect: Dialect): Uint8Array | null {
  return KEEP_ALIVES[dialect]
}
