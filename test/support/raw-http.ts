/** An HTTP client without manners: sends exact bytes, reads exact bytes, closes when told. No pooling, no following, no decoding. */
import { connect, type Socket } from "node:net"
import { type Loose, parseLoose } from "./json.ts"
import { readChunked, readHeaders } from "./wire.ts"

export interface RawAnswer {
  status: number
  reason: string
  headerLines: [string, string][]
  /** lower-case names, duplicates joined with ", " */
  headers: Record<string, string>
  body: Buffer
  text: string
  json: Loose
  /** the message ended as its framing says */
  complete: boolean
}

export interface RawConnection {
  socket: Socket
  /** everything received so far */
  bytes(): Buffer
  send(bytes: string | Uint8Array): void
  /** the next whole answer, or what there was when the connection ended */
  answer(request?: { method?: string; timeoutMs?: number }): Promise<RawAnswer>
  /** until that many bytes came, or the end */
  until(count: number, timeoutMs?: number): Promise<Buffer>
  /** until the other side ended; how it did */
  closed(timeoutMs?: number): Promise<"fin" | "rst">
  halfClose(): void
  close(): void
  reset(): void
}

export async function openRaw(port: number): Promise<RawConnection> {
  let received: Buffer = Buffer.alloc(0)
  let ended: "fin" | "rst" | null = null
  const waiters = new Set<() => void>()
  const wake = () => {
    for (const waiter of waiters) waiter()
  }
  const socket = connect({ port, host: "127.0.0.1", allowHalfOpen: true, noDelay: true })
  socket.on("data", (data: Buffer) => {
    received = received.length ? Buffer.concat([received, data]) : data
    wake()
  })
  socket.on("end", () => {
    ended ??= "fin"
    wake()
  })
  socket.on("close", () => {
    ended ??= "rst"
    wake()
  })
  await new Promise<void>((ready, failed) => {
    socket.once("error", failed)
    socket.once("connect", () => {
      socket.off("error", failed)
      ready()
    })
  })
  socket.on("error", () => {
    ended ??= "rst"
    wake()
  })
  const wait = (done: () => boolean, timeoutMs: number, what: string) =>
    new Promise<void>((resolve, reject) => {
      const timer = setTimeout(() => {
        waiters.delete(check)
        reject(
          new Error(
            `${what}: nothing after ${timeoutMs} ms; so far ${JSON.stringify(received.toString("latin1", 0, 300))}`,
          ),
        )
      }, timeoutMs)
      const check = () => {
        if (!done()) return
        clearTimeout(timer)
        waiters.delete(check)
        resolve()
      }
      waiters.add(check)
      check()
    })
  return {
    socket,
    bytes: () => received,
    send: (bytes) => void socket.write(bytes),
    async answer({ method = "GET", timeoutMs = 10_000 } = {}) {
      let read: ReturnType<typeof readAnswer> = null
      await wait(
        () => (read = readAnswer(received, method, ended !== null)) !== null || ended !== null,
        timeoutMs,
        "answer",
      )
      if (!read)
        throw new Error(`the connection ended without an answer: ${JSON.stringify(received.toString("latin1"))}`)
      const { answer, consumed } = read as NonNullable<ReturnType<typeof readAnswer>>
      received = received.subarray(consumed)
      return answer
    },
    async until(count, timeoutMs = 10_000) {
      await wait(() => received.length >= count || ended !== null, timeoutMs, `${count} bytes`)
      return received
    },
    async closed(timeoutMs = 10_000) {
      await wait(() => ended !== null, timeoutMs, "close")
      return ended!
    },
    halfClose: () => void socket.end(),
    close: () => void socket.destroy(),
    reset: () => void socket.resetAndDestroy(),
  }
}

/** One request on a connection of its own. `bytes` is the whole request as it goes on the wire. */
export async function rawRequest(port: number, bytes: string | Uint8Array, timeoutMs?: number): Promise<RawAnswer> {
  const connection = await openRaw(port)
  try {
    connection.send(bytes)
    const text = typeof bytes === "string" ? bytes : Buffer.from(bytes.subarray(0, 8)).toString("latin1")
    return await connection.answer({ method: text.split(" ", 1)[0], timeoutMs })
  } finally {
    connection.close()
  }
}

/** A request in bytes: `content-length` and `host` are added where not given. */
export function requestBytes(
  method: string,
  target: string,
  headers: Record<string, string | string[]> = {},
  body: string | Uint8Array = "",
): Buffer {
  const bytes = Buffer.from(body)
  const lines = [`${method} ${target} HTTP/1.1`]
  const names = new Set(Object.keys(headers).map((name) => name.toLowerCase()))
  if (!names.has("host")) lines.push("Host: 127.0.0.1")
  for (const [name, values] of Object.entries(headers))
    for (const value of [values].flat()) lines.push(`${name}: ${value}`)
  if (!names.has("content-length") && !names.has("transfer-encoding") && (bytes.length || method === "POST"))
    lines.push(`Content-Length: ${bytes.length}`)
  return Buffer.concat([Buffer.from(`${lines.join("\r\n")}\r\n\r\n`, "latin1"), bytes])
}

/** The answer at the front of the bytes; null while it is not whole and the connection is open. */
export function readAnswer(
  bytes: Buffer,
  method: string,
  ended: boolean,
): { answer: RawAnswer; consumed: number } | null {
  const end = bytes.indexOf("\r\n\r\n")
  if (end < 0) return null
  const [statusLine = "", ...lines] = bytes.toString("latin1", 0, end).split("\r\n")
  const [, status = "", reason = ""] = /^HTTP\/1\.1 (\d{3}) ?(.*)$/.exec(statusLine) ?? []
  const { headerLines, headers } = readHeaders(lines)
  const start = end + 4
  const done = (body: Buffer, consumed: number, complete: boolean) => {
    const text = body.toString()
    const answer = {
      status: Number(status),
      reason,
      headerLines,
      headers,
      body,
      text,
      json: parseLoose(text),
      complete,
    }
    return { answer, consumed }
  }
  if (status === "100") return readAnswerAfter(bytes, start, method, ended)
  if (method === "HEAD" || status === "204" || status === "304" || status === "101")
    return done(Buffer.alloc(0), start, true)
  if (headers["transfer-encoding"]?.toLowerCase() === "chunked") {
    const read = readChunked(bytes, start)
    if (read) return done(read.body, read.end, true)
    return ended ? done(chunksSoFar(bytes, start), bytes.length, false) : null
  }
  if (headers["content-length"] !== undefined) {
    const length = Number(headers["content-length"])
    if (bytes.length >= start + length) return done(bytes.subarray(start, start + length), start + length, true)
    return ended ? done(bytes.subarray(start), bytes.length, false) : null
  }
  return ended ? done(bytes.subarray(start), bytes.length, true) : null
}

function readAnswerAfter(bytes: Buffer, start: number, method: string, ended: boolean) {
  const read = readAnswer(bytes.subarray(start), method, ended)
  return read && { answer: read.answer, consumed: read.consumed + start }
}

/** The data of the chunks there are, the last one cut short. */
function chunksSoFar(bytes: Buffer, from: number): Buffer {
  const parts: Buffer[] = []
  for (let at = from; ;) {
    const line = bytes.indexOf("\r\n", at)
    if (line < 0) break
    const size = parseInt(bytes.toString("latin1", at, line), 16)
    if (!(size > 0)) break
    parts.push(bytes.subarray(line + 2, line + 2 + size))
    at = line + 2 + size + 2
  }
  return Buffer.concat(parts)
}
