/**
 * What is seen of a memory beside a query, and what each sign weighs in the two kinds of conversations there are. A score is the weighted sum. The weights maximise the
 * likelihood of the evidence among all candidates (a softmax over them), fitted on the even conversations of LoCoMo (arXiv 2402.17753, 5 of 10) and BEAM-100K (10 of 20);
 * each was also scored by a fit on the other conversations alone.
 */
export interface Signs {
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

export type Weights = Readonly<Record<keyof Signs, number>>

/** Named people who talk with each other. */
export const PEERS: Weights = {
  match: 2,
  before: 0.07,
  after: 0.15,
  twoBefore: 0.78,
  twoAfter: 0.43,
  session: 2.52,
  speaker: 0.87,
  otherSpeaker: -0.46,
  date: 2.99,
  asking: -1.93,
  when: 1.47,
  whenMatch: 1.08,
  pair: 0.87,
  person: 0,
  personMatch: 0,
  standing: 0,
  share: 0.89,
  nearShare: 3.72,
  length: 2.04,
  answers: 3.1,
  askedAbout: 0.05,
  rarest: -0.28,
}

/** A person and an assistant. */
export const CHAT: Weights = {
  match: 1.85,
  before: -0.55,
  after: 0.95,
  twoBefore: -0.04,
  twoAfter: 0.05,
  session: 0.68,
  speaker: 0.87,
  otherSpeaker: -0.46,
  date: 0.09,
  asking: 0.03,
  when: -0.51,
  whenMatch: -0.07,
  pair: 0.93,
  person: 0.17,
  personMatch: 2.66,
  standing: 1.01,
  share: 0.65,
  nearShare: 0.28,
  length: -2.29,
  answers: 1.43,
  askedAbout: -0.5,
  rarest: -0.61,
}
