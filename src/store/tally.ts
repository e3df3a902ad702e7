/** Sums by number, for numbers that lie close together: which are the largest? Hundreds of thousands at a time, so it loops over typed arrays and uses its memory again. */

const STEPS = 1024

export class Tally {
  #sums = new Float32Array(0)
  /** the numbers that have a sum, in the order they came */
  #seen = new Uint32Array(0)
  #count = 0
  #most = 0

  /** @param numbers how many there may be: all are below it */
  reset(numbers: number): void {
    if (numbers > this.#sums.length) {
      this.#sums = new Float32Array(numbers * 1.25)
      this.#seen = new Uint32Array(numbers * 1.25)
    } else for (let at = 0; at < this.#count; at++) this.#sums[this.#seen[at]!] = 0
    this.#count = 0
    this.#most = 0
  }

  /** @param numbers 16 bits each, little-endian, on top of `base` */
  add(numbers: Uint8Array, base: number, weight: number): void {
    const [sums, seen, length] = [this.#sums, this.#seen, numbers.length]
    let [count, most] = [this.#count, this.#most]
    for (let at = 0; at < length; at += 2) {
      const number = base + numbers[at]! + numbers[at + 1]! * 256
      const before = sums[number]!
      if (before === 0) seen[count++] = number
      const sum = before + weight
      sums[number] = sum
      if (sum > most) most = sum
    }
    this.#count = count
    this.#most = most
  }

  /** The numbers with the largest sums, best first; of equal ones the largest. */
  largest(limit: number): number[] {
    const [sums, seen, count] = [this.#sums, this.#seen, this.#count]
    const scale = (STEPS - 1) / this.#most
    const steps = new Uint32Array(STEPS)
    for (let at = 0; at < count; at++) steps[Math.min(STEPS - 1, sums[seen[at]!]! * scale) | 0]!++
    let least = STEPS - 1
    for (let total = steps[least]!; total < limit && least > 0; total += steps[least]!) least--
    const best: number[] = []
    for (let at = 0; at < count; at++) {
      const number = seen[at]!
      if (Math.min(STEPS - 1, sums[number]! * scale) >= least) best.push(number)
    }
    return best.sort((one, other) => sums[other]! - sums[one]! || other - one).slice(0, limit)
  }
}
