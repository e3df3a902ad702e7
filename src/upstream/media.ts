/**
 * Fetches images and files that clients name by address, for providers that do not. The address is a stranger's: only http(s), only hosts whose addresses are public, looked
 * up once and connected to as looked up, again at each redirect; nothing of the caller's goes along. https://cheatsheetseries.owasp.org/cheatsheets/Server_Side_Request_Forgery_Prevention_Cheat_Sheet.html
 */
import { lookup } from "node:dns/promises"
import http, { type IncomingMessage } from "node:http"
import https from "node:https"
import { isIP, type LookupFunction } from "node:net"
import { Refusal } from "../exchange.ts"
import { isPublic } from "./public-address.ts"

export interface MediaLimits {
  /** host names that may be anywhere: `memproxy.media_hosts` */
  allowedHosts: readonly string[]
  signal: AbortSignal
  maxBytes?: number
  timeoutMs?: number
}

export interface FetchedMedia {
  bytes: Uint8Array
  /** the server's word */
  contentType: string | null
}

/** The largest request Gemini takes inline is 20 MB: https://ai.google.dev/gemini-api/docs/image-understanding */
const MAX_BYTES = 20 * 2 ** 20
const TIMEOUT_MS = 30_000
const MAX_REDIRECTS = 4
const AT_ONCE = 4

/** All of them, in order; the same address once. @throws Refusal 400 for the first that cannot be had */
export async function fetchMedia(urls: readonly string[], limits: MediaLimits): Promise<FetchedMedia[]> {
  const distinct = [...new Set(urls)]
  const found = new Map<string, FetchedMedia>()
  const work = async () => {
    for (let url; (url = distinct.shift()) !== undefined;) found.set(url, await fetchOne(url, limits))
  }
  await Promise.all(Array.from({ length: AT_ONCE }, work))
  return urls.map((url) => found.get(url)!)
}

async function fetchOne(url: string, limits: MediaLimits): Promise<FetchedMedia> {
  const timeout = AbortSignal.timeout(limits.timeoutMs ?? TIMEOUT_MS)
  const signal = AbortSignal.any([limits.signal, timeout])
  let at = url
  try {
    for (let redirects = 0; redirects <= MAX_REDIRECTS; redirects++) {
      const answer = await request(at, limits, signal)
      const { statusCode = 0, headers } = answer
      if (statusCode >= 200 && statusCode < 300) return await read(answer, at, limits.maxBytes ?? MAX_BYTES)
      answer.destroy()
      if (statusCode < 300 || statusCode >= 400 || !headers.location || !URL.canParse(headers.location, at))
        throw refused(at, `answered HTTP ${statusCode}`)
      at = new URL(headers.location, at).href
    }
  } catch (error) {
    if (error instanceof Refusal) throw error
    if (limits.signal.aborted) throw limits.signal.reason
    throw refused(at, timeout.aborted ? "took too long" : "cannot be reached", error)
  }
  throw refused(at, "redirects too often")
}

async function request(url: string, { allowedHosts }: MediaLimits, signal: AbortSignal): Promise<IncomingMessage> {
  const { protocol, hostname, username, host } = new URL(url)
  if (!/^https?:$/.test(protocol) || username !== "") throw refused(url, "is not a plain http or https address")
  const name = hostname.replace(/^\[|\]$/g, "")
  const addresses = isIP(name) ? [{ address: name, family: isIP(name) }] : await lookup(name, { all: true })
  const isAllowed = allowedHosts.includes(name) || allowedHosts.includes(host)
  if (!isAllowed && !addresses.every(({ address }) => isPublic(address)))
    throw refused(url, "is not on the public internet; list its name under memproxy.media_hosts if it may be fetched")
  // connected to as it was just looked up: asked again, a name could answer with another address
  const pinned: LookupFunction = (_, options, done) =>
    options.all ? done(null, addresses) : done(null, addresses[0]!.address, addresses[0]!.family)
  const get = protocol === "https:" ? https.get : http.get
  return await new Promise((resolve, reject) => {
    const headers = { accept: "*/*", "accept-encoding": "identity", "user-agent": "memproxy" }
    get(url, { agent: false, lookup: pinned, signal, headers }, resolve).on("error", reject)
  })
}

async function read(answer: IncomingMessage, url: string, maxBytes: number): Promise<FetchedMedia> {
  const tooLarge = () => refused(url, `is larger than ${Math.floor(maxBytes / 2 ** 20)} MiB`)
  if (Number(answer.headers["content-length"] ?? 0) > maxBytes) {
    answer.destroy()
    throw tooLarge()
  }
  const parts: Uint8Array[] = []
  let size = 0
  for await (const part of answer as AsyncIterable<Uint8Array>) {
    size += part.length
    if (size > maxBytes) {
      answer.destroy()
      throw tooLarge()
    }
    parts.push(part)
  }
  return { bytes: Buffer.concat(parts), contentType: answer.headers["content-type"] ?? null }
}

/** Hosts are named; paths may hold what is not for others. */
export function refused(url: string, what: string, cause?: unknown): Refusal {
  const host = URL.canParse(url) ? new URL(url).host : "an address"
  return new Refusal(
    400,
    "invalid_request",
    `The file at ${host} ${what}. The chosen model's provider fetches no files itself: send this one as base64 data.`,
    { code: "media_not_fetched", cause },
  )
}
