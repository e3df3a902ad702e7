/**
 * An HTTP/1.1 client for plain `http:` origins on `Bun.connect`. It exists because `fetch` keeps 64 idle sockets at most, queues
 * past 256 requests and costs twice the CPU. It follows no redirects, decodes nothing and adds no header but framing.
 */
import {
  type Admit,
  isWatched,
  type Take,
  type UpstreamAnswer,
  type UpstreamBody,
  type UpstreamRequest,
  type Watched,
} from "./answer.ts"
import { bytesIn, joinShort } from "../json/pieces.ts"
import { cancelled, collect, readFrom } from "./body.ts"
import { badAnswer, badHeader, failedToConnect, lostConnection, timedOut, tooLarge } from "./failure.ts"
import { MOST_BYTES, writeBatch } from "../event-loop/write-batch.ts"
import { AnswerParser } from "./parser.ts"
import { type Connection, Pool, type Rider } from "./pool.ts"
import type { Sweep, Swept } from "../event-loop/sweep.ts"

/** Where an URL leads, split once: the same few are asked for again and again. */
interface Place {
  pool: Pool
  /** path and query */
  path: string
}

const MAX_PLACES = 2000

export class Http1Client {
  readonly #sweep: Sweep
  readonly #idleSocketMs: number
  readonly #admit: Admit
  readonly #pools = new Map<string, Pool>()
  readonly #places = new Map<string, Place>()

  constructor(sweep: Sweep, idleSocketMs: number, admit: Admit) {
    this.#sweep = sweep
    this.#idleSocketMs = idleSocketMs
    this.#admit = admit
  }

