import { expect, test } from "bun:test"
import { excerpt } from "../../../src/memory/rank/excerpt.ts"
import type { Corpus, Place, Query } from "../../../src/memory/rank/corpus.ts"
import { rank } from "../../../src/memory/rank/rank.ts"
import { asking, saysWhen } from "../../../src/memory/rank/signs.ts"
import { queryTerms, termsOf } from "../../../src/memory/rank/terms.ts"

interface Turn {
  text: string
  session?: number
  speaker?: string
  role?: string
  at?: string
}

const queryOf = (text: string): Query => {
  const stems = new Map<string, string>()
  return { text, terms: queryTerms(text, stems), termsOf: (words) => termsOf(words, stems) }
}

/** The turns' numbers, best first. */
function ranked(question: string, turns: readonly Turn[]): number[] {
  const stems = new Map<string, string>()
  const terms = turns.map(({ text }) => termsOf(text, stems))
  const query = queryOf(question)
  const places: Place[] = turns.map(
    ({ text, session = 1, speaker = null, role = "user", at = "2026-03-01" }, memory) => ({
      memory,
      session,
      pos: memory,
      role,
      speaker,
      createdAt: Date.parse(at),
      saysWhen: saysWhen(text),
      asking: asking(text),
      isStanding: false,
      bytes: text.length,
    }),
  )
  const corpus: Corpus = {
    parts: turns.length,
    meanTerms: terms.flat().length / turns.length,
    frequency: new Map(query.terms.map((term) => [term, terms.filter((own) => own.includes(term)).length])),
    hits: terms.map((own, memory) => ({ memory, part: 0, terms: own.join(" ") })),
    places,
  }
  return rank(query, corpus).map(({ memory }) => memory)
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

test("a person's own words come before an assistant's that match as well", () => {
  const turns = [
    { text: "The budget of the kitchen is 4000 euros.", role: "assistant", session: 1 },
    { text: "The budget of the kitchen is 4000 euros.", role: "user", session: 2 },
  ]
  expect(ranked("What is the kitchen's budget?", turns)[0]).toBe(1)
})

test("irregular forms are one word", () => {
  expect(ranked("What did she buy?", [{ text: "Nothing here." }, { text: "She bought a loom." }])[0]).toBe(1)
})

test("of a long text its beginning is told and the sentence that speaks of the query, as they stand", () => {
  const text = `${"It was a long and sunny day at the coast of the northern island. ".repeat(4)}The key is under the blue pot. ${"Then we went home by the last boat of the evening. ".repeat(4)}`
  const told = excerpt(text, (sentence) => sentence.includes("key"))
  expect(told).toStartWith("It was a long and sunny day")
  expect(told).toContain("The key is under the blue pot.")
  expect(told.length).toBeLessThan(250)
  expect(excerpt("Short.", () => false)).toBe("Short.")
})
