/** Rows for the ledger's tests: one plain one to change, and arbitrary ones. */
import * as fc from "fast-check"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import type { LedgerDetail, LedgerRow } from "../../src/exchange.ts"
import { timelineOf } from "../../src/store/timeline.ts"

export const rowAt = (startedAt: number, change: Partial<LedgerRow> = {}): LedgerRow => ({
  id: Bun.randomUUIDv7(),
  started_at: new Date(startedAt).toISOString(),
  duration_ms: 900,
  ttft_ms: 120,
  overhead_ms: 0.42,
  memory_ms: null,
  client: "claude-code",
  client_version: "2.1.0",
  client_guess: false,
  user_id: "ada",
  project: "acme/shop",
  session_id: "s-1",
  key_alias: null,
  model: "claude-sonnet-4.5",
  upstream_model: "claude-sonnet-4-5-20250929",
  provider: "anthropic",
  dialect_in: "anthropic",
  dialect_out: "anthropic",
  stream: true,
  status: 200,
  outcome: "done",
  error_type: null,
  retries: 0,
  fallbacks: 0,
  input_tokens: 1200,
  cache_read_tokens: 1000,
  cache_write_tokens: 50,
  cache_write_1h_tokens: 0,
  output_tokens: 80,
  reasoning_tokens: 0,
  estimated: false,
  cost_usd: 0.0123,
  billed_usd: 0.0123,
  price_source: "config",
  finish_reason: "end_turn",
  tool_calls: 1,
  lossy: [],
  memory_status: null,
  memories_injected: 0,
  memory_tokens: 0,
  quality: null,
  ...change,
})

export const detailOf = (change: Partial<LedgerDetail> = {}): LedgerDetail => ({
  operation: "generate",
  project_key: "github.com/acme/shop",
  unit_prices: { input: 3, output: 15 },
  deployment_id: "d-1",
  service_tier: null,
  answered_model: null,
  audio: null,
  router: null,
  memory_reason: null,
  memories: [],
  signals: {},
  sent_ms: 0.3,
  answered_ms: 100.5,
  ...change,
})

// A lone surrogate has no UTF-8, so no text that came off the wire holds one.
const text = fc.string({ unit: "grapheme", maxLength: 12 })
const maybe = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: null })
/** Without -0, which neither SQLite nor JSON keeps. */
const fraction = (min: number, max: number) => fc.double({ min, max, noNaN: true }).map((value) => value + 0)
const tokens = maybe(fc.nat(1_000_000))
const dialect = maybe(fc.constantFrom("openai-chat", "openai-responses", "anthropic", "gemini"))

/** `from` and `to` bound `started_at`; few names, so that groups and filters meet more than one row. */
export const anyRow = (from: number, to: number): fc.Arbitrary<LedgerRow> =>
  fc.record({
    id: fc.uuid(),
    started_at: fc.integer({ min: from, max: to }).map((at) => new Date(at).toISOString()),
    // a thousandth of a millisecond is the least that a row can hold: of less, tokens a second are no number
    duration_ms: fc.oneof(
      fc.nat(100_000),
      fc.nat(1e8).map((us) => us / 1000),
    ),
    ttft_ms: maybe(fc.nat(2_000)),
    overhead_ms: maybe(fraction(0, 50)),
    memory_ms: maybe(fc.nat(50)),
    client: maybe(fc.constantFrom("codex", "claude-code", "a'b")),
    client_version: maybe(text),
    client_guess: fc.boolean(),
    user_id: maybe(fc.constantFrom("ada", "bob", "%")),
    project: maybe(fc.constantFrom("acme/shop", "acme/site")),
    session_id: maybe(fc.constantFrom("s-1", "s-2")),
    key_alias: maybe(fc.constantFrom("laptop", "ci")),
    model: maybe(fc.constantFrom("gpt-5", "demo")),
    upstream_model: maybe(text),
    provider: maybe(fc.constantFrom("openai", "anthropic")),
    dialect_in: dialect,
    dialect_out: dialect,
    stream: fc.boolean(),
    status: fc.integer({ min: 200, max: 599 }),
    outcome: fc.constantFrom("done", "client-left", "upstream-failed", "rejected"),
    error_type: maybe(text),
    retries: fc.nat(5),
    fallbacks: fc.nat(5),
    input_tokens: tokens,
    cache_read_tokens: tokens,
    cache_write_tokens: tokens,
    cache_write_1h_tokens: tokens,
    output_tokens: tokens,
    reasoning_tokens: tokens,
    estimated: fc.boolean(),
    cost_usd: maybe(fraction(0, 100)),
    billed_usd: maybe(fraction(0, 100)),
    price_source: maybe(text),
    finish_reason: maybe(text),
    tool_calls: fc.nat(9),
    lossy: fc.array(text, { maxLength: 3 }),
    memory_status: maybe(text),
    memories_injected: fc.nat(9),
    memory_tokens: fc.nat(999),
    quality: maybe(fraction(-1, 1)),
  })

const detailWithoutSearches: fc.Arbitrary<LedgerDetail> = fc.record({
  operation: fc.constantFrom("generate", "count_tokens", "embeddings", "completions", "passthrough"),
  project_key: maybe(fc.constantFrom("github.com/acme/shop", "/home/ada/site")),
  unit_prices: maybe(
    fc.dictionary(fc.constantFrom("input", "output"), fraction(0, 100), {
      noNullPrototype: true,
    }),
  ),
  deployment_id: maybe(text),
  service_tier: maybe(text),
  answered_model: maybe(text),
  audio: maybe(fc.record({ input: fc.nat(9), cache_read: maybe(fc.nat(9)), output: fc.nat(9) })),
  router: maybe(fc.dictionary(fc.constantFrom("x-a", "x-b"), text, { noNullPrototype: true })),
  memory_reason: maybe(text),
  memories: fc.array(fc.record({ id: text, score: fraction(0, 1), why: text, tokens: fc.nat(500) }), { maxLength: 2 }),
  signals: fc.dictionary(fc.constantFrom("asked", "answers", "rating"), fc.integer({ min: 1, max: 2 ** 53 - 1 }), {
    noNullPrototype: true,
  }),
  sent_ms: maybe(fraction(0, 1e3)),
  answered_ms: maybe(fraction(0, 1e5)),
})

export const anyDetail: fc.Arbitrary<LedgerDetail> = fc
  .tuple(detailWithoutSearches, fc.nat(3))
  .map(([detail, web_searches]) => (web_searches > 0 ? { ...detail, web_searches } : detail))

/** What is read of a row that was written. */
export const entryOf = (row: LedgerRow, detail: LedgerDetail) => ({
  ...row,
  ...detail,
  timeline: timelineOf({ ...row, ...detail }),
})

/** A fresh directory for each call; `remove` deletes them all. */
export function temporaryDirectories() {
  const made: string[] = []
  return {
    make(): string {
      const dir = mkdtempSync(join(tmpdir(), "memproxy-store-"))
      made.push(dir)
      return dir
    },
    remove(): void {
      for (const dir of made.splice(0)) rmSync(dir, { recursive: true, force: true })
    },
  }
}

/** Waits for something another process or a timer brings about. */
export async function until(condition: () => boolean | Promise<boolean>, what: string): Promise<void> {
  for (let turn = 0; turn < 2_000; turn++) {
    if (await condition()) return
    await Bun.sleep(5)
  }
  throw new Error(`never happened: ${what}`)
}
