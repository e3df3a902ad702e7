/** Call ids that every provider takes. Pure. */

/** Anthropic: "String should match pattern '^[a-zA-Z0-9_-]+$'"; OpenAI: "string too long. Expected a string with maximum length 64". */
const SAFE = /^[a-zA-Z0-9_-]{1,64}$/

/** The same id for the same id, and another for any other: a call and its result stay a pair. */
export function safeCallId(id: string): string {
  return SAFE.test(id) ? id : `call_${hash(id, 0)}${hash(id, 1)}`
}

const hash = (id: string, seed: number) => Bun.hash(id, seed).toString(36).padStart(13, "0")
