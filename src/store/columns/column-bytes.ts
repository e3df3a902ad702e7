/** The columns of a piece to bytes and back. Which bytes are where, `pieces.ts` knows. */
import { type Columns, DIMENSIONS, type Dimension, type MeasureName, MEASURES, type Span } from "./layout.ts"
import { packArrays, Room, unpackArrays } from "./packed-arrays.ts"
import { packSignals, type Signals, unpackSignals } from "./signals.ts"

const NUMBERS = { rowids: 0, at: 1, flags: 2, measures: 3, quality: 4, signals: 5, dimensions: 6 } as const
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
    [NUMBERS.measures, packArrays(MEASURES.map(columns.measure))],
    [NUMBERS.quality, packArrays([columns.quality()])],
    [NUMBERS.signals, packSignals(columns.signals())],
    ...DIMENSIONS.map((name): [number, Uint8Array] => {
      const { names, codes } = columns.dimension(name)
      return [numberOfDimension(name), packArrays([names, codes])]
    }),
  ]
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
  /** what is in the room */
  let current: object | null = null
  const measured = new Map<MeasureName, Float64Array>()
  return {
    open({ rows, minAt, maxAt, firstRowid }, valid, read) {
      const since = (start: number, column: number) => {
        const values = unpackArrays(read(column))(0, Float64Array, room, column)
        for (let index = 0; index < values.length; index++) values[index]! += start
        return values
      }
      let measures: ReturnType<typeof unpackArrays> | null = null
      let signals: Signals | null = null
      return {
        rows,
        minAt,
        maxAt,
        valid,
        rowids: () => since(firstRowid, NUMBERS.rowids),
        at: () => since(minAt, NUMBERS.at),
        flags: () => unpackArrays(read(NUMBERS.flags))(0, Uint8Array, room, NUMBERS.flags),
        quality: () => unpackArrays(read(NUMBERS.quality))(0, Float64Array, room, NUMBERS.quality),
        measure(name) {
          measures ??= unpackArrays(read(NUMBERS.measures))
          if (current !== measures) measured.clear()
          current = measures
          let values = measured.get(name)
          if (!values) measured.set(name, (values = measures(MEASURES.indexOf(name), Float64Array, room, name)))
          return values
        },
        dimension: (name) => {
          const column = numberOfDimension(name)
          const unpack = unpackArrays(read(column))
          return { names: unpack(0, Uint32Array), codes: unpack(1, Uint32Array, room, column) }
        },
        signals: () => (signals ??= unpackSignals(read(NUMBERS.signals), room)),
      }
    },
  }
}
