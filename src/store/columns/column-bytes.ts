/** The columns of a piece to bytes and back. Which bytes are where, `pieces.ts` knows. */
import { type Columns, COUNTS, DIMENSIONS, type Dimension, FRACTIONS, type Span } from "./layout.ts"
import { type Numbers, packArrays, Room, unpackArrays } from "./packed-arrays.ts"
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

export function createUnpacker(): Unpacker {
  const room = new Room()
  return {
    open({ rows, minAt, maxAt, firstRowid }, valid, read) {
      const since = (start: number, column: number) => {
        const values = unpackArrays(read(column))(0, Float64Array, room, column)
        for (let index = 0; index < values.length; index++) values[index]! += start
        return values
      }
      let measures: ReturnType<typeof unpackArrays> | null = null
      const unpackMeasure = <T extends Numbers>(place: number, type: new (length: number) => T, name: string) =>
        (measures ??= unpackArrays(read(NUMBERS.measures)))(place, type, room, name)
      return {
        rows,
        minAt,
        maxAt,
        valid,
        rowids: () => since(firstRowid, NUMBERS.rowids),
        at: () => since(minAt, NUMBERS.at),
        flags: () => unpackArrays(read(NUMBERS.flags))(0, Uint8Array, room, NUMBERS.flags),
        quality: () => unpackArrays(read(NUMBERS.quality))(0, Float64Array, room, NUMBERS.quality),
        fraction: (name) => unpackMeasure(FRACTIONS.indexOf(name), Float64Array, name),
        count: (name) => unpackMeasure(FRACTIONS.length + COUNTS.indexOf(name), Uint32Array, name),
        dimension: (name) => {
          const column = numberOfDimension(name)
          const unpack = unpackArrays(read(column))
          const names = unpack(0, Uint32Array)
          const numbers = unpack(1, Uint32Array, room, column)
          for (let index = 0; index < numbers.length; index++) numbers[index] = names[numbers[index]!]!
          return numbers
        },
        signals: () => unpackSignals(read(NUMBERS.signals), room),
      }
    },
  }
}
