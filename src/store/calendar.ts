/** Days and hours of a time zone, as names to group by. Pure: it never asks what time it is. */

/** Zones change their offset on a quarter of an hour, so one answer serves each. */
const QUARTER_MS = 15 * 60_000
const HOUR_MS = 60 * 60_000
const DAY_MS = 24 * HOUR_MS

/**
 * Names the day (`2026-03-29`) or hour (`2026-03-29T03:00+02:00`, `…Z` in UTC) an instant belongs to.
 * The offset keeps apart the two hours of the same name when summer time ends.
 */
export function calendarBuckets(unit: "day" | "hour", zone: string): (at: number) => string {
  const offsetAt = zone === "UTC" ? () => 0 : zoneOffset(zone)
  const length = unit === "day" ? DAY_MS : HOUR_MS
  // Writing a date takes as long as a hundred additions, and the next instant is mostly of the same bucket.
  let last = { begin: Number.NaN, offset: 0, name: "" }
  return (at) => {
    const offset = offsetAt(Math.floor(at / QUARTER_MS) * QUARTER_MS)
    const begin = Math.floor((at + offset) / length) * length
    if (begin !== last.begin || offset !== last.offset) {
      const text = new Date(begin).toISOString()
      const name = unit === "day" ? text.slice(0, 10) : `${text.slice(0, 13)}:00${zone === "UTC" ? "Z" : sign(offset)}`
      last = { begin, offset, name }
    }
    return last.name
  }
}

/** `+02:00` */
const sign = (offset: number) => `${offset < 0 ? "-" : "+"}${new Date(Math.abs(offset)).toISOString().slice(11, 16)}`

/** Milliseconds that a zone's clocks are ahead of UTC. They are asked twice a day and wherever they were changed in between: asking takes as long as a hundred additions. */
function zoneOffset(zone: string): (at: number) => number {
  // Sweden writes dates as ISO does.
  const format = new Intl.DateTimeFormat("sv-SE", { timeZone: zone, dateStyle: "short", timeStyle: "medium" })
  const asked = (at: number) => Date.parse(`${format.format(at).replace(" ", "T")}Z`) - at
  /** of a day of UTC; null: they are changed on it */
  const known = new Map<number, number | null>()
  return (at) => {
    const day = Math.floor(at / DAY_MS)
    let offset = known.get(day)
    if (offset === undefined) {
      const [begin, end] = [asked(day * DAY_MS), asked((day + 1) * DAY_MS)]
      known.set(day, (offset = begin === end ? begin : null))
    }
    return offset ?? asked(at)
  }
}
