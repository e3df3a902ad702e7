/**
 * Sums of some sixteen thousand rows by one thing that reports are grouped by, kept so that a report reads a row's sums from them and not from the rows. With what
 * percentiles need: the values of small groups, the histograms of large ones, so that what is put together says the same as all rows at once.
 */
import type { Blobs } from "./blobs.ts"
import { GroupTable } from "./group-table.ts"
import { keysOfRollup, NO_KEY, type RollupGroup } from "./keys.ts"
import type { Columns } from "./layout.ts"
import { packArrays, Room, unpackArrays } from "./packed-arrays.ts"
import { QUALITY_MEASURE } from "./quality-measure.ts"
import type { PackedSamples } from "./samples.ts"
import { type Measure, type PackedTallies, Tallies } from "./tallies.ts"
import { USAGE_MEASURE } from "./usage-measure.ts"

/** Pieces that are rolled up together. With fewer, sums and histograms repeat more often; with more, more rows at the ends of a span of time are read one by one. */
export const BLOCK_PIECES = 4

const GROUPS: Record<"usage" | "quality", readonly RollupGroup[]> = {
  usage: ["model", "client", "user", "project", "key", "provider", "quarter", "session"],
  quality: ["model", "client", "user", "project", "key", "provider", "quarter", "memory"],
}
const MEASURES: Record<"usage" | "quality", Measure> = { usage: USAGE_MEASURE, quality: QUALITY_MEASURE }

export type RollupName = `${"usage" | "quality"} ${RollupGroup}`

/** A name's place is where it is stored. */
export const ROLLUPS: readonly RollupName[] = (["usage", "quality"] as const).flatMap((measure) =>
  GROUPS[measure].map((group) => `${measure} ${group}` as const),
)

const IDS = 32
export const rollupId = (block: number, index: number) => block * IDS + index

export interface Rollup {
  /** numbers of words, of quarters of an hour since 1970, or of memory's states */
  keys: Uint32Array
  tallies: PackedTallies
}

export function rollUp(name: RollupName, pieces: Iterable<Columns>): Uint8Array {
  const [measure, group] = name.split(" ") as ["usage" | "quality", RollupGroup]
  const keys = keysOfRollup(group)
  const groups = new GroupTable()
  const tallies = new Tallies(MEASURES[measure])
  for (const columns of pieces) {
    tallies.count(columns, groups.ofRows(keys(columns), NO_KEY.of(columns)), groups.size)
  }
  tallies.finish(groups.size)
  const { sums, samples } = tallies.pack(groups.size)
  return packArrays([groups.firsts.subarray(0, groups.size), ...sums, ...samples.flatMap(arraysOf)])
}

const arraysOf = ({ counts, values, widths, sparse, all }: PackedSamples) => [
  counts,
  values,
  widths,
  sparse.buckets,
  sparse.times,
  all.buckets,
  all.times,
]
const SAMPLE_ARRAYS = 7

const room = new Room()

/** null where there is none. Each array of its tallies holds until the next one of its kind is read. */
export function readRollup(blobs: Blobs, block: number, name: RollupName): Rollup | null {
  const bytes = blobs.get("rollups", rollupId(block, ROLLUPS.indexOf(name)))
  if (!bytes) return null
  const unpack = unpackArrays(bytes)
  const { sums } = MEASURES[name.split(" ")[0] as "usage" | "quality"]
  return {
    keys: unpack(0, Uint32Array),
    tallies: {
      sumsAt: (place) => unpack(1 + place, Float64Array, room, "sums"),
      samples(kind) {
        const first = 1 + sums + kind * SAMPLE_ARRAYS
        const numbers = (at: number) => unpack(first + at, Uint32Array, room, at)
        return {
          get counts() {
            return numbers(0)
          },
          get values() {
            return unpack(first + 1, Float64Array, room, "values")
          },
          get widths() {
            return numbers(2)
          },
          get sparse() {
            return { buckets: numbers(3), times: numbers(4) }
          },
          get all() {
            return { buckets: numbers(5), times: numbers(6) }
          },
        }
      },
    },
  }
}
