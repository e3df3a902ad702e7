/** Some rows of a piece as columns of their own: who counts or searches them goes through no others. */
import type { Columns } from "./layout.ts"
import { type Numbers, Room } from "./packed-arrays.ts"
import type { Signals, StoredCounts } from "./signals.ts"

/** The rows with a 1 in `mask`; null: there are none. Like a piece's columns, each holds until the next piece's is read. */
export function selectRows(columns: Columns, mask: Uint8Array | null): Columns | null {
  if (mask === null) return columns
  const rows = rowsOf(mask)
  if (rows.length === 0) return null
  if (rows.length === columns.rows) return columns
  const pick = <T extends Numbers>(values: T, name: string): T => gather(values, rows, name)
  return {
    rows: rows.length,
    minAt: columns.minAt,
    maxAt: columns.maxAt,
    valid: columns.valid && gatherInto(new Uint8Array(rows.length), columns.valid, rows),
    rowids: () => pick(columns.rowids(), "rowids"),
    at: () => pick(columns.at(), "at"),
    flags: () => pick(columns.flags(), "flags"),
    quality: () => pick(columns.quality(), "quality"),
    measure: (name) => pick(columns.measure(name), name),
    dimension(name) {
      const { names, codes } = columns.dimension(name)
      return { names, codes: pick(codes, name) }
    },
    signals: () => selectSignals(columns.signals(), rows),
  }
}

const selectSignals = (signals: Signals, rows: Uint32Array): Signals => ({
  times: (place) => gather(signals.times(place), rows, `times ${place}`),
  memoryTokens: () => gather(signals.memoryTokens(), rows, "memoryTokens"),
  counts: () => selectCounts(signals.counts(), rows),
})

function selectCounts({ offsets, bytes }: StoredCounts, rows: Uint32Array): StoredCounts {
  const own = new Uint32Array(rows.length + 1)
  rows.forEach((row, index) => (own[index + 1] = own[index]! + offsets[row + 1]! - offsets[row]!))
  const picked = new Uint8Array(own[rows.length]!)
  rows.forEach((row, index) => picked.set(bytes.subarray(offsets[row], offsets[row + 1]), own[index]))
  return { offsets: own, bytes: picked }
}

function rowsOf(mask: Uint8Array): Uint32Array {
  const rows = new Uint32Array(mask.length)
  let count = 0
  for (let index = 0; index < mask.length; index++) if (mask[index] === 1) rows[count++] = index
  return rows.slice(0, count)
}

const room = new Room()

function gather<T extends Numbers>(values: T, rows: Uint32Array, name: string): T {
  return gatherInto(room.take(name, values.constructor as new (length: number) => T, rows.length), values, rows)
}

function gatherInto<T extends Numbers>(picked: T, values: T, rows: Uint32Array): T {
  for (let index = 0; index < rows.length; index++) picked[index] = values[rows[index]!]!
  return picked
}
