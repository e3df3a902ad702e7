/**
 * A closed-loop HTTP load generator on raw sockets, in a process of its own: every connection sends its next request when its answer is
 * whole. Counts, and times the first and last byte. It reads answers with a content-length or chunked ones, and no others.
 */
import type { Socket } from "bun"
import type { FromLoad, Load, LoadResult, ToLoad } from "./messages.ts"

interface Connection {
  /** bytes of the request the socket has taken */
  sent: number
  sentAt: number
  state: "idle" | "head" | "body"
  /** bytes of a head that is not whole yet */
  head: Buffer | null
  /** body bytes still to come; -1: chunked, until the last chunk */
  left: number
  /** body bytes so far */
  got: number
  /** the last bytes of a chunked body, where the end may be split */
  tail: string
  closing: boolean
}

const LAST_CHUNK = "0\r\n\r\n"
let load: Load
let request: Buffer
let sockets: Set<Socket<Connection>>
let result: LoadResult
let started = 0
let startedAt = 0
let endsAt = 0
let finished: (() => void) | null = null

const say = (message: FromLoad) => process.send?.(message)
const over = () => (load.requests !== undefined && started >= load.requests) || performance.now() >= endsAt

function connect(): Promise<Socket<Connection>> {
  const data: Connection = { sent: 0, sentAt: 0, state: "idle", head: null, left: 0, got: 0, tail: "", closing: false }
  return Bun.connect<Connection>({ hostname: "127.0.0.1", port: load.port, data, socket: handlers })
}

function send(socket: Socket<Connection>) {
  const connection = socket.data
  started++
  connection.state = "head"
  connection.got = 0
  connection.tail = ""
  connection.sentAt = performance.now()
  connection.sent = Math.max(0, socket.write(request))
}

function fail(why: string) {
  result.errors++
  result.firstError ??= why
}

function next(socket: Socket<Connection>) {
  socket.data.state = "idle"
  if (over()) settle()
  else send(socket)
}

/** The run is over when nothing is under way and nothing is to be started. */
function settle() {
  if (!finished || !over()) return
  for (const { data } of sockets) if (data.state !== "idle" && !load.stall) return
  finished()
  finished = null
}

function readHead(socket: Socket<Connection>, bytes: Buffer): Buffer | null {
  const connection = socket.data
  const all = connection.head ? Buffer.concat([connection.head, bytes]) : bytes
  const end = all.indexOf("\r\n\r\n")
  if (end < 0) {
    connection.head = Buffer.from(all)
    return null
  }
  connection.head = null
  const head = all.toString("latin1", 0, end)
  if (!head.startsWith("HTTP/1.1 200"))
    fail(head.slice(0, head.indexOf("\r\n")) + all.toString("utf8", end + 4, end + 304))
  connection.left = Number(/\r\ncontent-length: *(\d+)/i.exec(head)?.[1] ?? -1)
  connection.state = "body"
  return all.subarray(end + 4)
}

function receive(socket: Socket<Connection>, bytes: Buffer) {
  const connection = socket.data
  if (connection.state === "idle") return fail("bytes after the answer's end")
  const body = connection.state === "head" ? readHead(socket, bytes) : bytes
  if (!body) return
  if (connection.got === 0 && body.length > 0) result.firstBytes.push(performance.now() - connection.sentAt)
  connection.got += body.length
  if (load.stall) {
    if (connection.got > 0) socket.pause()
    return
  }
  if (load.leaveAfterBytes && connection.got >= load.leaveAfterBytes) {
    result.left++
    leave(socket)
    return
  }
  if (!atEnd(connection, body)) return
  result.done++
  result.latencies.push(performance.now() - connection.sentAt)
  next(socket)
}

function atEnd(connection: Connection, body: Buffer): boolean {
  if (connection.left >= 0) return (connection.left -= body.length) <= 0
  const last = body.toString("latin1", Math.max(0, body.length - LAST_CHUNK.length))
  connection.tail = last.length < LAST_CHUNK.length ? (connection.tail + last).slice(-LAST_CHUNK.length) : last
  return connection.tail === LAST_CHUNK
}

function leave(socket: Socket<Connection>) {
  socket.data.closing = true
  socket.data.state = "idle"
  sockets.delete(socket)
  socket.terminate()
  if (over()) settle()
  else void reconnect()
}

async function reconnect() {
  try {
    const socket = await connect()
    sockets.add(socket)
    if (over()) settle()
    else send(socket)
  } catch (error) {
    fail(String(error))
    settle()
  }
}

const handlers = {
  data: receive,
  drain(socket: Socket<Connection>) {
    const connection = socket.data
    if (connection.sent < request.length)
      connection.sent += Math.max(0, socket.write(request.subarray(connection.sent)))
  },
  close(socket: Socket<Connection>) {
    if (socket.data.closing) return
    sockets.delete(socket)
    if (socket.data.state !== "idle") fail("the connection was closed in the middle of an answer")
    if (finished && !over() && result.errors < 100) void reconnect()
    else settle()
  },
  error(_: Socket<Connection>, error: Error) {
    fail(String(error))
  },
}

async function open(what: Load) {
  load = what
  request = Buffer.from(load.request)
  sockets = new Set()
  started = 0
  result = { done: 0, errors: 0, firstError: null, left: 0, seconds: 0, latencies: [], firstBytes: [] }
  for (let made = 0; made < load.connections; made += 50) {
    const some = Array.from({ length: Math.min(50, load.connections - made) }, connect)
    for (const socket of await Promise.all(some)) sockets.add(socket)
  }
}

/** Runs to the load's end, and at most ten seconds beyond it for the answers under way. */
async function go() {
  startedAt = performance.now()
  endsAt = load.seconds === undefined ? Infinity : startedAt + load.seconds * 1000
  const ended = new Promise<void>((resolve) => (finished = resolve))
  const giveUp = setTimeout(() => finished?.(), ((load.seconds ?? 60) + 10) * 1000)
  let index = 0
  for (const socket of sockets) {
    const wait = ((load.rampMs ?? 0) * index++) / load.connections
    if (wait) setTimeout(() => sockets.has(socket) && !over() && send(socket), wait)
    else if (!over()) send(socket)
  }
  if (load.seconds !== undefined) setTimeout(settle, load.seconds * 1000 + 1)
  await ended
  finished = null
  clearTimeout(giveUp)
  result.seconds = (performance.now() - startedAt) / 1000
  for (const { data } of sockets) if (data.state !== "idle" && !load.stall) fail("an answer did not end")
  result.latencies.sort((a, b) => a - b)
  result.firstBytes.sort((a, b) => a - b)
}

process.on("message", async (message: ToLoad) => {
  if (message.do === "open") {
    await open(message.load)
    say({ is: "opened" })
  } else if (message.do === "go") {
    await go()
    say({ is: "done", result })
  } else {
    for (const socket of sockets) {
      socket.data.closing = true
      socket.terminate()
    }
    sockets.clear()
    say({ is: "closed" })
  }
})
process.on("disconnect", () => process.exit(0))
say({ is: "ready" })
