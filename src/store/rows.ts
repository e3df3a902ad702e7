/** A ledger row to and from its table: the one place that knows both shapes. It runs no SQL. */
import type { LedgerDetail, LedgerRow } from "../exchange.ts"
import { decodeCounts, encodeCounts } from "./counters.ts"
import { DETAIL, type Details, type Rest } from "./details.ts"
import { type Timeline, timelineOf } from "./timeline.ts"

/** A row with everything kept about it. */
export type LedgerEntry = LedgerRow & LedgerDetail & { timeline: Timeline }

/** In the order of the contract, which is the order of the JSON. */
export const ROW_COLUMNS = `id, started_at, duration_ms, ttft_ms, overhead_ms, memory_ms, client, client_version,
  client_guess, user_id, project, session_id, key_alias, model, upstream_model, provider, dialect_in, dialect_out,
  stream, status, outcome, error_type, retries, fallbacks, input_tokens, cache_read_tokens, cache_write_tokens,
  cache_write_1h_tokens, output_tokens, reasoning_tokens, estimated, cost_usd, billed_usd, price_source, finish_reason,
  tool_calls, lossy, memory_status, memories_injected, memory_tokens, quality`

const BESIDE = "operation, project_key, signals, sent_ms, answered_ms"
export const ENTRY_COLUMNS = `${ROW_COLUMNS}, ${BESIDE}, ${DETAIL}`
const INSERTED = `${ROW_COLUMNS}, ${BESIDE}, detail`

/** A row that is there already stays as it is: a batch may be written again after a commit whose end was not seen. */
export const INSERT = `INSERT INTO requests (${INSERTED})
  VALUES (${INSERTED.split(",").fill("?").join(", ")}) ON CONFLICT (id) DO NOTHING`

export type Bindings = (string | number | boolean | null | Uint8Array)[]

/** Fills `into` (reused from row to row) in the order of `INSERT`. */
export function bindRow(row: LedgerRow, detail: LedgerDetail, details: Details, into: Bindings): Bindings {
  into[0] = row.id
  into[1] = Date.parse(row.started_at)
  into[2] = row.duration_ms
  into[3] = row.ttft_ms
  into[4] = row.overhead_ms
  into[5] = row.memory_ms
  into[6] = row.client
  into[7] = row.client_version
  into[8] = row.client_guess
  into[9] = row.user_id
  into[10] = row.project
  into[11] = row.session_id
  into[12] = row.key_alias
  into[13] = row.model
  into[14] = row.upstream_model
  into[15] = row.provider
  into[16] = row.dialect_in
  into[17] = row.dialect_out
  into[18] = row.stream
  into[19] = row.status
  into[20] = row.outcome
  into[21] = row.error_type
  into[22] = row.retries
  into[23] = row.fallbacks
  into[24] = row.input_tokens
  into[25] = row.cache_read_tokens
  into[26] = row.cache_write_tokens
  into[27] = row.cache_write_1h_tokens
  into[28] = row.output_tokens
  into[29] = row.reasoning_tokens
  into[30] = row.estimated
  into[31] = row.cost_usd
  into[32] = row.billed_usd
  into[33] = row.price_source
  into[34] = row.finish_reason
  into[35] = row.tool_calls
  into[36] = row.lossy.length === 0 ? null : JSON.stringify(row.lossy)
  into[37] = row.memory_status
  into[38] = row.memories_injected
  into[39] = row.memory_tokens
  into[40] = row.quality
  into[41] = detail.operation
  into[42] = detail.project_key
  into[43] = encodeCounts(detail.signals)
  into[44] = detail.sent_ms
  into[45] = detail.answered_ms
  into[46] = details.of(detail)
  return into
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
    started_at: new Date(stored.started_at).toISOString(),
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
