/** What is ranked: a query, and what a store found for it. Types only. */

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
}

export interface Corpus {
  /** parts in the namespace, and words in a part on average */
  parts: number
  meanTerms: number
  /** in how many parts of the namespace each of the query's words is */
  frequency: ReadonlyMap<string, number>
  hits: readonly Hit[]
  places: readonly Place[]
}

export interface Query {
  text: string
  /** its words in order, with repetitions */
  terms: readonly string[]
  /** words of the speakers' names, and of dates, as terms */
  termsOf: (text: string) => readonly string[]
  /** how like a text's terms are to the query's in what they mean, from 0: `meaning.ts` */
  likeness: (terms: readonly string[]) => number
}
