/** A request's header fields, read from the runtime once: each later look is a property's, not a call into it. */
import type { HeaderFields } from "../exchange.ts"

export class Fields implements HeaderFields {
  readonly #record: Readonly<Record<string, string>>

  constructor(headers: Headers) {
    this.#record = headers.toJSON()
  }

  get(name: string): string | null {
    const value: unknown = this.#record[name]
    return typeof value === "string" ? value : null // `constructor` is every object's
  }

  has(name: string): boolean {
    return this.get(name) !== null
  }

  forEach(visit: (value: string, name: string) => void): void {
    for (const name in this.#record) visit(this.#record[name]!, name)
  }
}
