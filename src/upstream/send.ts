/** One HTTP exchange with a provider: the right client for the URL, redirects refused, encodings undone. What to send is decided elsewhere. */
import type { UpstreamAnswer, UpstreamRequest } from "./answer.ts"
import { decoded } from "./decode.ts"
import { refusedRedirect } from "./failure.ts"
import { FetchClient } from "./fetch.ts"
import { Http1Client } from "./http1.ts"
import { Sweep } from "../event-loop/sweep.ts"

export interface UpstreamOptions {
  /** milliseconds that only grow; default: `performance.now` */
  clock?: () => number
  /** how often deadlines are looked at, and so how late they may fire; default 250 */
  sweepMs?: number
  /** how long an unused connection stays open; default 50 000: below the 60 s after which common servers close theirs */
  idleSocketMs?: number
  /** false where `fetch` goes through a proxy (HTTPS_PROXY): then silent https origins are not asked for a TCP connection; default true */
  direct?: boolean
}

export interface Upstream {
  /** Resolves once the head of the answer is read. Rejects with a Refusal (origin upstream), or with the signal's reason after its abort. */
  send(request: UpstreamRequest): Promise<UpstreamAnswer>
  /** `open` and `idle` are plain http connections; `active` counts every exchange that is not over */
  stats(): { open: number; idle: number; active: number }
  /** Closes idle connections and lets the others finish. */
  close(): void
}

export function createUpstream(options: UpstreamOptions = {}): Upstream {
  const sweep = new Sweep(options.sweepMs ?? 250, options.clock ?? (() => performance.now()))
  const http1 = new Http1Client(sweep, options.idleSocketMs ?? 50_000, admit)
  const fetched = new FetchClient(sweep, options.direct ?? true, admit)
  return {
    send: (request) => (request.url.startsWith("http:") ? http1 : fetched).send(request),
    stats: () => {
      const { open, idle, active } = http1.stats()
      return { open, idle, active: active + fetched.active }
    },
    close: () => http1.close(),
  }
}

/** A redirect is a provider's error: followed, it would take the key to another host. */
function admit(answer: UpstreamAnswer, host: string): UpstreamAnswer {
  if (answer.status >= 300 && answer.status < 400) throw refusedRedirect(host, answer.status)
  return decoded(answer, host)
}
