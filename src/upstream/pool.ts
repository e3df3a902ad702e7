/** Keep-alive connections to one `http:` origin: opening, writing, pausing, reusing, closing. What the bytes mean is the rider's business. */
import type { Socket } from "bun"
import { writeBatch, type Sender } from "../event-loop/write-batch.ts"
import type { Sweep, Swept } from "../event-loop/sweep.ts"
import { KnownLines } from "../wire/message.ts"

/** Who uses a connection. `lost` and `unreachable` come at most once and end the use. */
export interface Rider {
  opened(): void
  received(packet: Buffer): void
  /** undefined: the peer closed in order */
  lost(error: unknown): void
  unreachable(error: unknown): void
}

/** The connections to one origin. The last one used is the next one used, so that the others can grow old and close. */
export class Pool implements Swept {
  place: number | undefined = undefined
  /** as in the `host` header, for messages too */
  readonly host: string
  readonly idle: Connection[] = []
  /** of its answers' heads */
  readonly lines = new KnownLines()
  /** sockets open now */
  open = 0
  /** exchanges begun and not over */
  active = 0
  readonly #hostname: string
  readonly #port: number
  readonly #sweep: Sweep
  readonly #idleSocketMs: number
  #closed = false

  constructor(host: string, hostname: string, port: number, sweep: Sweep, idleSocketMs: number) {
    this.host = host
    this.#hostname = hostname
    this.#port = port
    this.#sweep = sweep
    this.#idleSocketMs = idleSocketMs
  }

  /** Opens a connection for `user`, which hears of it in `opened` or `unreachable`. */
  connect(user: Rider): Connection {
    const connection = new Connection(this, user)
    Bun.connect({ hostname: this.#hostname, port: this.#port, data: connection, socket: handlers }).catch(
      () => {}, // `connectError` has told the rider
    )
    return connection
  }

  put(connection: Connection): void {
    if (this.#closed) return connection.destroy()
    connection.idleSinceMs = this.#sweep.nowMs
    if (this.idle.push(connection) === 1) this.#sweep.watch(this)
  }

  drop(connection: Connection): void {
    const at = this.idle.indexOf(connection)
    if (at >= 0) this.idle.splice(at, 1)
  }

  check(nowMs: number): void {
    while (this.idle.length > 0 && nowMs - this.idle[0]!.idleSinceMs > this.#idleSocketMs) this.idle.shift()!.destroy()
    if (this.idle.length === 0) this.#sweep.forget(this)
  }

  close(): void {
    this.#closed = true
    while (this.idle.length > 0) this.idle.pop()!.destroy()
    this.#sweep.forget(this)
  }
}

/** One socket. `user` is the exchange it carries, null while it is idle. */
export class Connection implements Sender {
  user: Rider | null
  idleSinceMs = 0
  /** it has carried an exchange before the present one */
  reused = false
  readonly #pool: Pool
  #socket: Socket<Connection> | null = null
  /** what the kernel has not taken yet, in order */
  #unsent: Uint8Array[] = []
  /** a request waits in the batch */
  #isPosted = false
  #destroyed = false
  #paused = false

  constructor(pool: Pool, user: Rider) {
    this.#pool = pool
    this.user = user
  }

  /** not all that was said is with the kernel yet */
  get writing(): boolean {
    return this.#isPosted || this.#unsent.length > 0
  }

  /** A message that is in the batch up to `end`. */
  post(end: number): void {
    this.#isPosted = true
    writeBatch.post(this, end)
  }

  send(bytes: Uint8Array, from: number, to: number): void {
    this.#isPosted = false
    if (this.#destroyed) return
    const taken = Math.max(0, this.#socket!.write(bytes, from, to - from))
    if (taken < to - from) this.#unsent.push(new Uint8Array(bytes.subarray(from + taken, to))) // a Buffer's `slice` is no copy
  }

  /** Bytes that are nobody else's, after all that was said before. */
  write(bytes: Uint8Array): void {
    writeBatch.flush()
    this.#unsent.push(bytes)
    if (this.#unsent.length === 1) this.flush()
  }

  flush(): void {
    while (this.#unsent.length > 0) {
      const next = this.#unsent[0]!
      const taken = Math.max(0, this.#socket!.write(next))
      if (taken < next.length) {
        this.#unsent[0] = next.subarray(taken)
        return
      }
      this.#unsent.shift()
    }
  }

  pause(): void {
    if (this.#paused) return
    this.#paused = true
    this.#socket!.pause()
  }

  resume(): void {
    if (!this.#paused) return
    this.#paused = false
    this.#socket!.resume()
  }

  /** The exchange is over and the peer may be asked again. */
  release(): void {
    this.user = null
    this.reused = true
    this.resume()
    this.#pool.put(this)
  }

  /** At once, without waiting for what is unsent: the provider must hear of it. */
  destroy(): void {
    this.user = null
    this.#destroyed = true
    this.#unsent = []
    this.#socket?.terminate()
  }

  opened(socket: Socket<Connection>): void {
    this.#pool.open++
    this.#socket = socket
    if (this.#destroyed) socket.terminate()
    else this.user?.opened()
  }

  received(packet: Buffer): void {
    const { user } = this
    if (user !== null && !(this.reused && this.#isPosted)) return user.received(packet)
    // Nobody asked: what is said now could be taken for the answer to the next request.
    this.#pool.drop(this)
    this.destroy()
    user?.lost(undefined)
  }

  closed(error: unknown): void {
    this.#pool.open--
    const { user } = this
    this.user = null
    if (user !== null) user.lost(error)
    else if (!this.#destroyed) this.#pool.drop(this)
  }
}

const handlers = {
  open: (socket: Socket<Connection>) => socket.data.opened(socket),
  data: (socket: Socket<Connection>, packet: Buffer) => socket.data.received(packet),
  drain: (socket: Socket<Connection>) => socket.data.flush(),
  close: (socket: Socket<Connection>, error?: Error) => socket.data.closed(error),
  connectError: (socket: Socket<Connection>, error: Error) => socket.data.user?.unreachable(error),
  // A handler of ours threw: a defect, which must not take the process down. The exchange ends, the defect is its cause.
  error: (socket: Socket<Connection>, error: Error) => {
    const { user } = socket.data
    socket.data.destroy()
    user?.lost(error)
  },
}
