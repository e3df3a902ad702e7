/**
 * Bun's `fetch` under our interface and with our timeouts, for `https:` origins: HTTP/2 where the origin speaks it, so that many
 * requests share one connection. TLS, its verification and its session reuse are Bun's.
 */
import type { Socket } from "bun"
import {
  type Admit,
  HeaderList,
  isWatched,
  type Take,
  type UpstreamAnswer,
  type UpstreamBody,
  type UpstreamRequest,
} from "./answer.ts"
import { joinPieces } from "../json/pieces.ts"
import { cancelled, collect, takeFrom } from "./body.ts"
import { badHeader, errorCode, failedFetch, timedOut } from "./failure.ts"
import type { Sweep, Swept } from "../event-loop/sweep.ts"

interface Origin {
  host: string
  hostname: string
  port: number
  /** false once the origin turned HTTP/2 down, which it does in the TLS handshake: no request byte is lost or sent twice */
  http2: boolean
  /** when it last answered anything: no need to ask whether it can be reached */
  answeredMs: number
}

export class FetchClient {
  active = 0
  readonly sweep: Sweep
  readonly admit: Admit
  /** whether a quiet origin may be asked for a TCP connection of its own: not where only a proxy leads out */
  readonly mayProbe: boolean
  readonly #origins = new Map<string, Origin>()

  constructor(sweep: Sweep, mayProbe: boolean, admit: Admit) {
    this.sweep = sweep
    this.mayProbe = mayProbe
    this.admit = admit
  }

  send(request: UpstreamRequest): Promise<UpstreamAnswer> {
    return new FetchExchange(this, this.#origin(request.url), request).begin()
  }

  #origin(url: string): Origin {
    const { origin, host, hostname, port } = new URL(url)
    let known = this.#origins.get(origin)
    if (known === undefined) {
      known = {
        host,
        hostname: hostname.replace(/^\[|\]$/g, ""),
        port: Number(port || 443),
        http2: true,
        answeredMs: -Infinity,
      }
      this.#origins.set(origin, known)
    }
    return known
  }
}

/** An origin that answered so recently is taken to be reachable. */
const FRESH_MS = 30_000

class FetchExchange implements UpstreamBody, Swept {
  place: number | undefined = undefined
  readonly #client: FetchClient
  readonly #origin: Origin
  readonly #abort = new AbortController()
  readonly #signal: AbortSignal | null
  readonly #connectTimeoutMs: number
  readonly #firstByteTimeoutMs: number
  readonly #idleTimeoutMs: number
  readonly #totalTimeoutMs: number | null
  readonly #startedMs: number
  /** null once the head came: a large prompt must not live as long as its answer */
  #request: UpstreamRequest | null
  #answered = false
  #over = false
  #failure: unknown = null
  #probed = false
  #response: Response | null = null
  #reader: ReadableStreamDefaultReader<Uint8Array> | null = null
  #waitingSinceMs: number | null = null

  constructor(client: FetchClient, origin: Origin, request: UpstreamRequest) {
    this.#client = client
    this.#origin = origin
    this.#request = request
    this.#signal = isWatched(request.signal) ? request.signal.watch() : request.signal
    this.#connectTimeoutMs = request.connectTimeoutMs
    this.#firstByteTimeoutMs = request.firstByteTimeoutMs
    this.#idleTimeoutMs = request.idleTimeoutMs
    this.#totalTimeoutMs = request.totalTimeoutMs
    this.#startedMs = client.sweep.clock()
  }

