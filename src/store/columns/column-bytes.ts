/** The columns of a piece to bytes and back. Which bytes are where, `pieces.ts` knows. */
import { type Columns, COUNTS, DIMENSIONS, type Dimension, FRACTIONS, type Span } from "./layout.ts"
import { packArrays, unpackArrays } from "./packed-arrays.ts"
import { packSignals, unpackSignals } from "./signals.ts"

const NUMBERS = { rowids: 0, at: 1, flags: 2, measures: 3, quality: 4, dimensions: 5, signals: 13 } as const
const numberOfDimension = (name: Dimension) => NUMBERS.dimensions + DIMENSIONS.indexOf(name)

/** All columns have numbers below it. */
export const COLUMN_IDS = 16

/** Every column by its number. `firstRowid`: no row's is less. */
export function packColumns(columns: Columns, firstRowid: number): [number: number, bytes: Uint8Array][] {
  const since = (start: number, values: Float64Array) => packArrays([values.map((value) => value - start)])
  return [
    [NUMBERS.rowids, since(firstRowid, columns.rowids())],
    [NUMBERS.at, since(columns.minAt, columns.at())],
    [NUMBERS.flags, packArrays([columns.flags()])],
    [NUMBERS.measures, packArrays([...FRACTIONS.map(columns.fraction), ...COUNTS.map(columns.count)])],
    [NUMBERS.quality, packArrays([columns.quality()])],
    [NUMBERS.signals, packSignals(columns.signals())],
    ...DIMENSIONS.map((name): [number, Uint8Array] => [numberOfDimension(name), packNames(columns.dimension(name))]),
  ]
}

/** The different ones, and of each row which of them it has. */
function packNames(numbers: Uint32Array): Uint8Array {
  const places = new Map<number, number>()
  const which = numbers.map((number) => {
    const place = places.get(number) ?? places.size
    places.set(number, place)
    return place
  })
  return packArrays([Uint32Array.from(places.keys()), which])
}

export interface Unpacker {
  /** `read` gives a column's bytes. Each column is read when it is asked for, into the same memory for one piece after the other: it holds until the next is opened. */
  open(
    piece: Span & { rows: number; firstRowid: number },
    valid: Uint8Array | null,
    read: (column: number) => Uint8Array,
  ): Columns
}

/** For pieces of up to so many rows. */
export function createUnpacker(mostRows: number): Unpacker {
  const memory = new Map<number | string, Float64Array | Uint32Array>()
  const fractions = (name: number | string) => {
    if (!memory.has(name)) memory.set(name, new Float64Array(mostRows))
    return memory.get(name) as Float64Array
  }
  const counts = (name: number | string) => {
    if (!memory.has(name)) memory.set(name, new Uint32Array(mostRows))
    return memory.get(name) as Uint32Array
  }
  return {
    open({ rows, minAt, maxAt, firstRowid }, valid, read) {
      const since = (start: number, column: number) => {
        const values = unpackArrays(read(column))(0, Float64Array, fractions(column))
        for (let index = 0; index < values.length; index++) values[index]! += start
        return values
      }
      let measures: ReturnType<typeof unpackArrays> | null = null
      const unpackMeasure: ReturnType<typeof unpackArrays> = (place, type, into) =>
        (measures ??= unpackArrays(read(NUMBERS.measures)))(place, type, into)
      return {
        rows,
        minAt,
        maxAt,
        valid,
        rowids: () => since(firstRowid, NUMBERS.rowids),
        at: () => since(minAt, NUMBERS.at),
        flags: () => unpackArrays(read(NUMBERS.flags))(0, Uint8Array),
        quality: () => unpackArrays(read(NUMBERS.quality))(0, Float64Array, fractions(NUMBERS.quality)),
        fraction: (name) => unpackMeasure(FRACTIONS.indexOf(name), Float64Array, fractions(name)),
        count: (name) => unpackMeasure(FRACTIONS.length + COUNTS.indexOf(name), Uint32Array, counts(name)),
        dimension: (name) => {
          const column = numberOfDimension(name)
          const unpack = unpackArrays(read(column))
          const names = unpack(0, Uint32Array)
          const numbers = unpack(1, Uint32Array, counts(column))
          for (let index = 0; index < numbers.length; index++) numbers[index] = names[numbers[index]!]!
          return numbers
        },
        signals: () => unpackSignals(read(NUMBERS.signals)),
      }
    },
  }
}
