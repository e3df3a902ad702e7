/** From counts to rates with their intervals, and to the composite quality of 0 to 100. Pure arithmetic. */
import type { Counts } from "../store/counters.ts"
import { type Part, PARTS, type Signal, SIGNALS } from "./quality-signals.ts"

export interface Rate {
  /** 0 to 1; of a mean of counts, the mean. null: there was no chance to see it */
  rate: number | null
  hits: number
  n: number
  /** 95 %; null for means of counts and without any n */
  low: number | null
  high: number | null
  /** n is below 30: no ground for a comparison */
  few: boolean
}

export interface Composite {
  /** 0 to 100; null where nothing was measured */
  score: number | null
  low: number | null
  high: number | null
  /** of the part with the most */
  n: number
  few: boolean
  /** `weight` as it counts here: those of the parts that were measured sum up to 1 */
  parts: Record<Part, Rate & { weight: number }>
}

/** Below it no two groups are to be compared. */
const ENOUGH = 30
/** The two-sided 95 % point of the normal distribution. */
const Z = 1.959963984540054

/**
 * Wilson's score interval for `hits` of `n` (Wilson 1927, https://doi.org/10.1080/01621459.1927.10502953): it keeps its promise for few cases and for rates near
 * 0 and 1, where the usual one is empty. `hits` may be a sum of scores between 0 and 1; the interval is then wider than it had to be.
 */
export function wilson(hits: number, n: number): { low: number; high: number } {
  const p = hits / n
  const z2 = Z * Z
  const middle = (p + z2 / (2 * n)) / (1 + z2 / n)
  const half = (Z / (1 + z2 / n)) * Math.sqrt((p * (1 - p)) / n + z2 / (4 * n * n))
  return { low: p === 0 ? 0 : Math.max(0, middle - half), high: p === 1 ? 1 : Math.min(1, middle + half) }
}

export function rateOf({ hits, of, mean }: Signal, counts: Counts): Rate {
  const n = counts[of] ?? 0
  const found = (counts[hits] ?? 0) / (mean === "thousandths" ? 1000 : 1)
  const few = n < ENOUGH
  if (n === 0) return { rate: null, hits: found, n, low: null, high: null, few }
  if (mean === "count") return { rate: found / n, hits: found, n, low: null, high: null, few }
  const share = Math.min(found, n)
  return { rate: share / n, hits: share, n, ...wilson(share, n), few }
}

export const ratesOf = (counts: Counts): Record<string, Rate> =>
  Object.fromEntries(SIGNALS.map((signal) => [signal.name, rateOf(signal, counts)]))

const PART_SIGNALS = Object.entries(PARTS).map(([part, { weight, signal }]) => ({
  part: part as Part,
  weight,
  signal: SIGNALS.find(({ name }) => name === signal)!,
}))

/**
 * 100 × (0.30 delivery + 0.25 tools + 0.25 acceptance + 0.10 form + 0.10 explicit), each from 0 to 1; parts that were not measured are left out and the
 * weights of the others made to sum up to 1. The interval is that of a sum of independent rates with Wilson's for each (MOVER: Zou and Donner 2008,
 * https://doi.org/10.1002/sim.3095).
 */
export function compositeOf(counts: Counts): Composite {
  const rates = PART_SIGNALS.map((one) => ({ ...one, rate: rateOf(one.signal, counts) }))
  const measured = rates.filter(({ rate }) => rate.n > 0)
  const whole = measured.reduce((sum, { weight }) => sum + weight, 0)
  let score = 0
  let below = 0
  let above = 0
  for (const { weight, rate } of measured) {
    const share = weight / whole
    score += share * rate.rate!
    below += (share * (rate.rate! - rate.low!)) ** 2
    above += (share * (rate.high! - rate.rate!)) ** 2
  }
  const n = Math.max(0, ...measured.map(({ rate }) => rate.n))
  const isKnown = measured.length > 0
  return {
    score: isKnown ? 100 * score : null,
    low: isKnown ? 100 * Math.max(0, score - Math.sqrt(below)) : null,
    high: isKnown ? 100 * Math.min(1, score + Math.sqrt(above)) : null,
    n,
    few: n < ENOUGH,
    parts: Object.fromEntries(
      rates.map(({ part, weight, rate }) => [part, { ...rate, weight: rate.n > 0 ? weight / whole : 0 }]),
    ) as Composite["parts"],
  }
}

/** The composite's score alone, to a tenth: what a row carries. */
export function scoreOf(counts: Counts): number | null {
  let sum = 0
  let whole = 0
  for (const { weight, signal } of PART_SIGNALS) {
    const n = counts[signal.of] ?? 0
    if (n === 0) continue
    whole += weight
    sum += (weight * Math.min(n, (counts[signal.hits] ?? 0) / (signal.mean === "thousandths" ? 1000 : 1))) / n
  }
  return whole === 0 ? null : Math.round((1000 * sum) / whole) / 10
}

/**
 * The difference of two rates with its interval (Newcombe 1998, method 10, https://doi.org/10.1002/(SICI)1097-0258(19980430)17:8<873::AID-SIM779>3.0.CO;2-I).
 * null where one of them is a mean of counts or was never seen.
 */
export function differenceOf(one: Rate, other: Rate): { difference: number; low: number; high: number } | null {
  if (one.rate === null || other.rate === null || one.low === null || other.low === null) return null
  const difference = one.rate - other.rate
  return {
    difference,
    low: difference - Math.hypot(one.rate - one.low, other.high! - other.rate),
    high: difference + Math.hypot(one.high! - one.rate, other.rate - other.low),
  }
}
