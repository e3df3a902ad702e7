/** Instants and time zones as people and programs write them. Pure: it never asks what time it is. */

const ISO = /^(\d{4}-\d{2}-\d{2})(?:[Tt ](\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?)([Zz]|[+\- ]\d{2}:?\d{2})?)?$/

export function isTimeZone(zone: string): boolean {
  try {
    Intl.DateTimeFormat("en-US", { timeZone: zone })
    return true
  } catch {
    return false // a RangeError is how Intl says no
  }
}

/**
 * Reads epoch milliseconds or ISO 8601; a time without an offset is one of `zone`. null for anything else.
 * An unescaped `+` of an offset arrives from a query as a space, and is taken for a plus.
 */
export function readInstant(text: string, zone = "UTC"): number | null {
  if (/^\d{1,15}$/.test(text)) return Number(text)
  const [, date, time = "00:00", offset] = ISO.exec(text) ?? []
  const utc = Date.parse(`${date}T${time}Z`)
  // JavaScript takes the 30th of February for the 2nd of March.
  if (Number.isNaN(utc) || new Date(utc).toISOString().slice(0, 10) !== date) return null
  if (offset !== undefined) {
    const at = Date.parse(`${date}T${time}${offset.toUpperCase().replace(" ", "+")}`)
    return Number.isNaN(at) ? null : at
  }
  // Twice, because the offset of the first guess may be the one on the other side of a change.
  return utc - offsetAt(utc - offsetAt(utc, zone), zone)
}

/** Milliseconds east of UTC. Sweden writes dates as ISO does. */
function offsetAt(at: number, zone: string): number {
  const second = Math.floor(at / 1_000) * 1_000
  return Date.parse(`${new Date(at).toLocaleString("sv-SE", { timeZone: zone }).replace(" ", "T")}Z`) - second
}
