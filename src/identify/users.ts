/**
 * Which user a request counts for: the key's own, else a named one, else the first header pattern that matches, else the default.
 * Recognising a client plays no part here: one person's tools share one memory unless the file says otherwise.
 */
import { type HeaderFields, type Identity, Refusal } from "../exchange.ts"
import type { Config, HeaderPattern } from "../settings.ts"
import { decodeHeader, readName } from "./names.ts"
import type { Sighting } from "./sighting.ts"

type Users = Config["users"]

/** Answers for a pattern and a header's value. RE2 costs microseconds, so `createPatternMemo` remembers. */
export type PatternTest = (pattern: HeaderPattern, value: string) => boolean

const MEMO_VALUE_CHARS = 1024
/** Patterns read a value this far: linear still means 0.1 ms for each pattern and thousand characters. */
const PATTERN_CHARS = 8192

/** A bounded memory of pattern answers, forgotten with the config that the patterns belong to. At `limit` values a pattern starts anew. */
export function createPatternMemo(limit = 1024): PatternTest {
  const answers = new WeakMap<HeaderPattern, Map<string, boolean>>()
  return (pattern, value) => {
    if (value.length > MEMO_VALUE_CHARS) return pattern.matches(value)
    let known = answers.get(pattern)
    if (!known) answers.set(pattern, (known = new Map()))
    let answer = known.get(value)
    if (answer === undefined) {
      if (known.size >= limit) known.clear()
      known.set(value, (answer = pattern.matches(value)))
    }
    return answer
  }
}

interface UserDecision {
  userId: string
  matchedPattern: Identity["matchedPattern"]
  customHeaderPresent: boolean
  isDefault: boolean
  /** in words */
  by: string
}

function matchPattern(headers: HeaderFields, users: Users, test: PatternTest): Identity["matchedPattern"] {
  for (const pattern of users.patterns) {
    const raw = headers.get(pattern.header)
    if (raw === null) continue
    const value = decodeHeader(raw)
    if (test(pattern, value.slice(0, PATTERN_CHARS)))
      return { header: pattern.header.toLowerCase(), value, pattern: pattern.pattern, user_id: pattern.userId }
  }
  return null
}

interface Named {
  name: string
  by: string
}

/** Who the request says it is for. An empty header names nobody: an empty user would be one more shared by all. */
function findNamed(headers: HeaderFields, users: Users, prefixUser: string | null): Named | null {
  for (const header of [users.customHeader, "x-memproxy-user"]) {
    const value = headers.get(header)
    const name = value === null ? null : readName(value, `the header ${header}`)
    if (name !== null) return { name, by: `the header ${header}` }
  }
  const name = readName(prefixUser, "the path prefix /u/")
  return name === null ? null : { name, by: "the path prefix /u/" }
}

/** @throws Refusal 400 for a name that cannot be one, 403 where a virtual key is used in another user's name */
export function decideUser({ headers, prefixUser, caller }: Sighting, users: Users, test: PatternTest): UserDecision {
  const matchedPattern = matchPattern(headers, users, test)
  const customHeaderPresent = headers.has(users.customHeader) || headers.has("x-memproxy-user")
  const decided = (userId: string, by: string): UserDecision => ({
    userId,
    matchedPattern,
    customHeaderPresent,
    isDefault: false,
    by,
  })
  const named = findNamed(headers, users, prefixUser)
  if (caller.kind === "virtual") {
    const own = caller.userId ?? caller.alias ?? users.defaultUserId
    if (named === null || named.name === own) return decided(own, "the virtual key")
    const message = `This key belongs to the user "${own}" and cannot act for another one (${named.by}). Leave the name out, or use the master key.`
    throw new Refusal(403, "permission", message, { code: "user_not_allowed" })
  }
  if (named !== null) return decided(named.name, named.by)
  if (matchedPattern !== null)
    return decided(
      matchedPattern.user_id,
      `the pattern ${matchedPattern.pattern} on the header ${matchedPattern.header}`,
    )
  const by = customHeaderPresent ? "default_user_id (the header is empty)" : "default_user_id"
  return { ...decided(users.defaultUserId, by), isDefault: true }
}
