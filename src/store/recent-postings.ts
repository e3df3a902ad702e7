/** The postings of each namespace's newest parts, which are not in the inverted index yet. Every search needs them, so those of the namespaces last searched are kept, and only what came since is read. */
import type { Database } from "bun:sqlite"
import { keepRecent } from "../keep-recent.ts"
import { readParts } from "./memory-writes.ts"
import { sortIn } from "./inverted-index.ts"

/** Parts, and twice as many each time: what a slow disk gave until the time was over need not be read again. */
const FIRST_READ = 16
/** Of 300 KB each, at most. */
const MOST_KEPT = 16

interface Known {
  /** numbers of parts: those from the one to before the other are read */
  from: number
  to: number
  /** by word: the parts it is in, ascending */
  numbers: Map<string, number[]>
}

export class RecentPostings {
  #db: Database | null = null
  readonly #known = new Map<number, Known>()

  /** Parts were removed or moved: what was read may be gone. */
  forget(): void {
    this.#known.clear()
  }

  /** Of the parts from the number `from` to before the number `to`, by word: which ones it is in. */
  read(
    use: <T>(act: (db: Database) => T) => T,
    namespace: number,
    from: number,
    to: number,
  ): ReadonlyMap<string, readonly number[]> {
    const db = use((current) => current)
    if (db !== this.#db) this.forget()
    this.#db = db
    let known = this.#known.get(namespace)
    if (known?.from !== from || known.to > to) known = { from, to: from, numbers: new Map() }
    keepRecent(this.#known, namespace, known, MOST_KEPT)
    for (let most = FIRST_READ; known.to < to; most *= 2) {
      const next = Math.min(to, known.to + most)
      sortIn(
        known.numbers,
        use(() => readParts(db, namespace, known.to, next)),
      )
      known.to = next
    }
    return known.numbers
  }
}
