/** What `/api/quality` sums of rows. */
import { COUNTERS } from "../counters.ts"
import { type Columns, PRICED } from "./layout.ts"
import { eachSignal, TIMES } from "./signals.ts"
import { addColumn, type Measure } from "./tallies.ts"

/** Beside the counters each group has these sums. */
const OTHERS = ["requests", "input", "cacheRead", "output", "reasoning", "memory", "cost", "priced"] as const
export const QUALITY_PLACES = Object.fromEntries(OTHERS.map((name, at) => [name, COUNTERS.length + at])) as Record<
  (typeof OTHERS)[number],
  number
>
/** Sums of a column as it is. */
const PLAIN = ["input", "cacheRead", "output", "reasoning", "cost"] as const

/** Those of the most requests first. */
const RANKED = [QUALITY_PLACES.requests] as const

export const QUALITY_MEASURE: Measure = {
  sums: COUNTERS.length + OTHERS.length,
  samples: TIMES.length,
  add,
  values: (columns, kind) => columns.signals().times(kind),
  ranked: RANKED,
  rank,
}

type Sums = readonly Float64Array[]

function rank({ rows }: Columns, groups: Uint32Array, [requests]: Sums): void {
  for (let index = 0; index < rows; index++) requests![groups[index]!]!++
}

function add(columns: Columns, groups: Uint32Array, sums: Sums): void {
  const at = QUALITY_PLACES
  const signals = columns.signals()
  const flags = columns.flags()
  const memoryTokens = signals.memoryTokens()
  for (const name of PLAIN) addColumn(sums[at[name]]!, groups, columns.measure(name))
  const [requests, memory, priced] = [sums[at.requests]!, sums[at.memory]!, sums[at.priced]!]
  for (let index = 0; index < flags.length; index++) {
    const group = groups[index]!
    requests[group]!++
    memory[group]! += memoryTokens[index]!
    if (flags[index]! & PRICED) priced[group]!++
  }
  eachSignal(signals.counts(), (index, counter, value) => {
    if (counter < COUNTERS.length) sums[counter]![groups[index]!]! += value // others are a newer memproxy's
  })
}
