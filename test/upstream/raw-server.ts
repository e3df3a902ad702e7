/** A TCP server that answers with exactly the bytes a test gives it, and remembers what it heard. */
import { afterEach } from "bun:test"
import net from "node:net"
import type { UpstreamRequest } from "../../src/upstream/answer.ts"
import { createUpstream, type Upstream } from "../../src/upstream/send.ts"

export interface RawServer {
  port: number
  url: string
  /** every socket ever accepted, in order */
  sockets: net.Socket[]
  /** what each of them said, latin-1 */
  heard: string[]
  closed: number
  stop(): void
}

/** `onRequest` runs once per request head seen on a socket (requests here have bodies that fit their packet). */
export async function rawServer(
  onRequest: (socket: net.Socket, request: string, connection: number) => void,
): Promise<RawServer> {
  const server: RawServer = { port: 0, url: "", sockets: [], heard: [], closed: 0, stop: () => {} }
  const listener = net.createServer((socket) => {
    const index = server.sockets.push(socket) - 1
    server.heard.push("")
    socket.setNoDelay(true)
    socket.on("error", () => {}) // resets are what these tests are about
    socket.on("close", () => server.closed++)
    socket.on("data", (bytes) => {
      const text = bytes.toString("latin1")
      server.heard[index] += text
      if (/^[A-Z]+ \/[^\r\n]* HTTP\/1\.1\r\n/.test(text)) onRequest(socket, text, index)
    })
  })
  await new Promise<void>((listening) => listener.listen(0, "127.0.0.1", listening))
  server.port = (listener.address() as net.AddressInfo).port
  server.url = `http://127.0.0.1:${server.port}/v1/chat/completions`
  server.stop = () => {
    for (const socket of server.sockets) socket.destroy()
    listener.close()
  }
  return server
}

export function fastUpstream(): Upstream {
  return createUpstream({ sweepMs: 10 })
}

/** For a test file: `serve` gives a server and a client of its own each; they, and what else is put into `open`, end after the test. */
export function useServers() {
  const open: { stop(): void }[] = []
  afterEach(() => {
    for (const one of open.splice(0)) one.stop()
  })
  async function serve(onRequest: Parameters<typeof rawServer>[0]): Promise<{ server: RawServer; upstream: Upstream }> {
    const server = await rawServer(onRequest)
    const upstream = fastUpstream()
    open.push(server, { stop: () => upstream.close() })
    return { server, upstream }
  }
  return { open, serve }
}

export const text = (bytes: Uint8Array | null) => (bytes === null ? null : new TextDecoder().decode(bytes))
export const ok = (body: string) => `HTTP/1.1 200 OK\r\ncontent-length: ${body.length}\r\n\r\n${body}`
export const streamHead = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n"
export const chunk = (data: string) => `${data.length.toString(16)}\r\n${data}\r\n`

export function post(url: string, more: Partial<UpstreamRequest> = {}): UpstreamRequest {
  return {
    method: "POST",
    url,
    headers: [["content-type", "application/json"]],
    body: ['{"model":"m"}'],
    signal: null,
    connectTimeoutMs: 5000,
    firstByteTimeoutMs: 5000,
    idleTimeoutMs: 5000,
    totalTimeoutMs: null,
    ...more,
  }
}

export async function until(condition: () => boolean, withinMs = 3000): Promise<void> {
  const end = Date.now() + withinMs
  while (!condition()) {
    if (Date.now() > end) throw new Error("it did not happen in time")
    await Bun.sleep(5)
  }
}

/** What went wrong: `status code`, or null when nothing did. */
export async function refusalOf(work: Promise<unknown>): Promise<string | null> {
  try {
    await work
    return null
  } catch (error) {
    return error instanceof Error && "status" in error && "code" in error
      ? `${error.status} ${error.code}`
      : String(error)
  }
}
