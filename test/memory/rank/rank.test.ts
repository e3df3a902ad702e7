import { expect, test } from "bun:test"
import { likeBest } from "../../../src/memory/rank/relevance-feedback.ts"
import { charsFor, excerpt } from "../../../src/memory/rank/excerpt.ts"
import type { Corpus, Query } from "../../../src/memory/rank/corpus.ts"
import type { Place } from "../../../src/store/memory-tables.ts"
import { rank, type Ranked } from "../../../src/memory/rank/rank.ts"
import { featuresOf } from "../../../src/memory/rank/features.ts"
import { addressing, asking, saysWhen } from "../../../src/memory/rank/text-features.ts"
import { openWordVectors } from "../../../src/memory/word-vectors.ts"
import { asidesIn } from "../../../src/memory/rank/asides.ts"
import { datesIn } from "../../../src/memory/rank/dates.ts"
import { queryTerms, termsOf } from "../../../src/memory/rank/terms.ts"

interface Turn {
  text: string
  session?: number
  pos?: number
  speaker?: string
  role?: string
  at?: string
}

const vectors = openWordVectors()

const queryOf = (text: string): Query => {
  const stems = new Map<string, string>()
  return {
    text,
    terms: queryTerms(text, stems),
    termsOf: (words) => termsOf(words, stems),
    asides: new Set(termsOf(asidesIn(text), stems)),
    compare: vectors.compareTo,
  }
}

/** The turns' numbers, best first. */
const ranked = (question: string, turns: readonly Turn[]) => found(question, turns).map(({ memory }) => memory)

function found(question: string, turns: readonly Turn[]): Ranked[] {
  const stems = new Map<string, string>()
  const terms = turns.map(({ text }) => termsOf(text, stems))
  const query = queryOf(question)
  const places: Place[] = turns.map(
    ({ text, session = 1, pos, speaker = null, role = "user", at = "2026-03-01" }, memory) => ({
      memory,
      session,
      pos: pos ?? memory,
      role,
      speaker,
      createdAt: Date.parse(at),
      saysWhen: saysWhen(text),
      asking: asking(text),
      addressing: addressing(text),
      isStanding: false,
      bytes: text.length,
      firstPart: memory,
    }),
  )
  const corpus: Corpus = {
    parts: turns.length,
    meanTerms: terms.flat().length / turns.length,
    frequency: new Map(query.terms.map((term) => [term, terms.filter((own) => own.includes(term)).length])),
    hits: terms.flatMap((own, memory) =>
      own.some((term) => query.terms.includes(term)) ? [{ memory, part: 0, terms: own.join(" ") }] : [],
    ),
    places,
    wordsOf: (parts) => new Map(parts.map((part) => [part, terms[part]!.join(" ")])),
  }
  return rank(query, corpus, featuresOf(query, corpus))
}

test("of two people who say the same, the one that is asked about comes first", () => {
  const turns = ["Ann", "Bea"].map((speaker, session) => ({ text: "I paint sunsets by the lake.", speaker, session }))
  expect(ranked("What does Ann paint?", turns)[0]).toBe(0)
  expect(ranked("What does Bea paint?", turns)[0]).toBe(1)
})

test("an answer is found by the question before it", () => {
  const turns = [
    { text: "We had rain all week, nothing else happened here.", speaker: "Ann", session: 1 },
    { text: "Which instrument does your daughter play?", speaker: "Ann", session: 2 },
    { text: "The cello, and she loves it more every day.", speaker: "Bea", session: 2 },
  ]
  const found = ranked("Which instrument does Bea's daughter play?", turns)
  expect(found.indexOf(2)).toBeLessThan(found.indexOf(0))
})

test("a date in the question prefers what was said that month", () => {
  const turns = ["2026-01-10", "2026-05-20", "2026-09-02"].map((at, session) => ({
    text: "I went hiking with the club again.",
    speaker: "Ann",
    session,
    at,
  }))
  expect(ranked("Where did Ann go hiking in May 2026?", turns)[0]).toBe(1)
})

