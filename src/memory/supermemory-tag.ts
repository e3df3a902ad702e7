/** A namespace's name at Supermemory, which separates by `containerTag` alone. A call without one would read everybody's: every call has one. */
import type { Namespace } from "./namespace.ts"

/** At most 100 characters, of those that every version of the API takes. */
const MOST_CHARS = 100
const MOST_SESSION_CHARS = 100
const HASH_CHARS = 24
const isPlain = (text: string) => /^[A-Za-z0-9_-]{1,100}$/.test(text) && !/-[0-9a-f]{24}$/.test(text)

/** A user without a project has the user's id, as Supermemory's router has it; whatever is longer or has other characters ends with a hash of all of it. */
export function containerTag({ userId, projectKey }: Namespace): string {
  if (projectKey === null && isPlain(userId)) return userId
  const whole = projectKey === null ? [userId] : [userId, projectKey]
  return readable(whole.join("-"), MOST_CHARS - HASH_CHARS - 1) + hashed(whole)
}

/** Conversations are the account's, not the tag's: a session's name that two users share must not make them one. */
export function conversationId(tag: string, session: string): string {
  return `${tag}_${readable(session, MOST_SESSION_CHARS)}${hashed([session])}`
}

const readable = (text: string, most: number) => text.replace(/[^A-Za-z0-9_-]+/g, "-").slice(0, most)

const hashed = (whole: readonly string[]) =>
  `-${new Bun.CryptoHasher("sha256").update(JSON.stringify(whole)).digest("hex").slice(0, HASH_CHARS)}`
