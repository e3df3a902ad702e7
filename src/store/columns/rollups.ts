/**
 * Sums of some sixteen thousand rows, or more, by one thing that reports are grouped by, kept so that a report reads a row's sums from them and not from the rows. With what
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

/**
 * Pieces that are rolled up together: fewer leave fewer rows at the ends of a span of time to be read one by one, in more, sums and histograms repeat less often, and of a
 * group of many rows there is a histogram instead of all its values.
 */
export const LEVELS = [4, 16, 64] as const
/** Conversations and quarters of an hour are hardly ever in two blocks: to put these together saves nothing. */
const LOCAL: readonly RollupGroup[] = ["session", "quarter"]

/** `LEVELS[level]` pieces, from `number` times as many on. */
export interface Block {
  level: number
  number: number
}

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

export const levelsOf = (name: RollupName) => (LOCAL.includes(readName(name)[1]) ? 1 : LEVELS.length)

const readName = (name: RollupName) => name.split(" ") as ["usage" | "quality", RollupGroup]

const IDS = 32
const BLOCKS = 2 ** 24
const firstId = ({ level, number }: Block) => (level * BLOCKS + number) * IDS
export const rollupId = (block: Block, name: RollupName) => firstId(block) + ROLLUPS.indexOf(name)

export interface Rollup {
  /** numbers of words, of quarters of an hour since 1970, or of memory's states */
  keys: Uint32Array
  tallies: PackedTallies
}

/** `parts`: pieces, or rollups of the same name. */
export function rollUp(name: RollupName, parts: Iterable<Columns | Rollup>): Uint8Array {
  const [measure, group] = readName(name)
  const keys = keysOfRollup(group)
  const groups = new GroupTable()
  const tallies = new Tallies(MEASURES[measure])
  for (const part of parts) {
    if ("tallies" in part) {
      const numbers = part.keys.map((key) => groups.of(key, 0))
      tallies.addPacked(part.tallies, numbers, groups.size)
    } else tallies.count(part, groups.ofRows(keys(part), NO_KEY.of(part)), groups.size)
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

/** Each array of its tallies holds until the next one of its kind is read. */
export function readRollup(blobs: Blobs, block: Block, name: RollupName): Rollup {
  const unpack = unpackArrays(blobs.get("rollups", rollupId(block, name)))
  const { sums } = MEASURES[readName(name)[0]]
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
