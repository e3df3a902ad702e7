/**
 * Ledger rows turned by ninety degrees: for some four thousand rows one typed array a column, so that a million rows are summed or searched in a moment.
 * It knows the arrays; what bytes they are kept as, `column-bytes.ts` knows.
 */
import { type Signals, signalsOf } from "./signals.ts"

/** What rows are filtered and grouped by, as numbers of words (`dictionary.ts`); 0 is NULL. */
export const DIMENSIONS = [
  "client",
  "user_id",
  "project",
  "project_key",
  "session_id",
  "key_alias",
  "model",
  "provider",
  "error_type",
] as const
export type Dimension = (typeof DIMENSIONS)[number]

/** A row's outcome is the two lowest bits of its `flags`. */
export const OUTCOMES = ["done", "client-left", "upstream-failed", "rejected"] as const
export const OUTCOME = 3
export const UNPRICED = 4
export const PRICED = 8
/** streamed, with tokens that came after the first */
export const GENERATED = 16

/**
 * What is summed: US dollars, milliseconds, tokens; `memories` are those injected. A row that has none has 0, of `ttft` NaN. NaN of `billed` says as much as `cost`,
 * as most rows do: that takes an eighth of the bytes.
 */
export const MEASURES = [
  "cost",
  "billed",
  "duration",
  "ttft",
  "input",
  "cacheRead",
  "cacheWrite",
  "output",
  "reasoning",
  "memories",
] as const
export type MeasureName = (typeof MEASURES)[number]
const MISSING: Partial<Record<MeasureName, number>> = { billed: Number.NaN, ttft: Number.NaN }

/** The oldest and the newest `started_at`, epoch milliseconds. */
export interface Span {
  minAt: number
  maxAt: number
}

/** A column in dictionary encoding: which of `names` each row has. The names are different ones. */
export interface Encoded {
  names: Uint32Array
  codes: Uint32Array
}

/** The columns of a piece, each made when it is asked for. */
export interface Columns extends Span {
  readonly rows: number
  /** 0: the row is another one now, or none, and is not to be counted here; null: all are as they were */
  readonly valid: Uint8Array | null
  rowids(): Float64Array
  /** `started_at`, epoch milliseconds */
  at(): Float64Array
  flags(): Uint8Array
  measure(name: MeasureName): Float64Array
  /** NaN: none */
  quality(): Float64Array
  dimension(name: Dimension): Encoded
  signals(): Signals
}

/** How a row is selected for `readColumns`; names become numbers before. */
export const SELECTED = `rowid, started_at,
  CASE outcome WHEN 'done' THEN 0 WHEN 'client-left' THEN 1 WHEN 'upstream-failed' THEN 2 ELSE 3 END
  + ${UNPRICED} * (cost_usd IS NULL AND operation <> 'count_tokens' AND (
      coalesce(input_tokens, 0) + coalesce(output_tokens, 0) > 0
      OR (outcome = 'done' AND operation IN ('generate', 'completions'))))
  + ${PRICED} * (cost_usd IS NOT NULL)
  + ${GENERATED} * coalesce(stream AND output_tokens > 0 AND duration_ms > ttft_ms, 0),
  quality, cost_usd, CASE WHEN billed_usd IS cost_usd THEN NULL ELSE coalesce(billed_usd, 0) END, duration_ms, ttft_ms, input_tokens, cache_read_tokens, cache_write_tokens,
  output_tokens, reasoning_tokens, memories_injected, ${DIMENSIONS.join(", ")},
  overhead_ms, memory_ms, memory_tokens, signals`
const FIRST_MEASURE = 4
const FIRST_DIMENSION = FIRST_MEASURE + MEASURES.length
const FIRST_SIGNAL = FIRST_DIMENSION + DIMENSIONS.length

export type Selected = (number | string | Uint8Array | null)[]

/** Puts numbers in the place of names. */
export function numberNames(row: Selected, numberOf: (word: string | null) => number): void {
  for (let column = FIRST_DIMENSION; column < FIRST_SIGNAL; column++)
    row[column] = numberOf(row[column] as string | null)
}

export function readColumns(selected: readonly Selected[]): Columns {
  const rows = selected.length
  const read = <T extends Float64Array | Uint32Array | Uint8Array>(column: number, into: T, missing = 0): T => {
    for (let row = 0; row < rows; row++) into[row] = (selected[row]![column] as number | null) ?? missing
    return into
  }
  const [rowids, at] = [read(0, new Float64Array(rows)), read(1, new Float64Array(rows))]
  const flags = read(2, new Uint8Array(rows))
  const quality = read(3, new Float64Array(rows), Number.NaN)
  const measures = MEASURES.map((name, place) => read(FIRST_MEASURE + place, new Float64Array(rows), MISSING[name]))
  const dimensions = DIMENSIONS.map((_, place) => encode(read(FIRST_DIMENSION + place, new Uint32Array(rows))))
  const signals = signalsOf(selected.map((row) => row.slice(FIRST_SIGNAL)))
  return {
    rows,
    minAt: at.reduce((one, other) => Math.min(one, other), Number.MAX_SAFE_INTEGER),
    maxAt: at.reduce((one, other) => Math.max(one, other), 0),
    valid: null,
    rowids: () => rowids,
    at: () => at,
    flags: () => flags,
    quality: () => quality,
    measure: (name) => measures[MEASURES.indexOf(name)]!,
    dimension: (name) => dimensions[DIMENSIONS.indexOf(name)]!,
    signals: () => signals,
  }
}

export function encode(numbers: Uint32Array): Encoded {
  const places = new Map<number, number>()
  const codes = numbers.map((number) => {
    const place = places.get(number) ?? places.size
    places.set(number, place)
    return place
  })
  return { names: Uint32Array.from(places.keys()), codes }
}
