/** One client's connection: requests read one after the other, each answered before the next is looked at. HTTP/1.1, RFC 9112. */
import type { Socket } from "bun"
import { MOST_BYTES, writeBatch, type Sender } from "../event-loop/write-batch.ts"
import type { Swept } from "../event-loop/sweep.ts"
import { MOST_SIZE_BYTES, writeSize } from "../wire/chunks.ts"
import { Malformed } from "../wire/message.ts"
import { type Answer, type Flow, isFlow, type Sink } from "./answer.ts"
import { type Carrier, Inbound } from "./inbound.ts"
import { HeadTooLong, RequestParser } from "./request-parser.ts"

export interface Host {
  /** never throws, never rejects */
  answer(inbound: Inbound): Answer | Promise<Answer>
  /** an answer's first lines: its status and the date */
  start(status: number): string
  /** monotonic milliseconds */
  now(): number
  /** no further request is taken */
  readonly isStopping: boolean
  closed(connection: Connection): void
}

/** Bytes of a body that nobody has asked for yet, or of requests sent ahead, at which the socket is paused. */
const MOST_UNASKED = 256 * 1024
/** A head that is not whole; without a byte: a body that does not arrive, a client that does not read what is short, or does not come back. */
const SLOW_MS = 30_000
const IDLE_MS = 75_000
/** What a client still sends after a refusal is read until it pauses for so long, and no longer than `SLOW_MS`: a reset would take the answer away from it. */
const LINGER_MS = 2_000

const LAST_CHUNK = "0\r\n\r\n"

export class Connection implements Carrier, Sender, Sink, Swept {
  place: number | undefined = undefined
  readonly #host: Host
  readonly #socket: Socket<Connection>
  readonly #parser = new RequestParser()
  /** the request being received or answered */
  #inbound: Inbound | null = null
  /** what came behind it */
  #ahead: Buffer | null = null
  #flow: Flow | null = null
  /** the answer's head, until its first bytes go */
  #head = ""
  #isChunked = false
  /** what the kernel has not taken yet, in order */
  #unsent: Uint8Array[] = []
  /** all of the answer was handed over */
  #isAnswered = false
  #keepAlive = true
  #isPaused = false
  /** closed, or about to be: what still comes is not looked at */
  #isOver = false
  #activeAt: number
  #lingersUntil = 0

  constructor(socket: Socket<Connection>, host: Host) {
    this.#socket = socket
    this.#host = host
    this.#activeAt = host.now()
  }

