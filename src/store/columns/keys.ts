/** What rows are grouped by: numbers while they are counted, texts in the end. */
import { calendarBuckets } from "../calendar.ts"
import { COUNTERS } from "../counters.ts"
import { type Group, GROUPS, isCalendar } from "../groups.ts"
import type { Columns } from "./layout.ts"
import { eachSignal } from "./signals.ts"

export interface Keys {
  /** of each row */
  of(columns: Columns): Uint32Array
  text(number: number, texts: ReadonlyMap<number, string | null>): string | null
  /** those of the numbers that are words */
  words(numbers: Uint32Array, size: number): Iterable<number>
}

export const NO_KEY: Keys = { of: ({ rows }) => new Uint32Array(rows), text: () => null, words: () => [] }

export function createKeys(group: Group | "memory", zone: string): Keys {
  if (group === "memory") return MEMORY_KEYS
  if (isCalendar(group)) return createCalendarKeys(group, zone)
  return {
    of: (columns) => columns.dimension(GROUPS[group]!),
    text: (number, texts) => texts.get(number) ?? null,
    words: (numbers, size) => new Set(numbers.subarray(0, size)),
  }
}

/** Zones change their offset on a quarter of an hour, so that all moments of one have the same name. */
const QUARTER_MS = 15 * 60_000

function createCalendarKeys(unit: "day" | "hour", zone: string): Keys {
  const nameOf = calendarBuckets(unit, zone)
  const names: string[] = []
  const numbers = new Map<string, number>()
  const quarters = new Map<number, number>()
  const numberOf = (quarter: number) => {
    const name = nameOf(quarter * QUARTER_MS)
    let number = numbers.get(name)
    if (number === undefined) numbers.set(name, (number = names.push(name) - 1))
    quarters.set(quarter, number)
    return number
  }
  return {
    of: (columns) => {
      const at = columns.at()
      const found = new Uint32Array(at.length)
      let last = Number.NaN
      let number = 0
      for (let index = 0; index < at.length; index++) {
        const quarter = Math.floor(at[index]! / QUARTER_MS)
        if (quarter !== last) number = quarters.get((last = quarter)) ?? numberOf(quarter)
        found[index] = number
      }
      return found
    },
    text: (number) => names[number]!,
    words: () => [],
  }
}

const MEMORY = ["off", "on", "held-out"]
const MEMORY_ON = COUNTERS.indexOf("memory_on")
const HELD_OUT = COUNTERS.indexOf("held_out")

const MEMORY_KEYS: Keys = {
  of: (columns) => {
    const found = new Uint32Array(columns.rows)
    eachSignal(columns.signals(), null, (index, number) => {
      if (number === HELD_OUT) found[index] = 2
      else if (number === MEMORY_ON && found[index] === 0) found[index] = 1
    })
    return found
  },
  text: (number) => MEMORY[number]!,
  words: () => [],
}
