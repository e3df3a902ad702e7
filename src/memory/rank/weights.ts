/**
 * The features of a memory for a query, and what each weighs in the two kinds of conversations there are. A score is the weighted sum: of the first look for all candidates,
 * and of a second for the best of them. The weights make it likely that each piece of evidence comes before all that is none (a softmax, L2 of 0.001), on the even conversations of
 * LoCoMo (arXiv 2402.17753, 5 of 10; each piece counts) and BEAM-100K (10 of 20; each question counts). R@10 in conversations that were left out of a fit: LoCoMo 85.9, BEAM 65.1.
 * Trees with any products of features were no better than the sum; nor was more feedback from the best (their words, their mean vector), nor how well turns around one are ranked,
 * nor what the question asks for (its first noun); how recent one is brings nothing among the first ten.
 */
export interface Features {
  /** BM25 of its best part, 1 for the best of all candidates */
  match: number
  /** the same of the turns around it in its session */
  before: number
  after: number
  twoBefore: number
  twoAfter: number
  /** BM25 of its session, 1 for the best */
  session: number
  /** the query names who spoke; or somebody else */
  speaker: number
  otherSpeaker: number
  /** words of the query that are of its date */
  date: number
  /** share of its sentences that are questions: who asks does not know */
  asking: number
  /** the query asks when, and it says a time; and how well that one matches */
  when: number
  whenMatch: number
  /** neighbouring words of the query that are neighbours in it, by their share of the query */
  pair: number
  /** a person's own words to an assistant */
  person: number
  personMatch: number
  standing: number
  /** a person's first words in a session, and how well those match: they say what is new, and what it is about */
  opens: number
  opensMatch: number
  /** the query asks for a summary, and an assistant said it: who explains tells much */
  summary: number
  /** share of the query, by idf, that it speaks of; and that it and its neighbours speak of */
  share: number
  nearShare: number
  /** 1 from thirty words on, by their logarithm */
  length: number
  /** it follows a question that matches; a question that matches follows it */
  answers: number
  askedAbout: number
  /** the query's rarest word in it, against the rarest of all */
  rarest: number
}

/** Of a second look at the likeliest. */
export interface SemanticFeatures {
  /** share of the query, but for names and dates, that it means, in other words too; that it and its neighbours mean; and the best of its session */
  meant: number
  meantNear: number
  meantSession: number
  /** how like the query it is in all that its words mean */
  likeness: number
  /** it says a number */
  number: number
  /** the mean of its three rarest words among those looked at, as logarithms: who tells something names things */
  rarity: number
  /** the share of its words that mean whom it is said to */
  addressing: number
}

/** Of the first look: by words, who spoke and when. */
export type Weights = Readonly<Record<keyof Features, number>>

/** Of the second look: what it adds to the first. Once it is seen what they mean, the shares of words say less. */
export type AddedWeights = Readonly<
  Record<"match" | "session" | "share" | "nearShare" | "length" | keyof SemanticFeatures, number>
>

/** Named people who talk with each other. */
export const PEERS: Weights = {
  match: 1.9,
  before: -0.34,
  after: 0.03,
  twoBefore: 0.57,
  twoAfter: 0.45,
  session: 1.74,
  speaker: 0.75,
  otherSpeaker: -0.76,
  date: 3.92,
  asking: -1.65,
  when: 1.47,
  whenMatch: 1.21,
  pair: 0.92,
  person: 0,
  personMatch: 0,
  standing: 0,
  opens: 1.08,
  opensMatch: 0,
  summary: 0,
  share: 0.77,
  nearShare: 3.91,
  length: 2.71,
  answers: 4.08,
  askedAbout: 0.37,
  rarest: 0.03,
}

/** A person and an assistant. */
export const CHAT: Weights = {
  match: 2.48,
  before: 1.55,
  after: 1.13,
  twoBefore: 0.9,
  twoAfter: 0.3,
  session: 1.18,
  speaker: 0,
  otherSpeaker: 0,
  date: 0.13,
  asking: -0.05,
  when: -0.28,
  whenMatch: -1.14,
  pair: 2.46,
  person: -0.64,
  personMatch: 0.46,
  standing: 0.73,
  opens: 1.67,
  opensMatch: 2.14,
  summary: 2.97,
  share: 1.23,
  nearShare: -0.19,
  length: -4.48,
  answers: 0.15,
  askedAbout: -2.51,
  rarest: -1.16,
}

/** What the second look adds between people, and in what a person and an assistant said. */
export const PEERS_AGAIN: AddedWeights = {
  match: -0.98,
  session: -0.71,
  share: -2.54,
  nearShare: -3.6,
  length: -4.07,
  meant: 4.29,
  meantNear: 5.06,
  meantSession: 1.99,
  likeness: 0.97,
  number: 0.63,
  rarity: 0.53,
  addressing: -6.04,
}

export const CHAT_AGAIN: AddedWeights = {
  match: 0,
  session: -0.36,
  share: -6.8,
  nearShare: 0,
  length: -3.41,
  meant: 8.51,
  meantNear: -0.96,
  meantSession: 0.74,
  likeness: 0.85,
  number: 0.18,
  rarity: 0,
  addressing: 0,
}
