/**
 * What is seen of a memory beside a query, and what each sign weighs in the two kinds of conversations there are. A score is the weighted sum. The weights make it likely that
 * each piece of evidence comes before all that is none (a softmax, L2 of 0.001 and 0.003), on the even conversations of LoCoMo (arXiv 2402.17753, 5 of 10) and BEAM-100K
 * (10 of 20). R@10 in conversations that were left out of a fit: LoCoMo 83.1, BEAM 61.5, and 64.0 with the slots for standing instructions. Products of
 * signs, other losses and a second fit for what comes after the best eight brought nothing.
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
  /** a person's first words in a session, and how well those match: they say what it is about */
  opens: number
  opensMatch: number
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
  /** how like the query it is in what its words mean, and the turns around it, and the most like of its session */
  likeness: number
  likenessBefore: number
  likenessAfter: number
  likenessSession: number
}

export type Weights = Readonly<Record<keyof Signs, number>>

/** Named people who talk with each other. */
export const PEERS: Weights = {
  match: 2.12,
  before: 0,
  after: -0.02,
  twoBefore: 0.78,
  twoAfter: 0.45,
  session: 2.28,
  speaker: 0.62,
  otherSpeaker: -0.62,
  date: 3.62,
  asking: -2.18,
  when: 1.64,
  whenMatch: 1.1,
  pair: 0.56,
  person: 0,
  personMatch: 0,
  standing: 0,
  opens: 0,
  opensMatch: 0,
  share: 0.64,
  nearShare: 3.98,
  length: 2.32,
  answers: 3.75,
  askedAbout: 0.1,
  rarest: -0.34,
  likeness: 0.58,
  likenessBefore: -0.05,
  likenessAfter: 0.23,
  likenessSession: 1.11,
}

/** A person and an assistant. */
export const CHAT: Weights = {
  match: 1.98,
  before: 1.46,
  after: 0.47,
  twoBefore: 0.57,
  twoAfter: 0.17,
  session: 0.87,
  speaker: 0,
  otherSpeaker: 0,
  date: 0.11,
  asking: 0,
  when: -0.46,
  whenMatch: -0.52,
  pair: 1.7,
  person: -0.33,
  personMatch: 0.92,
  standing: 0.91,
  opens: 1.18,
  opensMatch: 1.82,
  share: 1.03,
  nearShare: 0.28,
  length: -2.99,
  answers: 0.4,
  askedAbout: -0.5,
  rarest: -0.9,
  likeness: 0.13,
  likenessBefore: -0.32,
  likenessAfter: 0.45,
  likenessSession: 0.7,
}