  send(request: UpstreamRequest): Promise<UpstreamAnswer> {
    return new Promise((resolve, reject) => {
      new Exchange(request, this.#place(request.url), this.#sweep, this.#admit, { resolve, reject }).begin()
    })
  }

  #place(url: string): Place {
    const known = this.#places.get(url)
    if (known !== undefined) return known
    const { host, hostname, port, pathname, search } = new URL(url)
    let pool = this.#pools.get(host)
    if (pool === undefined) {
      pool = new Pool(host, hostname.replace(/^\[|\]$/g, ""), Number(port || 80), this.#sweep, this.#idleSocketMs)
      this.#pools.set(host, pool)
    }
    const place = { pool, path: pathname + search }
    if (this.#places.size >= MAX_PLACES) this.#places.clear()
    this.#places.set(url, place)
    return place
  }

  stats(): { open: number; idle: number; active: number } {
    const sum = { open: 0, idle: 0, active: 0 }
    for (const pool of this.#pools.values()) {
      sum.open += pool.open
      sum.idle += pool.idle.length
      sum.active += pool.active
    }
    return sum
  }

  /** Closes the idle connections; those in use close after their answer. */
  close(): void {
    for (const pool of this.#pools.values()) pool.close()
  }
}

/** Unread bytes of one answer at which its socket is paused until they are read. A single packet may be as large as 512 KiB. */
const PAUSE_AT_BYTES = 128 * 1024
/** Of a larger packet no more is handed on at once: it lies in memory again until the client has taken it. */
const MOST_HANDED_BYTES = 64 * 1024
const EMPTY_LINE = Buffer.from("\n\n")

const NOTHING = new Uint8Array(0)

interface Answer {
  resolve(answer: UpstreamAnswer): void
  reject(reason: unknown): void
}

/** One request and its answer. */
class Exchange implements UpstreamBody, Rider, Swept {
  place: number | undefined = undefined
  /** null once the head of the answer came: a prompt of megabytes must not live as long as a slow stream */
  #request: UpstreamRequest | null
  readonly #place: Place
  readonly #sweep: Sweep
  readonly #admit: Admit
  readonly #parser: AnswerParser
  #signal: AbortSignal | null
  #watched: Watched | null
  readonly #connectTimeoutMs: number
  readonly #firstByteTimeoutMs: number
  readonly #idleTimeoutMs: number
  readonly #totalTimeoutMs: number | null
  readonly #startedMs: number
  #isConnected = false
  /** null once it was told: the answer's headers must not live as long as a slow stream */
  #answer: Answer | null
  /** null before it is known, and once the exchange is over */
  #connection: Connection | null = null
  #reused = false
  #over = false
  #failure: unknown = null
  #queue: Uint8Array[] = []
  #queuedBytes = 0
  /** of a large packet, whose last part was handed on */
  #handed: ArrayBuffer | null = null
  #take: Take | null = null
  #waitingSinceMs = 0

  constructor(request: UpstreamRequest, place: Place, sweep: Sweep, admit: Admit, answer: Answer) {
    this.#request = request
    this.#place = place
    this.#sweep = sweep
    this.#admit = admit
    this.#parser = new AnswerParser(request.method === "HEAD", place.pool.lines)
    const { signal } = request
    this.#signal = isWatched(signal) ? null : signal
    this.#watched = isWatched(signal) ? signal : null
    this.#connectTimeoutMs = request.connectTimeoutMs
    this.#firstByteTimeoutMs = request.firstByteTimeoutMs
    this.#idleTimeoutMs = request.idleTimeoutMs
    this.#totalTimeoutMs = request.totalTimeoutMs
    this.#startedMs = sweep.clock()
    this.#answer = answer
  }

  begin(): void {
    const { pool } = this.#place
    pool.active++
    if (!this.#listen()) return
    this.#sweep.watch(this)
    const idle = pool.idle.pop()
    if (idle === undefined) {
      this.#connection = pool.connect(this)
      return
    }
    idle.user = this
    this.#connection = idle
    this.#reused = true
    this.#isConnected = true
    this.#write()
  }

  /** Whether there is still somebody to answer. */
  #listen(): boolean {
    if (this.#signal?.aborted) this.#fail(this.#signal.reason)
    else this.#signal?.addEventListener("abort", this)
    return !this.#over
  }

  #write(): void {
    try {
      writeRequest(this.#connection!, this.#request!, this.#place)
    } catch (error) {
      this.#fail(error)
    }
  }

  opened(): void {
    this.#isConnected = true
    this.#write()
  }

  unreachable(error: unknown): void {
    this.#fail(failedToConnect(this.#place.pool.host, error))
  }

  received(packet: Buffer): void {
    const parser = this.#parser
    let bytes: Uint8Array
    try {
      bytes = parser.push(packet)
    } catch (error) {
      return this.#fail(badAnswer(this.#place.pool.host, error))
    }
    if (bytes.length > 0) this.#deliver(bytes)
    if (this.#over) return // whoever took them gave the rest up
    const answer = parser.headRead ? this.#answer : null
    if (answer !== null) {
      this.#answer = null
      this.#request = null
    }
    if (parser.done) this.#end(true)
    if (answer !== null) this.#hand(answer)
  }

  #hand(answer: Answer): void {
    const { status } = this.#parser
    const headers = this.#parser.headers!
    this.#parser.headers = null
    try {
      answer.resolve(this.#admit({ status, headers, body: this, reused: this.#reused }, this.#place.pool.host))
    } catch (refusal) {
      this.cancel()
      answer.reject(refusal)
    }
  }

  #deliver(bytes: Uint8Array): void {
    const take = this.#take
    this.#take = null
    if (take !== null && bytes.length <= MOST_HANDED_BYTES) return take(bytes)
    this.#queue.push(bytes)
    this.#queuedBytes += bytes.length
    if (this.#queuedBytes >= PAUSE_AT_BYTES) this.#connection?.pause()
    take?.(this.#dequeue())
  }

  lost(error: unknown): void {
    // The provider closed an idle connection while our request was on its way: it has not seen it, as curl too assumes.
    if (this.#reused && !this.#parser.started) {
      this.#reused = false
      this.#isConnected = false
      this.#connection = this.#place.pool.connect(this)
      return
    }
    this.#connection = null
    if (error === undefined && this.#parser.finish()) return this.#end(false)
    this.#fail(lostConnection(this.#place.pool.host, this.#answer === null, error))
  }

  /** The answer is complete. */
  #end(reusable: boolean): void {
    const connection = this.#connection
    this.#leave()
    if (connection !== null) {
      if (reusable && this.#parser.keepAlive && !this.#parser.excess && !connection.writing) connection.release()
      else connection.destroy()
    }
    const take = this.#take
    this.#take = null
    take?.(null)
  }

  #fail(reason: unknown): void {
    if (this.#over) return
    const connection = this.#connection
    this.#leave()
    this.#failure = reason ?? cancelled()
    connection?.destroy()
    this.#answer?.reject(this.#failure)
    this.#answer = null
    const take = this.#take
    this.#take = null
    take?.(null, this.#failure)
  }

  #leave(): void {
    this.#over = true
    this.#connection = null
    this.#request = null
    this.#watched = null
    this.#place.pool.active--
    this.#sweep.forget(this)
    this.#signal?.removeEventListener("abort", this)
  }

  /** The signal's abort. What came is of no use to a client that left. */
  handleEvent(): void {
    this.#fail(this.#signal!.reason)
    this.#forgetQueue()
  }

  cancel(): void {
    this.#fail(cancelled())
    this.#forgetQueue()
  }

  #forgetQueue(): void {
    this.#queue = []
    this.#queuedBytes = 0
  }

  check(nowMs: number): void {
    if (this.#watched !== null) {
      this.#signal = this.#watched.watch()
      this.#watched = null
      if (!this.#listen()) return
    }
    const { host } = this.#place.pool
    const passedMs = nowMs - this.#startedMs
    const total = this.#totalTimeoutMs
    // Times taken from the sweep are as old as its period at most: add it, or a short limit fires early.
    const silentMs = this.#take === null ? 0 : nowMs - this.#waitingSinceMs - this.#sweep.everyMs
    if (total !== null && passedMs >= total) this.#fail(timedOut("total", host, total))
    else if (this.#answer === null) {
      if (silentMs >= this.#idleTimeoutMs) this.#fail(timedOut("idle", host, this.#idleTimeoutMs))
    } else if (!this.#isConnected && passedMs >= this.#connectTimeoutMs) {
      this.#fail(timedOut("connect", host, this.#connectTimeoutMs))
    } else if (passedMs >= this.#firstByteTimeoutMs) this.#fail(timedOut("first_byte", host, this.#firstByteTimeoutMs))
  }

  next(take: Take, isSpent = false): void {
    if (isSpent) this.#handed?.transfer(0) // the collector comes by when there are many, and a busy provider fills megabytes a turn
    this.#handed = null
    if (this.#queue.length > 0) return take(this.#dequeue())
    if (this.#failure !== null) return take(null, this.#failure)
    if (this.#over) return take(null)
    this.#waitingSinceMs = this.#sweep.nowMs
    this.#take = take
  }

  /** All of it at once: the reader is behind, and pays for every piece. A large packet goes in parts, cut between events where it holds some. */
  #dequeue(): Uint8Array {
    const first = this.#queue[0]!
    if (first.length > MOST_HANDED_BYTES) {
      const at = Buffer.prototype.lastIndexOf.call(first, EMPTY_LINE, MOST_HANDED_BYTES - EMPTY_LINE.length)
      const end = at < 0 ? MOST_HANDED_BYTES : at + EMPTY_LINE.length
      this.#queue[0] = first.subarray(end)
      this.#queuedBytes -= end
      return first.subarray(0, end)
    }
    const isOne = this.#queue.length === 1
    if (isOne && first.buffer.byteLength > MOST_HANDED_BYTES) this.#handed = first.buffer as ArrayBuffer
    const all = isOne ? first : Buffer.concat(this.#queue, this.#queuedBytes)
    this.#forgetQueue()
    this.#connection?.resume()
    return all
  }

  read(): Promise<Uint8Array | null> {
    return readFrom(this)
  }

  whole(limitBytes: number): Uint8Array | Promise<Uint8Array> {
    const { host } = this.#place.pool
    if (!this.#over || this.#failure !== null || this.#queue.length > 1) return collect(this, limitBytes, host)
    const all = this.#queue.pop() ?? NOTHING
    return all.length > limitBytes ? Promise.reject(tooLarge(host, limitBytes)) : all
  }
}

const FORBIDDEN = /[^\t\x20-\x7e\x80-\xff]/
const FORBIDDEN_IN_NAME = /[^!#$%&'*+\-.^_`|~0-9A-Za-z]/

type Headers = UpstreamRequest["headers"]
/** A list that is sent again, to the same place, is not written again. */
const written = new WeakMap<Headers, { method: string; place: Place; head: string }>()

/** The head without its length and end. */
function headOf({ method, headers }: UpstreamRequest, place: Place): string {
  const known = written.get(headers)
  if (known?.method === method && known.place === place) return known.head
  let head = `${method} ${place.path} HTTP/1.1\r\nhost: ${place.pool.host}\r\naccept-encoding: identity\r\n`
  for (const [name, value] of headers) {
    if (FORBIDDEN.test(value) || FORBIDDEN_IN_NAME.test(name)) throw badHeader(name)
    head += `${name}: ${value}\r\n`
  }
  written.set(headers, { method, place, head })
  return head
}

function writeRequest(connection: Connection, request: UpstreamRequest, place: Place): void {
  const { body, method } = request
  const bodyBytes = body === null ? 0 : bytesIn(body)
  const hasLength = body !== null || method === "POST" || method === "PUT" || method === "PATCH"
  const head = headOf(request, place)
  const end = hasLength ? `content-length: ${bodyBytes}\r\n\r\n` : "\r\n"
  const most = head.length + end.length + bodyBytes
  if (most > MOST_BYTES) {
    for (const bytes of joinShort([Buffer.from(head + end, "latin1"), ...(body ?? [])])) connection.write(bytes)
    return
  }
  let at = writeBatch.room(most)
  // not as one text: to make one costs more than to write twice
  at += writeBatch.bytes.write(head, at, "latin1")
  at += writeBatch.bytes.write(end, at, "latin1")
  for (const piece of body ?? []) {
    if (typeof piece === "string") at += writeBatch.bytes.write(piece, at)
    else {
      writeBatch.bytes.set(piece, at)
      at += piece.length
    }
  }
  connection.post(at)
}
