/** Numbers the groups of a report in the order they are met. A hash table of number pairs: over a million rows a Map of pairs takes ten times as long. */

/** What is in none of the groups that are counted. */
export const NO_GROUP = 0xffffffff

/** Slots for each group there is room for: three of four stay free. */
const ROOM = 4

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

  /** The group of each row; of rows with a 0 in `mask`, nothing that means anything. */
  of(firsts: Uint32Array, seconds: Uint32Array, mask: Uint8Array | null): Uint32Array {
    const groups = new Uint32Array(firsts.length)
    for (let index = 0; index < groups.length; index++) {
      if (mask !== null && mask[index] === 0) continue
      const first = firsts[index]!
      const second = seconds[index]!
      const slot = this.#find(first, second)
      const group = this.#slots[slot]! - 1
      groups[index] = group >= 0 ? group : this.#add(first, second, slot)
    }
    return groups
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

function hash(first: number, second: number): number {
  const mixed = Math.imul(first, 0x9e3779b1) ^ Math.imul(second, 0x85ebca6b)
  return mixed ^ (mixed >>> 15)
}
