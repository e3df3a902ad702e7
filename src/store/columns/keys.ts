/** What rows are grouped by: numbers while they are counted, texts in the end. */
import { calendarBuckets } from "../calendar.ts"
import { COUNTERS } from "../counters.ts"
import { type Group, GROUPS, isCalendar } from "../groups.ts"
import { type Columns, encode, type Encoded } from "./layout.ts"
import { eachSignal } from "./signals.ts"
import type { Dictionary } from "./dictionary.ts"

/** What rows are rolled up by. */
export type RollupGroup =
  "model" | "client" | "user" | "project" | "key" | "provider" | "session" | "quarter" | "memory"

export interface Keys {
  /** of each row, as numbers that mean the same for as long as these keys live */
  of(columns: Columns): Encoded
  /** the rollup to use, and the number here of each number there */
  rollup: RollupGroup
  ofRollup(numbers: Uint32Array): Uint32Array
  /** what each number means */
  texts(numbers: Uint32Array, words: Dictionary): (number: number) => string | null
}

export const NO_KEY: Keys = {
  of: ({ rows }) => ({ names: new Uint32Array(1), codes: new Uint32Array(rows) }),
  rollup: "model",
  ofRollup: ({ length }) => new Uint32Array(length),
  texts: () => () => null,
}

/** What a rollup is grouped by. */
export function keysOfRollup(group: RollupGroup): (columns: Columns) => Encoded {
  return group === "quarter"
    ? (columns) => encode(Uint32Array.from(columns.at(), (at) => at / QUARTER_MS))
    : createKeys(group, "UTC").of
}

export function createKeys(group: Group | "memory", zone: string): Keys {
  if (group === "memory") return MEMORY_KEYS
  if (isCalendar(group)) return createCalendarKeys(group, zone)
  return {
    of: (columns) => columns.dimension(GROUPS[group]!),
    rollup: group,
    ofRollup: (numbers) => numbers,
    texts: (numbers, words) => words.textsOf(numbers),
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
      const codes = new Uint32Array(at.length)
      const places = new Map<number, number>()
      let last = Number.NaN
      let place = 0
      for (let index = 0; index < at.length; index++) {
        const quarter = Math.floor(at[index]! / QUARTER_MS)
        if (quarter !== last) {
          const number = quarters.get((last = quarter)) ?? numberOf(quarter)
          place = places.get(number) ?? places.size
          places.set(number, place)
        }
        codes[index] = place
      }
      return { names: Uint32Array.from(places.keys()), codes }
    },
    rollup: "quarter",
    ofRollup: (numbers) => numbers.map((quarter) => quarters.get(quarter) ?? numberOf(quarter)),
    texts: () => (number) => names[number]!,
  }
}

const MEMORY = ["off", "on", "held-out"]
const MEMORY_ON = COUNTERS.indexOf("memory_on")
const HELD_OUT = COUNTERS.indexOf("held_out")

const MEMORY_KEYS: Keys = {
  of: (columns) => {
    const codes = new Uint32Array(columns.rows)
    eachSignal(columns.signals().counts(), (index, number) => {
      if (number === HELD_OUT) codes[index] = 2
      else if (number === MEMORY_ON && codes[index] === 0) codes[index] = 1
    })
    return { names: Uint32Array.from(MEMORY.keys()), codes }
  },
  rollup: "memory",
  ofRollup: (numbers) => numbers,
  texts: () => (number) => MEMORY[number]!,
}
