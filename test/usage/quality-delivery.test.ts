/** What a row alone says: delivery, speed, errors, each beside what must not be taken for it. */
import { expect, test } from "bun:test"
import type { LedgerRow, Metered } from "../../src/exchange.ts"
import { countDelivery, errorKind } from "../../src/usage/quality-delivery.ts"
import { rowAt } from "../store/sample.ts"

const METERED = { terminal: true } as Metered
const count = (row: Partial<LedgerRow>, more: Partial<Parameters<typeof countDelivery>[0]> = {}) =>
  countDelivery({ row: rowAt(0, row), metered: METERED, sentAfterMs: 10, stalls: 0, ...more })

test("a whole stream is delivered, with the provider's own times", () => {
  expect(count({ duration_ms: 2120, ttft_ms: 120, output_tokens: 101 })).toEqual({
    asked: 1,
    begun: 1,
    tried: 1,
    succeeded: 1,
    complete: 1,
    complete_tokens: 101,
    streamed: 1,
    first_content_ms: 110,
    per_token_us: 20_000,
  })
})

test("a few tokens, an estimate, or an answer in one piece say nothing about speed", () => {
  expect(count({ output_tokens: 19 }).per_token_us).toBeUndefined()
  expect(count({ estimated: true }).per_token_us).toBeUndefined()
  const whole = count({ stream: false, ttft_ms: null })
  expect([whole.streamed, whole.first_content_ms, whole.succeeded]).toEqual([undefined, undefined, 1])
})

test("a stall is counted once a stream", () => {
  expect(count({}, { stalls: 3 }).stalled).toBe(1)
  expect(count({}).stalled).toBeUndefined()
})

test("a cut answer was begun and is not complete", () => {
  const cut = count(
    { outcome: "upstream-failed", error_type: "answer_cut" },
    { metered: { ...METERED, terminal: false } },
  )
  expect(cut).toMatchObject({ asked: 1, tried: 1, begun: 1, error_upstream: 1 })
  expect([cut.complete, cut.succeeded]).toEqual([undefined, undefined])
})

test("a client that leaves is no failure of the provider's; what it got is counted", () => {
  expect(count({ outcome: "client-left", output_tokens: 12 })).toEqual({ asked: 1, begun: 1, left: 1, left_tokens: 12 })
  expect(count({ outcome: "done" }).left).toBeUndefined()
})

test("what memproxy refused was no model's failure, what it broke is its own", () => {
  expect(count({ outcome: "rejected", status: 401 }, { sentAfterMs: null })).toEqual({})
  expect(count({ outcome: "rejected", status: 500 }, { sentAfterMs: null })).toEqual({
    asked: 1,
    tried: 1,
    error_proxy: 1,
  })
})

test("retries and fallbacks are counted", () => {
  expect(count({ retries: 2, fallbacks: 1 })).toMatchObject({ retries: 2, fallbacks: 1 })
  expect(count({}).retries).toBeUndefined()
})

test.each([
  ["authentication_error", 401, "auth"],
  ["permission", 403, "auth"],
  ["rate_limit_exceeded", 429, "rate"],
  ["overloaded_error", 529, "rate"],
  ["RESOURCE_EXHAUSTED", 429, "rate"],
  ["insufficient_quota", 429, "rate"],
  ["context_length_exceeded", 400, "context"],
  ["too_large", 413, "context"],
  ["content_filter", 400, "content"],
  ["invalid_request_error", 400, "request"],
  ["INVALID_ARGUMENT", 400, "request"],
  ["api_error", 500, "upstream"],
  ["timeout", 408, "upstream"],
  ["answer_cut", 200, "upstream"],
  ["internal", 500, "proxy"],
  [null, 401, "auth"],
  [null, 503, "upstream"],
] as const)("%s with %d is %s", (word, status, kind) => expect(errorKind(word, status)).toBe(kind))
