/**
 * A provider that costs almost nothing: OpenAI-shaped answers on raw sockets, in a process of its own. 1 KB of JSON, or, where the body
 * says `"stream":true`, SSE as its text asks: `n=50 d=10 s=200` is 50 chunks of 200 bytes, 10 ms apart; `n=0` never ends; `d=0` is as
 * fast as the reader reads. It reads only the first bytes of a body. Not the scriptable fake of test/support.
 */
import type { Socket } from "bun"
import type { FromMock, MockStats, ToMock } from "./messages.ts"

interface Peer {
  /** bytes of a head that is not whole yet */
  head: Buffer | null
  /** bytes of the current request's body still to come */
  left: number
  asked: Asked
  stream: Stream | null
  /** what the socket did not take yet */
  backlog: Uint8Array | null
}
interface Asked {
  stream: boolean
  chunks: number
  paceMs: number
  size: number
}
interface Stream {
  socket: Socket<Peer>
  asked: Asked
  sent: number
  dueMs: number
  chunk: Uint8Array
}

const LOOK_AT = 400
const CHUNKS_A_TURN = 100
const stats: MockStats = {
  open: 0,
  accepted: 0,
  requests: 0,
  active: 0,
  mostActive: 0,
  finished: 0,
  aborted: 0,
  bad: 0,
}

