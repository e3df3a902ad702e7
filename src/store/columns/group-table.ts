/** Numbers the groups of a report in the order they are met. A hash table of number pairs: over a million rows a Map of pairs takes ten times as long. */
import type { Encoded } from "./layout.ts"

/** What is in none of the groups that are counted. */
export const NO_GROUP = 0xffffffff

/** Slots for each group there is room for: three of four stay free. */
const ROOM = 4
/** Pairs of codes whose group is remembered within a piece: four in five rows are of one met in the piece before, and need no look into the large table. */
const REMEMBERED = 2 ** 14
const rememberedPairs = new Int32Array(REMEMBERED)
const rememberedGroups = new Uint32Array(REMEMBERED)

export class GroupTable {
  size = 0
  /** the groups' own pairs, by their numbers */
  firsts = new Uint32Array(1_024)
  seconds = new Uint32Array(1_024)
  /** a group's number + 1; 0: free */
  #slots = new Uint32Array(1_024 * ROOM)

  /** One that goes on from here. */
  fork(): GroupTable {
    const table = new GroupTable()
    table.size = this.size
    table.firsts = this.firsts.slice()
    table.seconds = this.seconds.slice()
    table.#slots = this.#slots.slice()
    return table
  }

  get bytes(): number {
    return this.firsts.byteLength + this.seconds.byteLength + this.#slots.byteLength
  }

  /** The group of each row. */
  ofRows(first: Encoded, second: Encoded): Uint32Array {
    const [firsts, seconds] = [first.codes, second.codes]
    const width = second.names.length
    const groups = new Uint32Array(firsts.length)
    rememberedPairs.fill(-1)
    for (let index = 0; index < groups.length; index++) {
      const pair = (Math.imul(firsts[index]!, width) + seconds[index]!) | 0
      const place = pair & (REMEMBERED - 1)
      if (rememberedPairs[place] !== pair) {
        rememberedPairs[place] = pair
        rememberedGroups[place] = this.of(first.names[firsts[index]!]!, second.names[seconds[index]!]!)
      }
      groups[index] = rememberedGroups[place]!
    }
    return groups
  }

  of(first: number, second: number): number {
    const slot = this.#find(first, second)
    const group = this.#slots[slot]! - 1
    return group >= 0 ? group : this.#add(first, second, slot)
  }

  /** The pair's slot, or the free one where it belongs. */
  #find(first: number, second: number): number {
    const mask = this.#slots.length - 1
    for (let slot = hash(first, second) & mask; ; slot = (slot + 1) & mask) {
      const group = this.#slots[slot]! - 1
      if (group < 0 || (this.firsts[group] === first && this.seconds[group] === second)) return slot
    }
  }

  #add(first: number, second: number, slot: number): number {
    const group = this.size++
    if (group === this.firsts.length) {
      this.#grow()
      slot = this.#find(first, second)
    }
    this.firsts[group] = first
    this.seconds[group] = second
    this.#slots[slot] = group + 1
    return group
  }

  #grow(): void {
    const { firsts, seconds } = this
    this.firsts = new Uint32Array(firsts.length * 2)
    this.seconds = new Uint32Array(firsts.length * 2)
    this.firsts.set(firsts)
    this.seconds.set(seconds)
    this.#slots = new Uint32Array(firsts.length * 2 * ROOM)
    for (let group = 0; group < firsts.length; group++)
      this.#slots[this.#find(firsts[group]!, seconds[group]!)] = group + 1
  }
}

/** Numbers that follow each other, as those of names that came together do, lie beside each other. */
const hash = (first: number, second: number) => first + Math.imul(second, 0x9e3779b1)
