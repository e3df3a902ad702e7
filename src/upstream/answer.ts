/** What is asked of a provider and what comes back: the shapes both HTTP clients share. No network here. */
import type { Pieces } from "../json/pieces.ts"

export interface Watched {
  watch(): AbortSignal
}

export interface UpstreamRequest {
  method: string
  /** absolute, `http:` or `https:` */
  url: string
  /** written as they are; `host`, `content-length`, `connection` and `accept-encoding` are the client's own and must not be among them */
  headers: readonly (readonly [string, string])[]
  body: Pieces | null
  /**
   * the inbound request's; its abort closes the upstream connection at once, before the answer's head too. Who can be watched is asked for it when the
   * answer takes longer than the sweep's period: most answers are over before, and watching each for an abort costs more than it saves.
   */
  signal: AbortSignal | Watched | null
  connectTimeoutMs: number
  /** from the start until the answer's head */
  firstByteTimeoutMs: number
  /** of silence while a read waits; a slow reader of ours does not count against the provider */
  idleTimeoutMs: number
  /** from the start until the answer's last byte; null: no such limit */
  totalTimeoutMs: number | null
}

export const isWatched = (signal: UpstreamRequest["signal"]): signal is Watched => signal !== null && "watch" in signal

/** What a body gives next: bytes as they came (never empty), null at the clean end, or what it failed with, which is never undefined. */
export type Take = (bytes: Uint8Array | null, failure?: unknown) => void

export interface UpstreamBody {
  /**
   * The next bytes as they came (never empty), null at the clean end. One read at a time.
   * Rejects with a Refusal (origin upstream) when the answer was cut or timed out, and with the signal's reason after an abort.
   */
  read(): Promise<Uint8Array | null>
  /**
   * The same without a promise: `take` is called once, before `next` returns where there is something to take already.
   * `isSpent`: the bytes it gave before are in use nowhere any more, and their memory may go at once.
   */
  next(take: Take, isSpent?: boolean): void
  /** All that is left, at once where it has come. More than `limitBytes` rejects with a Refusal (`answer_too_large`) and closes the connection. */
  whole(limitBytes: number): Uint8Array | Promise<Uint8Array>
  /** Gives the rest up and closes the connection; harmless after the end. */
  cancel(): void
}

export interface UpstreamAnswer {
  status: number
  headers: HeaderList
  body: UpstreamBody
  /** an idle connection carried it */
  reused: boolean
}

/** Looks at each answer before the caller does, may replace or refuse (throw) it. */
export type Admit = (answer: UpstreamAnswer, host: string) => UpstreamAnswer

/** Header fields in the order they came, names in lower case. Reading one costs less than building a `Headers` of them all. */
export class HeaderList {
  /** name, value, name, value … */
  readonly flat: readonly string[]
  constructor(flat: readonly string[]) {
    this.flat = flat
  }

  /** The value of `name` (lower case); repeated fields are joined with a comma, as `Headers` does. */
  get(name: string): string | null {
    const { flat } = this
    let found: string | null = null
    for (let i = 0; i < flat.length; i += 2) {
      if (flat[i] === name) found = found === null ? flat[i + 1]! : `${found}, ${flat[i + 1]}`
    }
    return found
  }

  without(...names: string[]): HeaderList {
    const kept: string[] = []
    for (const [name, value] of this) if (!names.includes(name)) kept.push(name, value)
    return new HeaderList(kept)
  }

  *[Symbol.iterator](): Generator<[name: string, value: string]> {
    for (let i = 0; i < this.flat.length; i += 2) yield [this.flat[i]!, this.flat[i + 1]!]
  }
}
