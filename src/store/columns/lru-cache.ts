/** Values that were asked for in the last seconds, the least recently used first; its owner says when to shrink. */
export class LruCache<T> {
  bytes = 0
  readonly #bytesOf: (value: T) => number
  #lately = new Map<string, T>()
  #before = new Map<string, T>()

  constructor(bytesOf: (value: T) => number) {
    this.#bytesOf = bytesOf
  }

  get(key: string): T | undefined {
    const value = this.take(key)
    if (value !== undefined) this.put(key, value)
    return value
  }

  put(key: string, value: T): void {
    this.take(key)
    this.bytes += this.#bytesOf(value)
    this.#lately.set(key, value)
  }

  /** What is there, which is no longer. */
  take(key: string): T | undefined {
    const value = this.#lately.get(key) ?? this.#before.get(key)
    if (value === undefined) return undefined
    this.#lately.delete(key)
    this.#before.delete(key)
    this.bytes -= this.#bytesOf(value)
    return value
  }

  /** Lets go of the oldest until no more than `most` bytes are left. */
  shrink(most: number): void {
    for (const key of [...this.#before.keys(), ...this.#lately.keys()]) {
      if (this.bytes <= most) return
      this.take(key)
    }
  }

  /** Some seconds went by: what nobody asked for since the last time leaves. */
  age(): void {
    for (const value of this.#before.values()) this.bytes -= this.#bytesOf(value)
    this.#before = this.#lately
    this.#lately = new Map()
  }
}
