/** The dashboard's sessions: a random token for the master key, of which only a hash is kept. In memory: a restart ends them. It knows no HTTP. */
import { Refusal, type Secret } from "../exchange.ts"

export const SESSION_SECONDS = 12 * 3600
const TRIES = 5
const TRIES_MS = 60_000
/** Far more than there are people; the oldest goes first. */
const MOST_SESSIONS = 1_000
const MOST_ADDRESSES = 10_000

interface LoginsOptions {
  /** epoch milliseconds */
  clock: () => number
  /** text that nobody can guess */
  newToken: () => string
}

export interface Logins {
  /** Counts a try before the key is looked at. @throws Refusal 429 after five failed ones within a minute */
  admit(address: string): void
  /** The key was right: a new session's token. It holds as long as that key is the master key. */
  begin(address: string, masterKey: Secret | null): string
  holds(token: string, masterKey: Secret | null): boolean
  end(token: string, masterKey: Secret | null): void
}

const digest = (token: string, key: Secret | null) => Bun.SHA256.hash(`${token}\n${key?.reveal() ?? ""}`, "base64")

export function createLogins({ clock, newToken }: LoginsOptions): Logins {
  /** when each ends, epoch milliseconds */
  const sessions = new Map<string, number>()
  /** when the last tries were, by address */
  const tries = new Map<string, number[]>()

  return {
    admit(address) {
      const now = clock()
      const recent = (tries.get(address) ?? []).filter((at) => at > now - TRIES_MS)
      if (recent.length >= TRIES) {
        const seconds = Math.ceil((recent[0]! + TRIES_MS - now) / 1000)
        throw new Refusal(429, "rate_limit", `${TRIES} tries a minute are allowed. Try again in ${seconds} s.`, {
          code: "too_many_logins",
          headers: { "retry-after": String(seconds) },
        })
      }
      if (tries.size >= MOST_ADDRESSES) tries.clear()
      tries.set(address, [...recent, now])
    },
    begin(address, masterKey) {
      tries.delete(address)
      if (sessions.size >= MOST_SESSIONS) sessions.delete(sessions.keys().next().value!)
      const token = newToken()
      sessions.set(digest(token, masterKey), clock() + SESSION_SECONDS * 1000)
      return token
    },
    holds: (token, masterKey) => (sessions.get(digest(token, masterKey)) ?? 0) > clock(),
    end: (token, masterKey) => void sessions.delete(digest(token, masterKey)),
  }
}
