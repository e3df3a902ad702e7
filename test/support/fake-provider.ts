/**
 * A scriptable provider on a real socket: it keeps every request byte for byte and answers as told, badly if wanted.
 * It writes HTTP itself so that framing, packets and cuts are under control. What a good answer says is in `answers.ts`.
 */
import { createServer, type Socket } from "node:net"
import { brotliCompressSync, deflateSync, gzipSync, zstdCompressSync } from "node:zlib"
import { defaultAnswer } from "./answers.ts"
import type { Loose } from "./json.ts"
import { parseRequest } from "./wire.ts"

/** One request as it came in, and what became of its answer. */
export interface Received {
  /** counts from 0 over the provider's life */
  index: number
  /** which TCP connection, counting from 0 */
  connection: number
  /** performance.now() when the head was complete */
  at: number
  method: string
  /** path and query as written on the request line */
  target: string
  path: string
  /** the request line and header lines exactly as sent, without the empty line */
  head: string
  /** name (as written) and value, in order, duplicates kept */
  headerLines: [string, string][]
  /** lower-case names, duplicates joined with ", " */
  headers: Record<string, string>
  body: Buffer
  text: string
  /** the parsed body, or null where it is not JSON */
  json: Loose
  /** bytes of the answer's body handed to the socket so far (framing not counted) */
  bytesSent: number
  /** performance.now() of the end of a whole answer */
  finishedAt: number | null
  /** performance.now() when the other side closed before the answer was whole */
  leftAt: number | null
}

type Bytes = string | Uint8Array
type Encoding = "gzip" | "br" | "deflate" | "zstd"

/** What to answer. Everything is optional: the default is 200 with an empty body. */
export interface Answer {
  status?: number
  reason?: string
  headers?: Record<string, string | string[]>
  /** the whole body; `pieces` says instead what is written at once */
  body?: Bytes
  /** written one after another; a number is a pause in ms */
  pieces?: Iterable<Bytes | number> | AsyncIterable<Bytes | number>
  /** ms between two pieces */
  gapMs?: number
  /** ms before the head; Infinity: never */
  hangMs?: number
  /** silence for ever after that many body bytes */
  stallAfter?: number
  /** the connection ends after that many body bytes; 0: right after the head; -1: before it */
  cutAfter?: number
  cutWith?: "fin" | "rst"
  /** `{ length }` is a content-length that may lie; default: chunked for pieces, content-length for a body */
  framing?: "chunked" | "content-length" | "close" | { length: number }
  /** at most that many bytes in one packet */
  packetBytes?: number
  encoding?: Encoding
  /** written literally instead of everything above: status line and all */
  raw?: Bytes
}

export type Script = (request: Received) => Answer | null | undefined | Promise<Answer | null | undefined>

export interface FakeProvider {
  url: string
  port: number
  received: Received[]
  /** connections open now, and ever */
  openConnections(): number
  connections(): number
  /** what the next requests get; null or undefined from it, or no script: the default answer for the path */
  script(next: Script | Answer | null): void
  /** waits until that many requests came in */
  waitFor(count: number, timeoutMs?: number): Promise<Received[]>
  /** forgets what was received and the script */
  reset(): void
  stop(): Promise<void>
}

const compress: Record<Encoding, (bytes: Uint8Array) => Uint8Array> = {
  gzip: (b) => gzipSync(b),
  br: (b) => brotliCompressSync(b),
  deflate: (b) => deflateSync(b),
  zstd: (b) => zstdCompressSync(b),
}

const toBuffer = (bytes: Bytes): Buffer => (typeof bytes === "string" ? Buffer.from(bytes) : Buffer.from(bytes))