  get remoteAddress(): string {
    return (this.#socket.remoteAddress as string | undefined) ?? ""
  }

  received(packet: Buffer): void {
    // A head's time runs from its first byte.
    if (!this.#parser.isAmidHead) this.#activeAt = this.#host.now()
    if (this.#isOver) return
    if (this.#inbound === null) this.#begin(packet)
    else if (!this.#inbound.isWhole) this.#more(packet, 0)
    else this.#keepAhead(packet)
  }

  #begin(packet: Buffer): void {
    try {
      if (!this.#parser.readHead(packet)) return
    } catch (error) {
      return this.#reject(error)
    }
    const { head, length, rest, end } = this.#parser
    this.#parser.rest = null
    const inbound = (this.#inbound = new Inbound(head, length, this))
    this.#more(rest!, end)
    if (this.#isOver) return
    const answer = this.#host.answer(inbound)
    if (answer instanceof Promise) void answer.then((answer) => this.#answer(inbound, answer))
    else this.#answer(inbound, answer)
  }

  #more(packet: Buffer, from: number): void {
    const inbound = this.#inbound!
    try {
      const bytes = this.#parser.readBody(packet, from)
      inbound.add(bytes, this.#parser.bodyFrom, this.#parser.bodyTo, this.#parser.isWhole)
    } catch (error) {
      inbound.leave()
      return this.#reject(error)
    }
    if (this.#parser.end < packet.length) this.#keepAhead(packet.subarray(this.#parser.end))
    else if (!inbound.isWhole && !inbound.isRead && inbound.received > MOST_UNASKED) this.#pause()
  }

  #keepAhead(packet: Buffer): void {
    this.#ahead = this.#ahead === null ? packet : Buffer.concat([this.#ahead, packet])
    if (this.#ahead.length > MOST_UNASKED) this.#pause()
  }

  wantBody(): void {
    if (this.#inbound?.head.waits && this.#inbound.received === 0) this.#sendWhole(CONTINUE, null)
    this.#resume()
  }

  /** Not HTTP: nothing behind it can be trusted. */
  #reject(error: unknown): void {
    if (!(error instanceof Malformed)) throw error
    const status = error instanceof HeadTooLong ? 431 : 400
    const text = `The request is not valid HTTP/1.1: ${error.message}.\n`
    const head = `content-type: text/plain\r\ncontent-length: ${text.length}\r\nconnection: close\r\n\r\n`
    if (this.#head === "" && this.#flow === null && !this.#isAnswered)
      this.#sendWhole(this.#host.start(status) + head + text, null)
    this.#flow?.cancel()
    this.#flow = null
    this.#inbound = null
    this.#end()
  }

  #answer(inbound: Inbound, { status, shared = "", head, body }: Answer): void {
    if (this.#inbound !== inbound) {
      if (isFlow(body)) body.cancel()
      return
    }
    const { method, isHttp11, keepAlive } = inbound.head
    // The rest of a body that was refused is not waited for.
    this.#keepAlive = keepAlive && inbound.isWhole && !this.#host.isStopping
    const start = this.#host.start(status)
    const rest = this.#keepAlive ? head : `${head}connection: close\r\n`
    const isBodiless = method === "HEAD" || status === 204 || status === 304
    if (isFlow(body)) {
      if (isBodiless) {
        body.cancel()
        this.#sendWhole(`${rest}\r\n`, null, start, shared)
        return this.#finish()
      }
      this.#isChunked = isHttp11
      this.#head = `${start}${shared}${rest}${isHttp11 ? "transfer-encoding: chunked\r\n" : ""}\r\n`
      this.#flow = body
      body.start(this)
      body.pull()
      // Nothing came at once: the head does not wait for it.
      if (this.#head !== "") this.#sendWhole("", null)
      return
    }
    const length = body === null ? 0 : typeof body === "string" ? Buffer.byteLength(body) : body.length
    // To HEAD, a length that GET's answer would not have is worse than none.
    const hasLength = status !== 204 && status !== 304 && !(method === "HEAD" && body === null)
    const end = hasLength ? `content-length: ${length}\r\n\r\n` : "\r\n"
    this.#sendWhole(rest + end, isBodiless ? null : body, start, shared)
    this.#finish()
  }

  enqueue(bytes: Uint8Array): void {
    if (this.#flow === null || bytes.length === 0) return
    if (!this.#isChunked) this.#sendWhole("", bytes)
    else {
      const most = this.#head.length + bytes.length + MOST_SIZE_BYTES + 2
      if (most > MOST_BYTES) {
        this.#sendWhole(`${bytes.length.toString(16)}\r\n`, null)
        this.#sendWhole("", bytes)
        this.#sendWhole("\r\n", null)
      } else {
        let at = writeBatch.room(most)
        if (this.#head !== "") at += writeBatch.bytes.write(this.#head, at, "latin1")
        this.#head = ""
        at = writeSize(writeBatch.bytes, at, bytes.length)
        writeBatch.bytes.set(bytes, at)
        at += bytes.length
        writeBatch.bytes[at] = 13
        writeBatch.bytes[at + 1] = 10
        writeBatch.post(this, at + 2)
      }
    }
    if (this.#unsent.length === 0) this.#flow?.pull()
  }

  close(): void {
    if (this.#flow === null) return
    this.#flow = null
    this.#sendWhole(this.#isChunked ? LAST_CHUNK : "", null)
    if (!this.#isChunked) this.#keepAlive = false
    this.#finish()
  }

  error(): void {
    if (this.#flow === null) return
    this.#flow = null
    this.#keepAlive = false
    if (this.#head !== "") this.#sendWhole("", null)
    this.#finish()
  }

  /** The head that still waits or `start` and `shared`, this text, all of latin-1, and the body, with as few writes as can be. */
  #sendWhole(text: string, body: Uint8Array | string | null, start = this.#head, shared = ""): void {
    this.#head = ""
    const before = start.length + shared.length + text.length
    const most = body === null ? 0 : typeof body === "string" ? body.length * 3 : body.length
    if (before + most <= MOST_BYTES) {
      let at = writeBatch.room(before + most)
      if (start !== "") at += writeBatch.bytes.write(start, at, "latin1")
      if (shared !== "") at += writeBatch.bytes.write(shared, at, "latin1")
      if (text !== "") at += writeBatch.bytes.write(text, at, "latin1")
      if (typeof body === "string") at += writeBatch.bytes.write(body, at, "utf8")
      else if (body !== null) {
        writeBatch.bytes.set(body, at)
        at += body.length
      }
      return writeBatch.post(this, at)
    }
    writeBatch.flush()
    if (before > 0) this.#write(Buffer.from(start + shared + text, "latin1"))
    if (body !== null) this.#write(typeof body === "string" ? Buffer.from(body) : body)
  }

  send(bytes: Uint8Array, from: number, to: number): void {
    const taken = this.#take(bytes, from, to)
    if (taken < to - from) this.#unsent.push(new Uint8Array(bytes.subarray(from + taken, to)))
  }

  /** Bytes that are nobody else's. */
  #write(bytes: Uint8Array): void {
    const taken = this.#take(bytes, 0, bytes.length)
    if (taken < bytes.length) this.#unsent.push(bytes.subarray(taken))
  }

  /** How much the kernel takes; of a closed connection's all is gone. */
  #take(bytes: Uint8Array, from: number, to: number): number {
    if (this.#isOver) return to - from
    return this.#unsent.length > 0 ? 0 : Math.max(0, this.#socket.write(bytes, from, to - from))
  }

  drained(): void {
    while (this.#unsent.length > 0) {
      const next = this.#unsent[0]!
      const taken = Math.max(0, this.#socket.write(next))
      if (taken > 0) this.#activeAt = this.#host.now()
      if (taken < next.length) {
        this.#unsent[0] = next.subarray(taken)
        return
      }
      this.#unsent.shift()
    }
    if (this.#isAnswered) this.#next()
    else if (this.#flow !== null) this.#flow.pull()
    else if (this.#host.isStopping) this.retire()
  }

  #finish(): void {
    this.#isAnswered = true
    if (this.#isLast) writeBatch.flush()
    if (this.#unsent.length === 0) this.#next()
  }

  /** The connection is closed behind this answer. */
  get #isLast(): boolean {
    return !this.#keepAlive || this.#host.isStopping
  }

  #next(): void {
    const inbound = this.#inbound!
    this.#inbound = null
    this.#isAnswered = false
    if (this.#isLast) return this.#end(!inbound.isWhole)
    const ahead = this.#ahead
    if (ahead === null) return
    this.#ahead = null
    this.#resume()
    queueMicrotask(() => {
      if (!this.#isOver) this.#begin(ahead)
    })
  }

  #end(lingers = true): void {
    writeBatch.flush()
    this.#isOver = true
    this.#ahead = null
    this.#resume()
    this.#activeAt = this.#host.now()
    this.#lingersUntil = this.#activeAt + SLOW_MS
    if (lingers) this.#socket.shutdown()
    else this.#socket.end()
  }

  /** The client ended its side. Who still waits for an answer does not do that. */
  ended(): void {
    if (this.#inbound === null && !this.#isOver) this.#end(false)
    else this.terminate()
  }

  /** At once, without waiting for what is unsent. */
  terminate(): void {
    this.#socket.terminate()
  }

  closed(): void {
    this.#isOver = true
    this.#unsent = []
    const inbound = this.#inbound
    const flow = this.#flow
    this.#inbound = null
    this.#flow = null
    this.#host.closed(this)
    inbound?.leave()
    flow?.cancel()
  }

  /** The server stops: what is under way may end, and no further request is taken. */
  retire(): void {
    writeBatch.flush()
    if (this.#inbound === null && this.#unsent.length === 0 && !this.#isOver) this.#end(false)
  }

  /** Called now and then: gives up on clients that are too slow. */
  check(nowMs: number): void {
    const quietMs = nowMs - this.#activeAt
    if (this.#isOver) {
      if (quietMs > LINGER_MS || nowMs > this.#lingersUntil) this.terminate()
    } else if (this.#inbound === null) {
      if (quietMs > (this.#parser.isAmidHead ? SLOW_MS : IDLE_MS)) this.#end(false)
    } else if (quietMs > SLOW_MS && !this.#inbound.isLifted && (!this.#inbound.isWhole || this.#unsent.length > 0)) {
      if (!this.#inbound.stall()) this.terminate()
    }
  }

  #pause(): void {
    if (this.#isPaused) return
    this.#isPaused = true
    this.#socket.pause()
  }

  #resume(): void {
    if (!this.#isPaused) return
    this.#isPaused = false
    this.#socket.resume()
  }
}

const CONTINUE = "HTTP/1.1 100 Continue\r\n\r\n"