test("who speaks of themselves comes before who speaks of the other, and who names something before who says what many do", () => {
  const said = (text: string, session: number) => ({ text, speaker: "Ann", session, pos: 5 })
  const own = [
    said("I myself paint sunsets by the lake every week.", 1),
    said("You paint sunsets by the lake every week.", 2),
  ]
  expect(ranked("Who paints sunsets?", own)[0]).toBe(0)
  const fillers = Array.from({ length: 8 }, (_, at) => said("We stayed in the house on a rainy day.", at + 3))
  const named = [
    said("I paint sunsets from the jetty in Lisbon.", 1),
    said("I paint sunsets from the house on a day.", 2),
  ]
  expect(ranked("Who paints sunsets?", [...named, ...fillers])[0]).toBe(0)
})

test("a person's own words come before an assistant's that match as well", () => {
  const turns = [
    { text: "The budget of the kitchen is 4000 euros.", role: "assistant", session: 1 },
    { text: "The budget of the kitchen is 4000 euros.", role: "user", session: 2 },
  ]
  expect(ranked("What is the kitchen's budget?", turns)[0]).toBe(1)
})

test("where a summary is asked for, what an assistant explained comes before a person's own words", () => {
  const turns = [
    { text: "The budget of the kitchen is 4000 euros.", role: "assistant", session: 1, pos: 4 },
    { text: "The budget of the kitchen is 4000 euros.", role: "user", session: 2, pos: 5 },
  ]
  expect(ranked("Can you summarize the kitchen's budget?", turns)[0]).toBe(0)
})

test("words about the asking say less than what is asked", () => {
  const turns = [
    { text: "We discussed different aspects, various items, and listed them in order.", session: 1, pos: 4 },
    { text: "The garden needs a fence.", session: 2, pos: 4 },
  ]
  expect(ranked("List the different aspects of the garden in order", turns)[0]).toBe(1)
})

test("months, summaries and the words of the asking are those of the question's language, too", () => {
  const told = [
    { text: "Wir waren in Rom.", speaker: "Ada", session: 1, at: "2026-05-03" },
    { text: "Wir waren in Rom.", speaker: "Ada", session: 2, at: "2026-08-11" },
  ]
  expect(ranked("Wo war Ada im Mai?", told)).toEqual([0, 1])
  expect(ranked("Где была Ada в мае?", told)).toEqual([0, 1])
  const asides = ["Fais un résumé de mars 2026", "Resuma o que discutimos em maio", "请总结我们讨论过的", "まとめて"]
  expect(asides.map((text) => asidesIn(text).trim())).toEqual([
    "mars 2026 résumé",
    "maio Resuma discutimos",
    "总结 讨论",
    "まとめ",
  ])
  expect(asidesIn("Update my resume, Mario").trim()).toBe("")
})

test("irregular forms are one word", () => {
  expect(ranked("What did she buy?", [{ text: "Nothing here." }, { text: "She bought a loom." }])[0]).toBe(1)
})

test("a reason has the words as the question has them", () => {
  const turn = { text: "The service deploys to Frankfurt." }
  expect(found("Where are services deployed?", [turn])[0]!.why()).toBe("says services, deployed")
})

test("what a session begins with comes before what is said later in it", () => {
  const text = "I plan the move of the database."
  const turns = [0, 1, 2].map((session) => ({ text, session, pos: session === 1 ? 1 : 4 }))
  expect(ranked("the move of the database", turns)[0]).toBe(1)
  const spoken = turns.map((turn) => ({ ...turn, speaker: "Ann" }))
  expect(ranked("the move of the database", spoken)[0]).toBe(1)
})