export async function startFakeProvider(first: Script | Answer | null = null): Promise<FakeProvider> {
  const received: Received[] = []
  const sockets = new Set<Socket>()
  let connections = 0
  let script: Script | null = null
  const setScript = (next: Script | Answer | null) => {
    script = typeof next === "function" ? next : next ? () => next : null
  }
  setScript(first)

  const server = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => {
    const connection = connections++
    sockets.add(socket)
    const wire = new Wire(socket)
    let pending: Buffer = Buffer.alloc(0)
    let busy = false
    let current: Received | null = null
    const left = () => {
      if (current && current.finishedAt === null && current.leftAt === null) current.leftAt = performance.now()
      wire.leave()
    }
    socket.on("end", () => {
      left()
      socket.end()
    })
    socket.on("error", left)
    socket.on("close", () => {
      left()
      sockets.delete(socket)
    })
    const serve = async () => {
      if (busy) return
      busy = true
      for (;;) {
        const parsed = parseRequest(pending)
        if (parsed === null || wire.gone) break
        if (parsed === "bad") {
          socket.end("HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\nconnection: close\r\n\r\n")
          break
        }
        pending = pending.subarray(parsed.consumed)
        current = { ...parsed.request, index: received.length, connection, at: performance.now() }
        const request = current
        received.push(request)
        const answer = (await script?.(request)) ?? defaultAnswer(request)
        const keep = await give(wire, request, answer)
        if (!keep) break
      }
      busy = false
    }
    socket.on("data", (data: Buffer) => {
      pending = pending.length ? Buffer.concat([pending, data]) : data
      serve().catch((error) => {
        console.error("fake provider:", error)
        socket.destroy()
      })
    })
  })
  await new Promise<void>((ready, failed) => {
    server.once("error", failed)
    server.listen(0, "127.0.0.1", 4096, () => ready())
  })
  const address = server.address()
  if (!address || typeof address === "string") throw new Error("no port")
  return {
    url: `http://127.0.0.1:${address.port}`,
    port: address.port,
    received,
    openConnections: () => sockets.size,
    connections: () => connections,
    script: setScript,
    async waitFor(count, timeoutMs = 5000) {
      const until = performance.now() + timeoutMs
      while (received.length < count) {
        if (performance.now() > until) throw new Error(`${received.length} of ${count} requests reached the provider`)
        await Bun.sleep(5)
      }
      return received
    },
    reset() {
      received.length = 0
      script = null
    },
    async stop() {
      for (const socket of sockets) socket.destroy()
      await new Promise<void>((done) => server.close(() => done()))
    },
  }
}

