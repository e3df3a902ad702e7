/** What is ranked: a query, and what a store found for it. Types only. */

import type { WordVectors } from "./word-vectors.ts"

/** A part of a memory that shares a word with the query. */
export interface Hit {
  memory: number
  part: number
  /** its words in order, separated by spaces */
  terms: string
}

/** A memory that was hit, or lies near one. */
export interface Place {
  memory: number
  /** null: of no session */
  session: number | null
  /** its place in the session */
  pos: number
  role: string
  /** a name; null where it is only the role again */
  speaker: string | null
  /** epoch milliseconds */
  createdAt: number
  saysWhen: boolean
  /** 0 to 1 */
  asking: number
  isStanding: boolean
  /** of its text, in UTF-8 */
  bytes: number
  /** the id of its first part */
  firstPart: number
}

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
