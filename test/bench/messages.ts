/** What the bench says to its two children, the load generator and the fake provider, and what they answer. Types only. */

export interface Load {
  port: number
  /** the whole request, headers and body */
  request: string
  connections: number
  /** stop sending after this long, whichever of the two comes first */
  seconds?: number
  requests?: number
  /** spread the connections' first requests over this long */
  rampMs?: number
  /** leave after so many bytes of the answer's body, and come back on a new connection */
  leaveAfterBytes?: number
  /** read the first bytes of the answer, then nothing more */
  stall?: boolean
}

export interface LoadResult {
  done: number
  /** connections lost, answers that were not 200, answers cut short */
  errors: number
  firstError: string | null
  left: number
  seconds: number
  /** milliseconds to the answer's last byte, sorted */
  latencies: number[]
  /** milliseconds to the first byte of the answer's body, sorted */
  firstBytes: number[]
}

export type ToLoad = { do: "open"; load: Load } | { do: "go" } | { do: "close" }
export type FromLoad = { is: "ready" } | { is: "opened" } | { is: "done"; result: LoadResult } | { is: "closed" }

export interface MockStats {
  open: number
  accepted: number
  requests: number
  /** streams under way, and the most there were at once since the last reset */
  active: number
  mostActive: number
  finished: number
  /** streams whose reader left */
  aborted: number
  /** requests it could not read */
  bad: number
}

export type ToMock = { do: "stats" } | { do: "reset" }
export type FromMock = { is: "listening"; port: number } | { is: "stats"; stats: MockStats }
