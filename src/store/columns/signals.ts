/** What rows count about quality, and the times and tokens that nothing else sums: one column. */
import { type Numbers, packArrays, type Room, unpackArrays } from "./packed-arrays.ts"

/** Times in milliseconds; NaN: the row has none. */
export interface Signals {
  overhead: Float64Array
  memoryMs: Float64Array
  memoryTokens: Uint32Array
  /** where each row's counts begin in `bytes`, and where the last one's end */
  offsets: Uint32Array
  /** as `counters.ts` writes them */
  bytes: Uint8Array
}

/** Of each row: `overhead_ms`, `memory_ms`, `memory_tokens`, and its counts as they are stored. */
export function signalsOf(selected: readonly unknown[][]): Signals {
  const rows = selected as [number | null, number | null, number, Uint8Array | null][]
  const offsets = new Uint32Array(rows.length + 1)
  rows.forEach(([, , , bytes], index) => (offsets[index + 1] = offsets[index]! + (bytes?.length ?? 0)))
  const bytes = new Uint8Array(offsets[rows.length]!)
  rows.forEach(([, , , own], index) => own && bytes.set(own, offsets[index]))
  return {
    overhead: Float64Array.from(rows, ([ms]) => ms ?? Number.NaN),
    memoryMs: Float64Array.from(rows, ([, ms]) => ms ?? Number.NaN),
    memoryTokens: Uint32Array.from(rows, ([, , tokens]) => tokens),
    offsets,
    bytes,
  }
}

export function packSignals({ overhead, memoryMs, memoryTokens, offsets, bytes }: Signals): Uint8Array {
  const lengths = offsets.subarray(1).map((end, index) => end - offsets[index]!)
  return packArrays([overhead, memoryMs, memoryTokens, lengths, bytes])
}

export function unpackSignals(packed: Uint8Array, room: Room): Signals {
  const unpack = unpackArrays(packed)
  const take = <T extends Numbers>(place: number, type: new (length: number) => T) =>
    unpack(place, type, room, `signals ${place}`)
  const lengths = take(3, Uint32Array)
  const offsets = room.take("signals", Uint32Array, lengths.length + 1)
  offsets[0] = 0
  for (let index = 0; index < lengths.length; index++) offsets[index + 1] = offsets[index]! + lengths[index]!
  return {
    overhead: take(0, Float64Array),
    memoryMs: take(1, Float64Array),
    memoryTokens: take(2, Uint32Array),
    offsets,
    bytes: take(4, Uint8Array),
  }
}

/** Calls `take` with each count of each row; rows with a 0 in `mask` are left out. */
export function eachSignal(
  { offsets, bytes }: Signals,
  mask: Uint8Array | null,
  take: (index: number, counter: number, value: number) => void,
): void {
  for (let index = 0; index < offsets.length - 1; index++) {
    if (mask !== null && mask[index] === 0) continue
    const end = offsets[index + 1]!
    for (let at = offsets[index]!; at < end;) {
      const counter = bytes[at++]!
      let value = bytes[at++]!
      if (value >= 0x80) {
        value &= 0x7f
        let scale = 0x80
        let byte: number
        do {
          byte = bytes[at++]!
          value += (byte & 0x7f) * scale
          scale *= 0x80
        } while (byte >= 0x80)
      }
      take(index, counter, value)
    }
  }
}
