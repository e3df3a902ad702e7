/** What `/api/usage` and `/api/sessions` sum of rows. */
import { type Columns, GENERATED, OUTCOME, OUTCOMES, PRICED, UNPRICED } from "./layout.ts"
import { addColumn, type Measure } from "./tallies.ts"

/** Places of the sums. `generatedTokens` and `generationMs`: of streamed rows, tokens and the time they took after the first. */
export const USAGE_PLACES = {
  requests: 0,
  errors: 1,
  input: 2,
  cacheRead: 3,
  cacheWrite: 4,
  output: 5,
  reasoning: 6,
  cost: 7,
  billed: 8,
  priced: 9,
  unpriced: 10,
  generatedTokens: 11,
  generationMs: 12,
  quality: 13,
  judged: 14,
  memories: 15,
} as const

/** Sums of a column as it is. */
const PLAIN = ["input", "cacheRead", "cacheWrite", "output", "reasoning", "cost", "memories"] as const
/** The kinds of values. */
const TIMES = ["duration", "ttft"] as const
/** The dearest first, of equal ones those of the most requests. */
const RANKED = [USAGE_PLACES.cost, USAGE_PLACES.requests] as const
const FIRST_ERROR = OUTCOMES.indexOf("upstream-failed")

export const USAGE_MEASURE: Measure = {
  sums: Object.keys(USAGE_PLACES).length,
  samples: TIMES.length,
  add,
  values: (columns, kind) => columns.measure(TIMES[kind]!),
  ranked: RANKED,
  rank,
}

type Sums = readonly Float64Array[]

function rank(columns: Columns, groups: Uint32Array, [costs, requests]: Sums): void {
  addColumn(costs!, groups, columns.measure("cost"))
  for (let index = 0; index < groups.length; index++) requests![groups[index]!]!++
}

/** A walk for each sum, or for the few that ask the same of a row: one for all of them takes twice as long. */
function add(columns: Columns, groups: Uint32Array, sums: Sums): void {
  for (const name of PLAIN) addColumn(sums[USAGE_PLACES[name]]!, groups, columns.measure(name))
  addOutcomes(columns, groups, sums)
  addBilled(columns, groups, sums[USAGE_PLACES.billed]!)
  addGenerated(columns, groups, sums)
  addQuality(columns, groups, sums)
}

function addOutcomes(columns: Columns, groups: Uint32Array, sums: Sums): void {
  const flags = columns.flags()
  const [requests, errors] = [sums[USAGE_PLACES.requests]!, sums[USAGE_PLACES.errors]!]
  const [priced, unpriced] = [sums[USAGE_PLACES.priced]!, sums[USAGE_PLACES.unpriced]!]
  for (let index = 0; index < flags.length; index++) {
    const group = groups[index]!
    const flag = flags[index]!
    requests[group]!++
    if ((flag & OUTCOME) >= FIRST_ERROR) errors[group]!++
    if (flag & PRICED) priced[group]!++
    if (flag & UNPRICED) unpriced[group]!++
  }
}

function addBilled(columns: Columns, groups: Uint32Array, sums: Float64Array): void {
  const [cost, billed] = [columns.measure("cost"), columns.measure("billed")]
  for (let index = 0; index < cost.length; index++) {
    const other = billed[index]!
    sums[groups[index]!]! += other === other ? other : cost[index]!
  }
}

function addGenerated(columns: Columns, groups: Uint32Array, sums: Sums): void {
  const flags = columns.flags()
  const [output, duration, ttft] = [columns.measure("output"), columns.measure("duration"), columns.measure("ttft")]
  const [tokens, ms] = [sums[USAGE_PLACES.generatedTokens]!, sums[USAGE_PLACES.generationMs]!]
  for (let index = 0; index < flags.length; index++) {
    if ((flags[index]! & GENERATED) === 0) continue
    const group = groups[index]!
    tokens[group]! += output[index]!
    ms[group]! += duration[index]! - ttft[index]!
  }
}

function addQuality(columns: Columns, groups: Uint32Array, sums: Sums): void {
  const quality = columns.quality()
  const [scores, judged] = [sums[USAGE_PLACES.quality]!, sums[USAGE_PLACES.judged]!]
  for (let index = 0; index < quality.length; index++) {
    const score = quality[index]!
    if (score !== score) continue
    scores[groups[index]!]! += score
    judged[groups[index]!]!++
  }
}
