/** A request's header fields, by lower-case name. Repeated ones are joined as `Headers` does it. */
import type { HeaderFields } from "../exchange.ts"

export class Fields implements HeaderFields {
  readonly #values = new Map<string, string>()
  readonly #repeated: string[] = []

  /** name, value, name, value … */
  constructor(flat: readonly string[]) {
    for (let i = 0; i < flat.length; i += 2) {
      const name = flat[i]!
      const before = this.#values.get(name)
      if (before !== undefined) this.#repeated.push(name)
      this.#values.set(
        name,
        before === undefined ? flat[i + 1]! : `${before}${name === "cookie" ? "; " : ", "}${flat[i + 1]}`,
      )
    }
  }

  get(name: string): string | null {
    return this.#values.get(name) ?? null
  }

  set(name: string, value: string): void {
    this.#values.set(name, value)
  }

  has(name: string): boolean {
    return this.#values.has(name)
  }

  isRepeated(name: string): boolean {
    return this.#repeated.includes(name)
  }

  forEach(visit: (value: string, name: string) => void): void {
    for (const [name, value] of this.#values) visit(value, name)
  }
}
