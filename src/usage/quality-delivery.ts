/** What a row alone says of its answer: whether it was delivered, how fast, and why not. The answer's content is `quality-answer.ts`'s. */
import type { LedgerRow, Metered } from "../exchange.ts"
import type { Counter, Counts } from "../store/counters.ts"

export interface Delivery {
  /** settled */
  row: LedgerRow
  metered: Metered | null
  /** milliseconds from the request's arrival to its way to the provider; null: it never went */
  sentAfterMs: number | null
  /** gaps of more than ten seconds between two pieces of the provider's answer */
  stalls: number
}

/** Fewer tokens say more about the network's packets than about the model's speed. */
const LEAST_TOKENS = 20

export function countDelivery({ row, metered, sentAfterMs, stalls }: Delivery): Counts {
  const { outcome, status, output_tokens } = row
  if (sentAfterMs === null) return outcome === "rejected" && status >= 500 ? PROXY_FAILED : NOTHING
  const counts: Counts = { asked: 1 }
  if (row.retries > 0) counts.retries = row.retries
  if (row.fallbacks > 0) counts.fallbacks = row.fallbacks
  const isBegun = status >= 200 && status < 300
  if (isBegun) counts.begun = 1
  if (outcome === "client-left") {
    counts.left = 1
    counts.left_tokens = output_tokens ?? 0
    return counts
  }
  counts.tried = 1
  const isComplete = isBegun && outcome === "done" && (metered?.terminal ?? true)
  if (isComplete) {
    counts.succeeded = counts.complete = 1
    counts.complete_tokens = output_tokens ?? 0
  } else counts[`error_${errorKind(row.error_type, status)}`] = 1
  if (row.stream && isBegun) countSpeed(counts, row, sentAfterMs, stalls, isComplete)
  return counts
}

const NOTHING: Counts = Object.freeze({})
const PROXY_FAILED: Counts = Object.freeze({ asked: 1, tried: 1, error_proxy: 1 })

function countSpeed(counts: Counts, row: LedgerRow, sentAfterMs: number, stalls: number, isComplete: boolean): void {
  const { ttft_ms, duration_ms, output_tokens } = row
  counts.streamed = 1
  if (stalls > 0) counts.stalled = 1
  if (ttft_ms === null) return
  counts.first_content_ms = Math.max(1, Math.round(ttft_ms - sentAfterMs))
  if (isComplete && !row.estimated && output_tokens !== null && output_tokens >= LEAST_TOKENS)
    counts.per_token_us = Math.max(1, Math.round((1000 * (duration_ms - ttft_ms)) / (output_tokens - 1)))
}

type ErrorKind = Extract<Counter, `error_${string}`> extends `error_${infer Kind}` ? Kind : never

/** The first that fits, by the provider's or our own word, else by the status. */
const ERROR_KINDS: readonly (readonly [kind: ErrorKind, words: RegExp, statuses: readonly number[]])[] = [
  ["proxy", /^internal$/, []],
  ["content", /content_?filter|content_policy|safety|moderation|prohibited|blocked/i, []],
  ["context", /context_length|context_window|too_large|too_long|string_above_max|max_?tokens/i, [413]],
  ["rate", /rate_?limit|quota|overload|exhausted|billing|insufficient/i, [402, 429, 529]],
  ["auth", /auth|permission|api_?key|forbidden|credential/i, [401, 403]],
  ["request", /invalid|not_found|unsupported|bad_request|unprocessable/i, [400, 404, 405, 415, 422]],
]

export function errorKind(word: string | null, status: number): ErrorKind {
  const byWord = word === null ? undefined : ERROR_KINDS.find(([, words]) => words.test(word))
  return (byWord ?? ERROR_KINDS.find(([, , statuses]) => statuses.includes(status)))?.[0] ?? "upstream"
}