const body = JSON.stringify({
  id: "chatcmpl-bench00000001",
  object: "chat.completion",
  created: 1700000000,
  model: "gpt-4o-2024-08-06",
  choices: [
    {
      index: 0,
      message: { role: "assistant", content: "x".repeat(610), refusal: null, annotations: [] },
      logprobs: null,
      finish_reason: "stop",
    },
  ],
  usage: {
    prompt_tokens: 19,
    completion_tokens: 10,
    total_tokens: 29,
    prompt_tokens_details: { cached_tokens: 0, audio_tokens: 0 },
  },
  service_tier: "default",
  system_fingerprint: "fp_bench",
})
const JSON_ANSWER = Buffer.from(
  `HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nx-request-id: req_bench\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
)
const STREAM_HEAD = Buffer.from(
  "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream; charset=utf-8\r\nCache-Control: no-cache\r\nx-request-id: req_bench\r\nTransfer-Encoding: chunked\r\n\r\n",
)
const framed = (text: string) => `${text.length.toString(16)}\r\n${text}\r\n`
const event = (more: string) =>
  `data: {"id":"chatcmpl-bench00000001","object":"chat.completion.chunk","created":1700000000,"model":"gpt-4o",${more}}\n\n`
const delta = (text: string) => event(`"choices":[{"index":0,"delta":{"content":"${text}"},"finish_reason":null}]`)
const STREAM_END = Buffer.from(
  framed(
    `${event('"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]')}${event('"choices":[],"usage":{"prompt_tokens":19,"completion_tokens":50,"total_tokens":69}')}data: [DONE]\n\n`,
  ) + "0\r\n\r\n",
)

const chunks = new Map<number, Uint8Array>()
/** One SSE event of `size` bytes in its frame. */
function chunkOf(size: number): Uint8Array {
  let chunk = chunks.get(size)
  if (!chunk) chunks.set(size, (chunk = Buffer.from(framed(delta("y".repeat(Math.max(1, size - delta("").length)))))))
  return chunk
}

/** Streams by the millisecond their next chunk is due. */
const due = new Map<number, Stream[]>()
let clockMs = Math.floor(performance.now())
setInterval(() => {
  const now = Math.floor(performance.now())
  for (; clockMs <= now; clockMs++) {
    const streams = due.get(clockMs)
    if (!streams) continue
    due.delete(clockMs)
    for (const stream of streams) if (stream.socket.data.stream === stream) step(stream)
  }
}, 1)

function schedule(stream: Stream) {
  stream.dueMs = Math.max(stream.dueMs + stream.asked.paceMs, clockMs + 1)
  const streams = due.get(stream.dueMs)
  if (streams) streams.push(stream)
  else due.set(stream.dueMs, [stream])
}

/** Sends what is due; where the pace is "as fast as you read", so many chunks that the other streams get their turn too. */
function step(stream: Stream) {
  const { socket, asked } = stream
  for (let turn = asked.paceMs === 0 ? CHUNKS_A_TURN : 1; turn > 0; turn--) {
    if (asked.chunks > 0 && stream.sent >= asked.chunks) {
      socket.data.stream = null
      stats.active--
      stats.finished++
      write(socket, STREAM_END)
      return
    }
    stream.sent++
    if (!write(socket, stream.chunk) && asked.paceMs === 0) return
  }
  schedule(stream)
}

/** False where the socket is full: the rest goes out at `drain`. */
function write(socket: Socket<Peer>, bytes: Uint8Array): boolean {
  const peer = socket.data
  if (peer.backlog) {
    peer.backlog = Buffer.concat([peer.backlog, bytes])
    return false
  }
  const wrote = Math.max(0, socket.write(bytes))
  if (wrote < bytes.length) peer.backlog = bytes.subarray(wrote)
  return wrote === bytes.length
}

function answer(socket: Socket<Peer>) {
  const { asked } = socket.data
  stats.requests++
  if (!asked.stream) {
    write(socket, JSON_ANSWER)
    return
  }
  stats.active++
  stats.mostActive = Math.max(stats.mostActive, stats.active)
  const stream = { socket, asked, sent: 0, dueMs: Math.floor(performance.now()), chunk: chunkOf(asked.size) }
  socket.data.stream = stream
  write(socket, STREAM_HEAD)
  step(stream)
}

function receive(socket: Socket<Peer>, bytes: Buffer) {
  const peer = socket.data
  if (peer.left > bytes.length) {
    peer.left -= bytes.length
    return
  }
  if (peer.left > 0) {
    const rest = bytes.subarray(peer.left)
    peer.left = 0
    answer(socket)
    if (rest.length) receive(socket, rest)
    return
  }
  const all = peer.head ? Buffer.concat([peer.head, bytes]) : bytes
  const end = all.indexOf("\r\n\r\n")
  const head = end < 0 ? "" : all.toString("latin1", 0, end)
  const length = Number(/\r\ncontent-length: *(\d+)/i.exec(head)?.[1] ?? -1)
  if (end >= 0 && length < 0) {
    stats.bad++
    socket.end("HTTP/1.1 411 Length Required\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
    return
  }
  if (end < 0 || all.length < end + 4 + Math.min(length, LOOK_AT)) {
    peer.head = Buffer.from(all)
    return
  }
  peer.head = null
  peer.asked = readAsked(all.toString("latin1", end + 4, end + 4 + LOOK_AT))
  const here = all.length - end - 4
  if (here < length) {
    peer.left = length - here
    return
  }
  answer(socket)
  if (here > length) receive(socket, all.subarray(end + 4 + length))
}

const PLAIN: Asked = { stream: false, chunks: 0, paceMs: 0, size: 0 }
function readAsked(start: string): Asked {
  if (!start.includes('"stream":true')) return PLAIN
  const [, n = 50, d = 10, s = 200] = /n=(\d+) d=(\d+) s=(\d+)/.exec(start) ?? []
  return { stream: true, chunks: Number(n), paceMs: Number(d), size: Number(s) }
}

const server = Bun.listen<Peer>({
  hostname: "127.0.0.1",
  port: 0,
  socket: {
    open(socket) {
      stats.open++
      stats.accepted++
      socket.data = { head: null, left: 0, asked: PLAIN, stream: null, backlog: null }
    },
    data: receive,
    drain(socket) {
      const peer = socket.data
      const backlog = peer.backlog
      if (!backlog) return
      peer.backlog = null
      if (write(socket, backlog) && peer.stream?.asked.paceMs === 0) step(peer.stream)
    },
    close(socket) {
      stats.open--
      if (!socket.data?.stream) return
      socket.data.stream = null
      stats.active--
      stats.aborted++
    },
    error() {
      stats.bad++
    },
  },
})

const say = (message: FromMock) => process.send?.(message)
process.on("message", (message: ToMock) => {
  if (message.do === "reset")
    Object.assign(stats, { requests: 0, mostActive: stats.active, finished: 0, aborted: 0, accepted: 0, bad: 0 })
  say({ is: "stats", stats })
})
process.on("disconnect", () => process.exit(0))
say({ is: "listening", port: server.port })
