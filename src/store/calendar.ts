/** Days and hours of a time zone, as names to group by. Pure: it never asks what time it is. */

/** Zones change their offset on a quarter of an hour, so one answer serves each. */
const QUARTER_MS = 15 * 60_000

/**
 * Names the day (`2026-03-29`) or hour (`2026-03-29T03:00+02:00`, `…Z` in UTC) an instant belongs to.
 * The offset keeps apart the two hours of the same name when summer time ends.
 */
export function calendarBuckets(unit: "day" | "hour", zone: string): (at: number) => string {
  const local = zone === "UTC" ? toIso : localIso(zone)
  const known = new Map<number, string>()
  return (at) => {
    const quarter = Math.floor(at / QUARTER_MS)
    let name = known.get(quarter)
    if (name === undefined) {
      const text = local(quarter * QUARTER_MS)
      name = unit === "day" ? text.slice(0, 10) : `${text.slice(0, 13)}:00${text.slice(19)}`
      known.set(quarter, name)
    }
    return name
  }
}

const toIso = (at: number) => new Date(at).toISOString().replace(/\.\d+/, "")

/** `2026-03-29T03:00:00+02:00` */
function localIso(zone: string): (at: number) => string {
  // Sweden writes dates as ISO does.
  const format = new Intl.DateTimeFormat("sv-SE", { timeZone: zone, dateStyle: "short", timeStyle: "medium" })
  return (at) => {
    const text = format.format(at).replace(" ", "T")
    const offset = Date.parse(`${text}Z`) - at
    const span = new Date(Math.abs(offset)).toISOString().slice(11, 16)
    return `${text}${offset < 0 ? "-" : "+"}${span}`
  }
}
