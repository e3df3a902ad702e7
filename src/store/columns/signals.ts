/** What rows count about quality, and the times and tokens that nothing else sums: one column. */
import { COUNTERS } from "../counters.ts"
import { type Numbers, packArrays, type Room, unpackArrays } from "./packed-arrays.ts"

/** `ttft_ms` and `tpot_ms` are the provider's own: from the request going out to the first content, and from one output token to the next. */
export const TIMES = ["ttft_ms", "tpot_ms", "overhead_ms", "memory_ms"] as const
const FIRST_CONTENT_MS = COUNTERS.indexOf("first_content_ms")
const PER_TOKEN_US = COUNTERS.indexOf("per_token_us")

/** Each part is made when it is asked for. */
export interface Signals {
  /** one of `TIMES` by its place, milliseconds; NaN: the row has none */
  times(place: number): Float64Array
  memoryTokens(): Uint32Array
  counts(): StoredCounts
}

export interface StoredCounts {
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
  const counts = { offsets, bytes }
  const [ttft, tpot] = [new Float64Array(rows.length).fill(Number.NaN), new Float64Array(rows.length).fill(Number.NaN)]
  eachSignal(counts, (index, counter, value) => {
    if (counter === FIRST_CONTENT_MS) ttft[index] = value
    else if (counter === PER_TOKEN_US) tpot[index] = value / 1000
  })
  const times = [
    ttft,
    tpot,
    Float64Array.from(rows, ([ms]) => ms ?? Number.NaN),
    Float64Array.from(rows, ([, ms]) => ms ?? Number.NaN),
  ]
  const memoryTokens = Uint32Array.from(rows, ([, , tokens]) => tokens)
  return { times: (place) => times[place]!, memoryTokens: () => memoryTokens, counts: () => counts }
}

export function packSignals({ times, memoryTokens, counts }: Signals): Uint8Array {
  const { offsets, bytes } = counts()
  const lengths = offsets.subarray(1).map((end, index) => end - offsets[index]!)
  return packArrays([...TIMES.map((_, place) => times(place)), memoryTokens(), lengths, bytes])
}

export function unpackSignals(packed: Uint8Array, room: Room): Signals {
  const unpack = unpackArrays(packed)
  const take = <T extends Numbers>(place: number, type: new (length: number) => T) =>
    unpack(place, type, room, `signals ${place}`)
  const rest = TIMES.length
  return {
    times: (place) => take(place, Float64Array),
    memoryTokens: () => take(rest, Uint32Array),
    counts() {
      const lengths = take(rest + 1, Uint32Array)
      const offsets = room.take("signals", Uint32Array, lengths.length + 1)
      offsets[0] = 0
      for (let index = 0; index < lengths.length; index++) offsets[index + 1] = offsets[index]! + lengths[index]!
      return { offsets, bytes: take(rest + 2, Uint8Array) }
    },
  }
}

/** Calls `take` with each count of each row. */
export function eachSignal(
  { offsets, bytes }: StoredCounts,
  take: (index: number, counter: number, value: number) => void,
): void {
  for (let index = 0; index < offsets.length - 1; index++) {
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
