/** What is ranked: a query, and what a store found for it. Types only. */

import type { Hit, Place } from "../../store/memory-tables.ts"
import type { WordVectors } from "./word-vectors.ts"

export interface Corpus {
  /** parts in the namespace, and words in a part on average */
  parts: number
  meanTerms: number
  /** in how many parts of the namespace each of the query's words is */
  frequency: ReadonlyMap<string, number>
  hits: readonly Hit[]
  places: readonly Place[]
  /** the words of parts, by their ids; a part that is gone is missing */
  wordsOf: (parts: readonly number[]) => ReadonlyMap<number, string>
}

export interface Query {
  text: string
  /** its words in order, with repetitions */
  terms: readonly string[]
  /** words of the speakers' names, and of dates, as terms */
  termsOf: (text: string) => readonly string[]
  /** those of `terms` that say little: see `asides.ts` */
  asides: ReadonlySet<string>
  /** of words by what they mean: `word-vectors.ts` */
  compare: WordVectors["compareTo"]
}
