/**
 * What a row counts about the quality of its answer, and the bytes it is stored as. What the counters mean together is decided in `usage/quality-signals.ts`.
 * A counter's place in the list is what is stored: append new ones, move none.
 */

export const COUNTERS = [
  // delivery
  "asked", // sent to a model
  "left", // the client left before the end
  "left_tokens", // output tokens that had gone by then
  "tried", // asked, and the client stayed
  "succeeded", // 2xx, and the dialect's last event was seen
  "begun", // 2xx
  "complete", // … and the last event was seen
  "complete_tokens", // their output tokens
  "retries",
  "fallbacks",
  "error_auth",
  "error_rate",
  "error_context",
  "error_content",
  "error_upstream",
  "error_proxy",
  "error_request",
  // speed
  "streamed",
  "stalled",
  "first_content_ms", // from the request going out to the first content
  "per_token_us", // of streams of 20 tokens and more
  // form
  "answers", // whole ones, of generations
  "truncated",
  "refused",
  "empty",
  "repetitive",
  "schemas", // answers for which a schema was given
  "schemas_met",
  "fenced",
  "unclosed",
  "well_formed",
  "turns_done", // answers that called no tool of the client's
  // tool calls
  "calls",
  "calls_parsed",
  "calls_checked",
  "calls_valid",
  "calls_named",
  "calls_known",
  "calls_good",
  "results",
  "results_ok",
  "loops",
  "edits",
  "edits_failed",
  // what the person did with the answer
  "followed", // the conversation went on, or was begun again
  "regenerated",
  "resent",
  "answered_turns", // a new user turn came after it
  "corrected",
  "thanked",
  "switched",
  "accepted",
  "tasks",
  "task_turns",
  // what people said about it: thousandths, 0 the worst and 1000 the best
  "rated",
  "rating",
  // the provider's prompt cache
  "cacheable",
  "cache_broken",
  "broken_by_memory",
  "broken_by_model",
  "broken_otherwise",
  // memory
  "memory_on", // memory could be read for this request
  "held_out", // it could, and was withheld for comparison
  "injected",
  "memories",
  "memories_used",
  "memories_stale",
  // the judge: thousandths as `rating`
  "judged",
  "judgement",
  "compared",
  "agreed",
] as const

export type Counter = (typeof COUNTERS)[number]
/** Absent is 0. */
export type Counts = Partial<Record<Counter, number>>

const NUMBER_OF = Object.fromEntries(COUNTERS.map((name, number) => [name, number])) as Record<Counter, number>

/** Pairs of number and value as LEB128 varints, in the order of the object; null where there is nothing. Values are whole and not negative. */
export function encodeCounts(counts: Counts): Uint8Array | null {
  let length = 0
  for (const name in counts) {
    const value = counts[name as Counter]!
    if (!(value > 0)) continue
    length = putVarint(NUMBER_OF[name as Counter], length)
    length = putVarint(Math.round(value), length)
  }
  return length === 0 ? null : scratch.slice(0, length)
}

/** A byte for each 7 bits of two numbers of at most 53 bits, for each counter. */
const scratch = new Uint8Array(COUNTERS.length * 16)

function putVarint(value: number, at: number): number {
  let rest = value
  for (; rest >= 0x80; rest = Math.floor(rest / 0x80)) scratch[at++] = (rest % 0x80) | 0x80
  scratch[at++] = rest
  return at
}

/** Adds what is stored to `sums`, which has a place for each counter from `base` on. A counter of a newer memproxy is passed over. */
export function addStored(bytes: Uint8Array, sums: Float64Array, base = 0): void {
  for (let at = 0; at < bytes.length;) {
    const number = bytes[at++]!
    let value = 0
    let scale = 1
    let byte: number
    do {
      byte = bytes[at++]!
      value += (byte & 0x7f) * scale
      scale *= 0x80
    } while (byte >= 0x80)
    if (number < COUNTERS.length) sums[base + number]! += value
  }
}

export function decodeCounts(bytes: Uint8Array | null): Counts {
  const sums = new Float64Array(COUNTERS.length)
  if (bytes) addStored(bytes, sums)
  return countsOf((counter) => sums[counter]!)
}

/** `sumOf`: of a counter by its number. */
export function countsOf(sumOf: (counter: number) => number): Counts {
  const counts: Counts = {}
  COUNTERS.forEach((name, number) => {
    const value = sumOf(number)
    if (value !== 0) counts[name] = value
  })
  return counts
}

/** `counts` and `more` together, none below 0. */
export function addCounts(counts: Counts, more: Counts): Counts {
  const sum = { ...counts }
  for (const name in more) {
    const value = (sum[name as Counter] ?? 0) + more[name as Counter]!
    sum[name as Counter] = Math.max(0, value)
  }
  return sum
}