test("a memory that says it in other words, and shares none with the query, comes before one about something else", () => {
  const turns = [
    { text: "The weather was grey the whole week.", speaker: "Bea", session: 1, pos: 1 },
    { text: "Tell me about the instruments in your house.", speaker: "Ann", session: 1, pos: 2 },
    { text: "Our daughter has a violin and a cello, the boy a piano.", speaker: "Bea", session: 1, pos: 3 },
    { text: "My car broke down near the motorway again.", speaker: "Bea", session: 1, pos: 4 },
  ]
  const found = ranked("Which instruments does Bea have?", turns)
  expect(found.indexOf(2)).toBeLessThan(found.indexOf(3))
  expect(found.indexOf(2)).toBeLessThan(found.indexOf(0))
})

test("what stands in a query beside what is asked are its dates and the words of the asking", () => {
  expect(asidesIn("What kind of tea did we discuss in May 2026?").split(" ")).toEqual([
    "May",
    "2026",
    "kind",
    "discuss",
  ])
})

test("a date's words are those of its month, day and year, and no other number", () => {
  expect(datesIn("Where was Ann on 3 May 2026, and on August 11?")).toBe("3 May 2026 August 11")
  expect(datesIn("She ran 21 km with 300 others")).toBe("")
})

test("of a long text its beginning is told and the sentence that speaks of the query, as they stand", () => {
  const text = `${"It was a long and sunny day at the coast of the northern island. ".repeat(4)}The key is under the blue pot. ${"Then we went home by the last boat of the evening. ".repeat(4)}`
  const told = excerpt(text, 190, (sentence) => sentence.includes("key"))
  expect(told).toBe("It was a long and sunny day at the coast of the northern island. … The key is under the blue pot.")
  expect(excerpt("Short.", 190, () => false)).toBe("Short.")
})

test("a question back and a short cry at the end are left out, unless they speak of the query", () => {
  const text = "We moved to the house by the lake in the spring of last year, with both dogs."
  expect(excerpt(`${text} So lovely! How about you?`, 190, () => false)).toBe(text)
  expect(excerpt(`${text} Do you know the house?`, 190, (one) => one.includes("house"))).toBe(
    `${text} Do you know the house?`,
  )
  expect(excerpt("Really? How about you?", 190, () => false)).toBe("Really? How about you?")
})

test("a long sentence is cut behind a word, one without spaces between two characters", () => {
  const [words, signs] = ["many words that go on and on ".repeat(20), "😀".repeat(200)]
  expect(excerpt(words, 80, () => true)).toBe(`${words.slice(0, 63).trimEnd()}…`)
  expect(excerpt(signs, 80, () => true)).toBe(`${"😀".repeat(30)}…`)
  expect(excerpt(`a${signs}`, 80, () => true).isWellFormed()).toBe(true)
})

test("the likelier a memory answers, the more of it is told", () => {
  const chars = Array.from({ length: 11 }, (_, tenths) => charsFor(tenths / 10))
  expect(chars).toEqual([...chars].sort((one, other) => one - other))
  expect(chars[10]).toBeGreaterThan(2 * chars[0]!)
})

test("of one that fits best it is likely that it answers, and of all together certain", () => {
  const turns = ["The cello stands in the hall.", "Where is the hall?", "It rains."].map((text, session) => ({
    text,
    session,
  }))
  const likelihoods = found("Where does the cello stand?", turns).map(({ likelihood }) => likelihood)
  expect(likelihoods[0]).toBeGreaterThan(0.5)
  expect(likelihoods.reduce((sum, one) => sum + one, 0)).toBeCloseTo(1)
})

test("a text is as like the best as its rare words are theirs, as far as they are likely", () => {
  const terms = [["cello", "hall"], ["cello", "bow"], ["rain"]]
  const [best, near, far] = likeBest(terms.map((own, at) => ({ terms: own, likelihood: [0.8, 0.2, 0][at]! })))
  expect(best).toBeCloseTo(0.8)
  expect(near).toBeGreaterThan(0.2)
  expect(near).toBeLessThan(0.4)
  expect(far).toBe(0)
  expect(likeBest([])).toEqual([])
})
