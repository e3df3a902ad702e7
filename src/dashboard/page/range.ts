/** Spans of time: what a range means, its buckets, and where a bucket begins and ends. Days are the browser's. */
import { useState } from "preact/hooks"
import type { Params } from "./route.ts"

export const RANGES = {
  "24h": { label: "24 h", name: "24 hours", unit: "hour", steps: 24 },
  "7d": { label: "7 d", name: "7 days", unit: "day", steps: 7 },
  "30d": { label: "30 d", name: "30 days", unit: "day", steps: 30 },
  "90d": { label: "90 d", name: "90 days", unit: "day", steps: 90 },
} as const
export type RangeName = keyof typeof RANGES

export const zone = () => Intl.DateTimeFormat().resolvedOptions().timeZone

export const rangeName = (text: string | undefined): RangeName =>
  text !== undefined && Object.hasOwn(RANGES, text) ? (text as RangeName) : "7d"

/** Starts of the range's buckets, epoch milliseconds; the last one holds `now`. */
export function bucketStarts(range: RangeName, now: number): number[] {
  const { unit, steps } = RANGES[range]
  return Array.from({ length: steps }, (_, index) => startOf(unit, now, steps - 1 - index))
}

function startOf(unit: "hour" | "day", now: number, back: number): number {
  const at = new Date(now)
  if (unit === "hour") at.setMinutes(0, 0, 0)
  else at.setHours(0, 0, 0, 0)
  // An hour is an hour; a day may have 23 of them.
  return unit === "hour" ? at.getTime() - back * 3_600_000 : at.setDate(at.getDate() - back)
}

/** The start of the bucket that `/api/usage` names so: `2026-03-29` or `2026-03-29T03:00+02:00`. */
export const startOfKey = (key: string) => Date.parse(key.length === 10 ? `${key}T00:00` : key)

export const beginOf = (range: RangeName, now: number) => bucketStarts(range, now)[0]!

/** The span that a view's link asks for. It ends when the view was opened and goes on. */
export function useSpan(params: Params): { range: RangeName; now: number; from: number } {
  const range = rangeName(params["range"])
  const [now] = useState(Date.now)
  return { range, now, from: beginOf(range, now) }
}

/** The span of the same length before. */
export function spanBefore(range: RangeName, now: number): { from: number; to: number } {
  const to = beginOf(range, now)
  return { from: to - (now - to), to }
}
