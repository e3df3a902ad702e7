/** The path prefixes `/k/KEY`, `/u/USER`, `/p/PROJECT`, for tools that can set nothing but a URL. Cut off before anything else sees the path. */
import { Refusal, Secret } from "../exchange.ts"

export interface CutPath {
  path: string
  key: Secret | null
  user: string | null
  project: string | null
}

const MAX_LENGTH = 128
const CONTROL = /[\x00-\x1f\x7f-\x9f]/

/** Whether a path begins with a prefix: the cheap test of the hot path. */
export function hasPrefix(path: string): boolean {
  return path.charCodeAt(2) === 0x2f && (path[1] === "k" || path[1] === "u" || path[1] === "p")
}

/** Cuts all leading prefixes, in any order, each decoded once. @throws Refusal 400 for an unusable or repeated one */
export function cutPrefixes(path: string): CutPath {
  const cut: CutPath = { path, key: null, user: null, project: null }
  while (hasPrefix(cut.path)) {
    const kind = cut.path[1]
    const end = cut.path.indexOf("/", 3)
    const value = decode(cut.path.slice(3, end < 0 ? undefined : end))
    if (kind === "k") cut.key = once(cut.key, new Secret(value), "/k/")
    else if (kind === "u") cut.user = once(cut.user, value, "/u/")
    else cut.project = once(cut.project, value, "/p/")
    cut.path = end < 0 ? "/" : cut.path.slice(end)
  }
  return cut
}

function once<T>(before: T | null, now: T, prefix: string): T {
  if (before !== null) throw refuse(`The path prefix ${prefix} is there twice.`)
  return now
}

function decode(segment: string): string {
  let value: string
  try {
    value = decodeURIComponent(segment)
  } catch {
    throw refuse("A path prefix holds a malformed percent escape.") // decodeURIComponent's only failure
  }
  if (value === "" || value.length > MAX_LENGTH || CONTROL.test(value)) {
    throw refuse(`A path prefix must hold 1 to ${MAX_LENGTH} characters, none of them control characters.`)
  }
  return value
}

const refuse = (message: string) => new Refusal(400, "invalid_request", message, { code: "invalid_path_prefix" })
