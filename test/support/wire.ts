/** HTTP/1.1 messages out of raw bytes, for both ends of a test. Strict and slow on purpose. */
import type { Received } from "./fake-provider.ts"
import { parseLoose } from "./json.ts"

type Parsed = { request: Omit<Received, "index" | "connection" | "at">; consumed: number }

/** A request from the front of the bytes; null where more must come. Strict: what is not plain HTTP/1.1 is "bad". */
export function parseRequest(bytes: Buffer): Parsed | null | "bad" {
  const end = bytes.indexOf("\r\n\r\n")
  if (end < 0) return null
  const headText = bytes.toString("latin1", 0, end)
  const [requestLine = "", ...lines] = headText.split("\r\n")
  const [method, target, version] = requestLine.split(" ")
  if (!method || !target || version !== "HTTP/1.1") return "bad"
  const { headerLines, headers } = readHeaders(lines)
  const start = end + 4
  let body: Buffer
  let consumed: number
  if (headers["transfer-encoding"] === "chunked") {
    const read = readChunked(bytes, start)
    if (!read) return null
    body = read.body
    consumed = read.end
  } else {
    const length = Number(headers["content-length"] ?? 0)
    if (!Number.isInteger(length) || length < 0) return "bad"
    if (bytes.length < start + length) return null
    consumed = start + length
    body = Buffer.from(bytes.subarray(start, consumed))
  }
  const text = body.toString()
  const path = target.split("?")[0] ?? target
  const json = parseLoose(text)
  const fate = { bytesSent: 0, finishedAt: null, leftAt: null }
  return {
    request: { method, target, path, head: headText, headerLines, headers, body, text, json, ...fate },
    consumed,
  }
}

/** The body of a chunked message beginning at `from`; null where more must come. */
export function readChunked(bytes: Buffer, from: number): { body: Buffer; end: number } | null {
  const parts: Buffer[] = []
  for (let at = from; ;) {
    const line = bytes.indexOf("\r\n", at)
    if (line < 0) return null
    const size = parseInt(bytes.toString("latin1", at, line), 16)
    const dataAt = line + 2
    if (!(size >= 0) || bytes.length < dataAt + size + 2) return null
    if (size === 0) return { body: Buffer.concat(parts), end: dataAt + 2 }
    parts.push(bytes.subarray(dataAt, dataAt + size))
    at = dataAt + size + 2
  }
}

/** Header lines as written, and by lower-case name with duplicates joined. */
export function readHeaders(lines: string[]): { headerLines: [string, string][]; headers: Record<string, string> } {
  const headers: Record<string, string> = {}
  const headerLines = lines.map((line): [string, string] => {
    const colon = line.indexOf(":")
    const name = line.slice(0, colon)
    const value = line.slice(colon + 1).trim()
    const key = name.toLowerCase()
    headers[key] = key in headers ? `${headers[key]}, ${value}` : value
    return [name, value]
  })
  return { headerLines, headers }
}
