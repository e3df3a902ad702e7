/**
 * Cookies of Supermemory's router, one jar for each user and origin: its edge (Cloudflare) limits clients that come back without theirs.
 * Kept in memory only. Not a browser's jar: a cookie goes back to the very host that set it and nowhere else.
 */
import { keepRecent } from "../keep-recent.ts"

const MAX_JARS = 1000
const MAX_COOKIES = 50
const MAX_COOKIE_BYTES = 4096

interface Cookie {
  value: string
  path: string
  secure: boolean
  /** epoch ms, Infinity for the process's life */
  expiresMs: number
}

export class CookieJars {
  /** the longest unused first */
  readonly #jars = new Map<string, Map<string, Cookie>>()
  readonly #now: () => number

  /** `now`: epoch milliseconds */
  constructor(now: () => number) {
    this.#now = now
  }

  /** The `cookie` header for a request to `url`, null when there is none to send. */
  header(url: string, user: string): string | null {
    const { host, pathname, protocol } = new URL(url)
    const jar = this.#jar(host, user, false)
    if (jar === undefined) return null
    const pairs: string[] = []
    for (const [name, cookie] of jar) {
      if (cookie.expiresMs <= this.#now()) jar.delete(name)
      else if (covers(cookie.path, pathname) && (!cookie.secure || protocol === "https:"))
        pairs.push(`${name}=${cookie.value}`)
    }
    return pairs.length === 0 ? null : pairs.join("; ")
  }

  /** Takes the `set-cookie` fields of an answer from `url`. */
  store(url: string, user: string, headers: Iterable<readonly [string, string]>): void {
    for (const [name, value] of headers) {
      if (name !== "set-cookie" || value.length > MAX_COOKIE_BYTES) continue
      const { host, hostname } = new URL(url)
      const parsed = parse(value, hostname, this.#now())
      if (parsed === null) continue
      const jar = this.#jar(host, user, true)!
      jar.delete(parsed.name)
      if (parsed.cookie.expiresMs > this.#now()) keepRecent(jar, parsed.name, parsed.cookie, MAX_COOKIES)
    }
  }

  #jar(host: string, user: string, make: boolean): Map<string, Cookie> | undefined {
    const key = `${host}\n${user}`
    const jar = this.#jars.get(key) ?? (make ? new Map<string, Cookie>() : undefined)
    if (jar === undefined) return undefined
    keepRecent(this.#jars, key, jar, MAX_JARS)
    return jar
  }
}

/** RFC 6265 §5.2 in its simple parts; null for a cookie that is malformed or meant for another host. */
function parse(text: string, hostname: string, nowMs: number): { name: string; cookie: Cookie } | null {
  const [pair = "", ...attributes] = text.split(";")
  const at = pair.indexOf("=")
  const name = pair.slice(0, at).trim()
  if (at < 1 || !/^[!#$%&'*+\-.^_`|~\w]+$/.test(name)) return null
  const cookie: Cookie = { value: pair.slice(at + 1).trim(), path: "/", secure: false, expiresMs: Infinity }
  if (!/^[\x21-\x3a\x3c-\x7e ]*$/.test(cookie.value)) return null
  let maxAge = false
  for (const attribute of attributes) {
    const [key = "", ...rest] = attribute.split("=")
    const value = rest.join("=").trim()
    switch (key.trim().toLowerCase()) {
      case "path":
        if (value.startsWith("/")) cookie.path = value
        break
      case "secure":
        cookie.secure = true
        break
      case "domain":
        if (!belongs(hostname, value.replace(/^\./, "").toLowerCase())) return null
        break
      case "max-age":
        if (!/^-?\d+$/.test(value)) break
        maxAge = true
        cookie.expiresMs = nowMs + Number(value) * 1000
        break
      case "expires":
        if (!maxAge && !Number.isNaN(Date.parse(value))) cookie.expiresMs = Date.parse(value)
    }
  }
  return { name, cookie }
}

/** The host itself or a parent of it that is more than a top-level domain. */
function belongs(hostname: string, domain: string): boolean {
  return hostname === domain || (domain.includes(".") && hostname.endsWith(`.${domain}`))
}

function covers(cookiePath: string, path: string): boolean {
  if (!path.startsWith(cookiePath)) return false
  return path.length === cookiePath.length || cookiePath.endsWith("/") || path[cookiePath.length] === "/"
}
