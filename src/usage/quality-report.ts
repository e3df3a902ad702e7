/** What `/api/quality` answers: the store's sums as rates, ratios and composites, and the comparison of sessions with memory against those held out. Pure. */
import type { QualityReport, QualitySums } from "../store/quality.ts"
import { compositeOf, differenceOf, ratesOf } from "./quality-score.ts"
import { SIGNALS } from "./quality-signals.ts"

export function describeQuality({ rows, rows_total, totals }: QualityReport, groupBy: readonly string[]) {
  const described = rows.map(({ key, ...sums }) => ({ key, ...describe(sums) }))
  return {
    rows: described,
    rows_total,
    totals: describe(totals),
    holdout: groupBy.length === 1 && groupBy[0] === "memory" ? compareHoldout(described) : null,
    signals: SIGNALS.map(({ name, group, good, heuristic = false, mean = null, definition }) => ({
      name,
      group,
      good,
      heuristic,
      mean,
      definition,
    })),
  }
}

type Described = ReturnType<typeof describe>

function describe(sums: QualitySums) {
  const { counts, requests, cost_usd, speed } = sums
  return {
    requests,
    quality: compositeOf(counts),
    signals: ratesOf(counts),
    speed: { ...speed, tokens_per_second: perSecond(speed.tpot_ms) },
    efficiency: efficiencyOf(sums),
    cost_usd,
  }
}

/** The inverse of the time per token: the slowest 10 % of tokens are the p90 of time and the p10 of speed. */
function perSecond({ n, p50, p90, p99 }: QualitySums["speed"]["tpot_ms"]) {
  const inverse = (ms: number | null) => (ms === null || ms === 0 ? null : 1000 / ms)
  return { n, p50: inverse(p50), p10: inverse(p90), p1: inverse(p99) }
}

const ratio = (part: number, whole: number) => (whole > 0 ? part / whole : null)

/** null: nothing to divide by. */
function efficiencyOf(sums: QualitySums) {
  const { counts, cost_usd, input_tokens, cache_read_tokens, output_tokens, reasoning_tokens, memory_tokens } = sums
  const { turns_done = 0, left = 0, left_tokens = 0, complete = 0, complete_tokens = 0 } = counts
  return {
    turns_done,
    cost_per_turn_usd: cost_usd === null ? null : ratio(cost_usd, turns_done),
    cache_hit_ratio: ratio(cache_read_tokens, input_tokens),
    output_input_ratio: ratio(output_tokens, input_tokens),
    reasoning_share: ratio(reasoning_tokens, output_tokens),
    /** tokens an answer had when its client left, by those of a whole answer */
    delivered_at_abort: left > 0 && complete > 0 ? ratio(left_tokens / left, complete_tokens / complete) : null,
    memory_tokens,
    memory_input_share: ratio(memory_tokens, input_tokens),
  }
}

/**
 * Sessions that memory was withheld from against the others in which it could be read, whether or not anything was found: who is in which group was decided by
 * chance alone, so that the difference is memory's doing. Only shares; n is below 30: no ground for a conclusion.
 */
function compareHoldout(rows: readonly ({ key: unknown } & Described)[]) {
  const of = (key: string) => rows.find((row) => row.key === key)
  const [on, held] = [of("on"), of("held-out")]
  if (!on || !held) return null
  const compared = SIGNALS.flatMap(({ name, group }) => {
    const [one, other] = [on.signals[name]!, held.signals[name]!]
    const difference = group === "memory" ? null : differenceOf(one, other)
    return difference ? [{ signal: name, on: one, held_out: other, ...difference, few: one.few || other.few }] : []
  })
  return { requests: { on: on.requests, held_out: held.requests }, compared }
}