/** Ordered writes with backpressure; `gone` once the other side left. */
class Wire {
  gone = false
  #drained: (() => void)[] = []
  #left = new Set<() => void>()
  readonly socket: Socket
  constructor(socket: Socket) {
    this.socket = socket
    socket.on("drain", () => this.#release())
  }
  #release() {
    for (const done of this.#drained.splice(0)) done()
  }
  leave() {
    this.gone = true
    this.#release()
    for (const done of this.#left) done()
    this.#left.clear()
  }
  async write(bytes: Uint8Array): Promise<void> {
    if (this.gone) return
    if (!this.socket.write(bytes)) await new Promise<void>((done) => this.#drained.push(done))
  }
  /** resolves early when the other side leaves */
  async pause(ms: number): Promise<void> {
    if (this.gone || ms <= 0) return
    await new Promise<void>((done) => {
      const over = () => {
        clearTimeout(timer)
        this.#left.delete(over)
        done()
      }
      const timer = Number.isFinite(ms) ? setTimeout(over, ms) : undefined
      this.#left.add(over)
    })
  }
  /** silence until the other side leaves */
  hold(): Promise<void> {
    return this.pause(Infinity)
  }
  cut(how: "fin" | "rst") {
    if (how === "rst") this.socket.resetAndDestroy()
    else this.socket.end()
  }
}

/** Writes the answer; true where the connection can carry another request. */
async function give(wire: Wire, request: Received, answer: Answer): Promise<boolean> {
  if (answer.hangMs === Infinity) await wire.hold()
  else if (answer.hangMs) await wire.pause(answer.hangMs)
  if (wire.gone) return false
  if (answer.raw !== undefined) {
    await wire.write(toBuffer(answer.raw))
    request.finishedAt = performance.now()
    wire.socket.end()
    return false
  }
  if (answer.cutAfter === -1) {
    wire.cut(answer.cutWith ?? "fin")
    return false
  }
  const whole = wholeBody(answer)
  const framing = answer.framing ?? (whole ? "content-length" : "chunked")
  await wire.write(toBuffer(head(answer, framing, whole)))
  if (request.method !== "HEAD") {
    const end = await giveBody(wire, request, answer, whole, framing)
    if (end !== "whole") return false
  }
  if (wire.gone) return false
  if (framing === "chunked" && request.method !== "HEAD") await wire.write(Buffer.from("0\r\n\r\n"))
  request.finishedAt = performance.now()
  if (framing === "close" || typeof framing === "object") {
    wire.socket.end()
    return false
  }
  return true
}

function wholeBody(answer: Answer): Buffer | null {
  if (answer.pieces && !answer.encoding) return null
  let bytes = toBuffer(answer.body ?? "")
  if (answer.pieces) {
    const texts = [...(answer.pieces as Iterable<Bytes | number>)].filter((piece) => typeof piece !== "number")
    bytes = Buffer.concat(texts.map((piece) => toBuffer(piece as Bytes)))
  }
  return answer.encoding ? Buffer.from(compress[answer.encoding](bytes)) : bytes
}

function head(answer: Answer, framing: Answer["framing"], whole: Buffer | null): string {
  const status = answer.status ?? 200
  const lines = [`HTTP/1.1 ${status} ${answer.reason ?? "Said So"}`]
  const headers: Record<string, string | string[]> = { ...answer.headers }
  if (answer.encoding) headers["content-encoding"] ??= answer.encoding
  for (const [name, values] of Object.entries(headers))
    for (const value of [values].flat()) lines.push(`${name}: ${value}`)
  if (framing === "chunked") lines.push("transfer-encoding: chunked")
  else if (framing === "close") lines.push("connection: close")
  else if (typeof framing === "object") lines.push(`content-length: ${framing.length}`)
  else if (status !== 204 && status !== 304) lines.push(`content-length: ${whole?.length ?? 0}`)
  return `${lines.join("\r\n")}\r\n\r\n`
}

async function giveBody(
  wire: Wire,
  request: Received,
  answer: Answer,
  whole: Buffer | null,
  framing: Answer["framing"],
): Promise<"whole" | "cut"> {
  const limit = Math.min(answer.cutAfter ?? Infinity, answer.stallAfter ?? Infinity)
  const finish = async (): Promise<"cut"> => {
    if (answer.cutAfter !== undefined && request.bytesSent >= answer.cutAfter) {
      // let the last bytes leave before a reset throws them away
      if (answer.cutWith === "rst") await Bun.sleep(20)
      wire.cut(answer.cutWith ?? "fin")
    } else await wire.hold()
    return "cut"
  }
  if (limit === 0) return finish()
  let firstPiece = true
  for await (const piece of whole ? [whole] : answer.pieces!) {
    if (wire.gone) return "cut"
    if (typeof piece === "number") {
      await wire.pause(piece)
      continue
    }
    if (!firstPiece && answer.gapMs) await wire.pause(answer.gapMs)
    firstPiece = false
    const bytes = toBuffer(piece)
    const step = answer.packetBytes ?? bytes.length
    for (let at = 0; at < bytes.length; at += step) {
      if (wire.gone) return "cut"
      const part = bytes.subarray(at, Math.min(at + step, at + limit - request.bytesSent, bytes.length))
      request.bytesSent += part.length
      await wire.write(framing === "chunked" ? chunk(part) : part)
      if (request.bytesSent >= limit) return finish()
      // a packet of its own: the event loop must turn between two writes
      if (answer.packetBytes) await new Promise((done) => setImmediate(done))
    }
  }
  return wire.gone ? "cut" : "whole"
}

const chunk = (bytes: Uint8Array): Buffer =>
  Buffer.concat([Buffer.from(`${bytes.length.toString(16)}\r\n`), bytes, Buffer.from("\r\n")])
