/** The weights of what surrounds a memory, for the two kinds of conversations there are. Fitted by coordinate search on half of the conversations, checked on the other. */

export interface Habits {
  /** BM25's saturation and length normalisation, and what a matched pair of words adds, in mean idf */
  k1: number
  b: number
  pair: number
  session: number
  /** the query names who spoke */
  speaker: number
  /** a word of the query is of the memory's date */
  date: number
  /** taken off for the share of questions: who asks does not know */
  asking: number
  /** a factor for a text with a time in it where the query asks when */
  when: number
  person: Neighbours
  assistant: Neighbours
}

export interface Neighbours {
  before: number
  after: number
  twoBefore: number
  /** a score up to 1 counts so much again: people's own words are asked for more often than what they were told */
  own: number
}

/** Named people who talk with each other. */
export const PEERS: Habits = {
  k1: 1.2,
  b: 0.5,
  pair: 0.4,
  session: 0.6,
  speaker: 0.4,
  date: 0.2,
  asking: 0.3,
  when: 1.5,
  person: { before: 0.5, after: 0.3, twoBefore: 0.3, own: 0 },
  assistant: { before: 0.5, after: 0.3, twoBefore: 0.3, own: 0 },
}

/** A person and an assistant. */
export const CHAT: Habits = {
  k1: 2,
  b: 0.9,
  pair: 0.7,
  session: 0.4,
  speaker: 0,
  date: 0,
  asking: 0,
  when: 1.1,
  person: { before: 0, after: 0.4, twoBefore: 0, own: 1 },
  assistant: { before: 0.4, after: 0.2, twoBefore: 0, own: 0 },
}