  async begin(): Promise<UpstreamAnswer> {
    const { sweep, admit } = this.#client
    this.#client.active++
    sweep.watch(this)
    this.#signal?.addEventListener("abort", this)
    if (this.#signal?.aborted) this.handleEvent()
    try {
      const response = await this.#fetch()
      this.#origin.answeredMs = sweep.clock()
      this.#answered = true
      this.#request = null
      this.#response = response
      const flat: string[] = []
      response.headers.forEach((value, name) => flat.push(name, value))
      if (response.body === null) this.#leave()
      return admit(
        { status: response.status, headers: new HeaderList(flat), body: this, reused: false },
        this.#origin.host,
      )
    } catch (error) {
      this.cancel()
      throw error
    }
  }

  async #fetch(): Promise<Response> {
    for (;;) {
      if (this.#failure !== null) throw this.#failure
      const { http2 } = this.#origin
      try {
        return await fetch(this.#request!.url, this.#init(http2))
      } catch (error) {
        if (this.#failure !== null) throw this.#failure
        if (!http2 || errorCode(error) !== "HTTP2Unsupported") throw failedFetch(this.#origin.host, false, error)
        this.#origin.http2 = false
      }
    }
  }

  #init(http2: boolean): BunFetchRequestInit {
    const { method, body, headers } = this.#request!
    const list = new Headers({ "accept-encoding": "identity" })
    for (const [name, value] of headers) {
      try {
        list.append(name, value)
      } catch {
        throw badHeader(name) // the TypeError quotes the value, which may be a key
      }
    }
    return {
      method,
      headers: list,
      body: body && (joinPieces(body) as Uint8Array<ArrayBuffer>),
      signal: this.#abort.signal,
      redirect: "manual",
      decompress: false,
      timeout: false,
      protocol: http2 ? "http2" : "http1.1",
    }
  }

  async read(): Promise<Uint8Array | null> {
    if (this.#failure !== null) throw this.#failure
    if (this.#over) return null
    this.#reader ??= this.#response!.body!.getReader()
    this.#waitingSinceMs = this.#client.sweep.nowMs
    try {
      for (;;) {
        const { done, value } = await this.#reader.read()
        if (this.#failure !== null) throw this.#failure
        if (done) {
          this.#leave()
          return null
        }
        if (value.length > 0) return value
      }
    } catch (error) {
      this.#failure ??= failedFetch(this.#origin.host, true, error)
      this.#leave()
      throw this.#failure
    } finally {
      this.#waitingSinceMs = null
    }
  }

  next(take: Take): void {
    takeFrom(this, take)
  }

  whole(limitBytes: number): Promise<Uint8Array> {
    return collect(this, limitBytes, this.#origin.host)
  }

  cancel(): void {
    this.#fail(cancelled())
  }

  /** The inbound signal's abort. */
  handleEvent(): void {
    this.#fail(this.#signal!.reason)
  }

  check(nowMs: number): void {
    const { host } = this.#origin
    const passedMs = nowMs - this.#startedMs
    const total = this.#totalTimeoutMs
    const silentMs = this.#waitingSinceMs === null ? 0 : nowMs - this.#waitingSinceMs - this.#client.sweep.everyMs
    if (total !== null && passedMs >= total) this.#fail(timedOut("total", host, total))
    else if (this.#answered) {
      if (silentMs >= this.#idleTimeoutMs) this.#fail(timedOut("idle", host, this.#idleTimeoutMs))
    } else if (passedMs >= this.#firstByteTimeoutMs) this.#fail(timedOut("first_byte", host, this.#firstByteTimeoutMs))
    else if (!this.#probed && passedMs >= this.#connectTimeoutMs / 2) this.#probe(nowMs)
  }

  /**
   * `fetch` does not say whether it is still connecting. Halfway through the connect timeout a silent origin is asked for a TCP connection:
   * one that is not there by the end of the timeout shows that the request's own is not there either.
   */
  #probe(nowMs: number): void {
    this.#probed = true
    const { hostname, port, host, answeredMs } = this.#origin
    if (!this.#client.mayProbe || nowMs - answeredMs < FRESH_MS) return
    const timer = setTimeout(() => {
      if (!this.#answered) this.#fail(timedOut("connect", host, this.#connectTimeoutMs))
    }, this.#connectTimeoutMs / 2)
    timer.unref()
    const settle = () => clearTimeout(timer)
    const open = (socket: Socket) => {
      settle()
      socket.terminate()
    }
    Bun.connect({ hostname, port, socket: { data() {}, open, connectError: settle } }).catch(() => {
      // What refuses the probe refuses `fetch` too, which says so itself.
    })
  }

  #fail(reason: unknown): void {
    if (this.#over) return
    this.#failure = reason ?? cancelled()
    this.#leave()
    // Cancelling the reader closes the stream politely; the abort resets it whatever state it is in. Both reject what is pending.
    this.#reader?.cancel().catch(() => {})
    this.#abort.abort(this.#failure)
  }

  #leave(): void {
    if (this.#over) return
    this.#over = true
    this.#client.active--
    this.#client.sweep.forget(this)
    this.#signal?.removeEventListener("abort", this)
  }
}
