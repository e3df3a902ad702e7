/** A ledger row to and from its table: the one place that knows both shapes. It runs no SQL. */
import type { LedgerDetail, LedgerRow } from "../exchange.ts"
import { decodeCounts, encodeCounts } from "./counters.ts"
import { DETAIL, type Details, type Rest } from "./details.ts"
import { textOfTime, timeOfText } from "./time.ts"
import { type Timeline, timelineOf } from "./timeline.ts"

/** A row with everything kept about it. */
export type LedgerEntry = LedgerRow & LedgerDetail & { timeline: Timeline }

/** In the order of the JSON that `/api/requests` gives. */
export const ROW_COLUMNS = `id, started_at, duration_ms, ttft_ms, overhead_ms, memory_ms, client, client_version,
  client_guess, user_id, project, session_id, key_alias, model, upstream_model, provider, dialect_in, dialect_out,
  stream, status, outcome, error_type, retries, fallbacks, input_tokens, cache_read_tokens, cache_write_tokens,
  cache_write_1h_tokens, output_tokens, reasoning_tokens, estimated, cost_usd, billed_usd, price_source, finish_reason,
  tool_calls, lossy, memory_status, memories_injected, memory_tokens, quality`

const BESIDE = "operation, project_key, signals, sent_ms, answered_ms"
export const ENTRY_COLUMNS = `${ROW_COLUMNS}, ${BESIDE}, ${DETAIL}`

/** What is a row's own, and what it has in common with most of those written with it: in the order of `bindOwn` and `bindCommon`. */
const OWN = `id, started_at, duration_ms, ttft_ms, overhead_ms, memory_ms, user_id, project, project_key, session_id,
  input_tokens, cache_read_tokens, cache_write_tokens, output_tokens, reasoning_tokens, cost_usd, billed_usd, memory_tokens, quality, signals,
  sent_ms, answered_ms`
const COMMON = `client, client_version, client_guess, key_alias, model, upstream_model, provider, dialect_in, dialect_out,
  stream, status, outcome, error_type, retries, fallbacks, cache_write_1h_tokens, estimated,
  price_source, finish_reason, tool_calls, lossy, memory_status, memories_injected, operation, detail`

/**
 * Takes what each row has of its own, and then what all have in common, which is bound once: binding a text copies it.
 * A row that is there already stays as it is: a batch may be written again after a commit whose end was not seen.
 */
export function insertSql(rows: number): string {
  const own = OWN.split(",").length
  const common = COMMON.split(",").map((_, at) => `?${rows * own + at + 1}`)
  const one = (_: unknown, row: number) =>
    `(${[...Array.from({ length: own }, (_, at) => `?${row * own + at + 1}`), ...common].join(", ")})`
  const values = Array.from({ length: rows }, one).join(", ")
  return `INSERT INTO requests (${OWN}, ${COMMON}) VALUES ${values} ON CONFLICT (id) DO NOTHING`
}

export type Bindings = (string | number | boolean | null | Uint8Array)[]

export function bindOwn(row: LedgerRow, detail: LedgerDetail, into: Bindings): void {
  into.push(
    row.id,
    timeOfText(row.started_at),
    row.duration_ms,
    row.ttft_ms,
    row.overhead_ms,
    row.memory_ms,
    row.user_id,
    row.project,
    detail.project_key,
    row.session_id,
    row.input_tokens,
    row.cache_read_tokens,
    row.cache_write_tokens,
    row.output_tokens,
    row.reasoning_tokens,
    row.cost_usd,
    row.billed_usd,
    row.memory_tokens,
    row.quality,
    encodeCounts(detail.signals),
    detail.sent_ms,
    detail.answered_ms,
  )
}

export function bindCommon(row: LedgerRow, detail: LedgerDetail, details: Details, into: Bindings): void {
  into.push(
    row.client,
    row.client_version,
    row.client_guess,
    row.key_alias,
    row.model,
    row.upstream_model,
    row.provider,
    row.dialect_in,
    row.dialect_out,
    row.stream,
    row.status,
    row.outcome,
    row.error_type,
    row.retries,
    row.fallbacks,
    row.cache_write_1h_tokens,
    row.estimated,
    row.price_source,
    row.finish_reason,
    row.tool_calls,
    row.lossy.length === 0 ? null : JSON.stringify(row.lossy),
    row.memory_status,
    row.memories_injected,
    detail.operation,
    details.of(detail),
  )
}

/** A row as SQLite gives it: its columns, booleans as 0 and 1. */
export type StoredRow = Omit<LedgerRow, "started_at" | "client_guess" | "stream" | "estimated" | "lossy"> & {
  started_at: number
  client_guess: number
  stream: number
  estimated: number
  lossy: string | null
}
export type StoredEntry = StoredRow &
  Pick<LedgerDetail, "operation" | "project_key" | "sent_ms" | "answered_ms"> & {
    detail: string
    signals: Uint8Array | null
  }

export function readRow(stored: StoredRow): LedgerRow {
  return {
    ...stored,
    started_at: textOfTime(stored.started_at),
    client_guess: stored.client_guess === 1,
    stream: stored.stream === 1,
    estimated: stored.estimated === 1,
    lossy: stored.lossy === null ? [] : (JSON.parse(stored.lossy) as string[]),
  }
}

export function readEntry(stored: StoredEntry): LedgerEntry {
  const { detail, operation, project_key, signals, sent_ms, answered_ms, ...row } = stored
  // Rows from before the schema's sixth step hold their timeline there.
  const rest = JSON.parse(detail) as Rest & { timeline?: Timeline }
  const beside = { operation, project_key, sent_ms, answered_ms, signals: decodeCounts(signals) }
  return { ...readRow(row), timeline: timelineOf(stored), ...rest, ...beside }
}
