/** Estimates against the counts that providers recorded: the errors that estimate.ts states are those of its code. */
import { describe, expect, test } from "bun:test"
import { estimateFromChars, estimateTokens } from "../../src/usage/estimate.ts"
import { type Fixture, haveFixtures, loadFixtures } from "../support/fixtures.ts"
import type { Loose } from "../support/json.ts"
import { valuesOf } from "../support/recorded-usage.ts"
import { meter, wayOf } from "./metering.ts"

/** The visible text of an answer, thinking left out. */
const textOf = (fixture: Fixture): string =>
  valuesOf(fixture)
    .flatMap((one: Loose) => [
      ...(one.choices ?? []).map((choice: Loose) => (choice.delta ?? choice.message)?.content),
      ...(one.candidates ?? []).flatMap((candidate: Loose) =>
        candidate.content?.parts?.map((part: Loose) => !part.thought && part.text),
      ),
      one.type === "content_block_delta" && one.delta.text,
      one.type === "response.output_text.delta" && one.delta,
      ...[one.content, ...(one.output ?? []).map((item: Loose) => item.content)]
        .flat()
        .map((block: Loose) => block?.text),
    ])
    .filter((text) => typeof text === "string")
    .join("")

/** Anthropic counts thinking in with the text, and may hide it; tools at the provider and compaction bill text that is not shown. */
const HIDDEN = /thinking|redacted|signature/
const RUNS_TOOLS =
  /server_tool_use|executableCode|web_search|mcp_call|code_interpreter|file_search_call|codeExecution|"compaction"/

describe.skipIf(!haveFixtures)("recorded answers whose billed text is all visible", () => {
  const samples = loadFixtures().flatMap((fixture) => {
    const raw = fixture.response?.toString() ?? ""
    if (!fixture.dialect || RUNS_TOOLS.test(raw) || (fixture.dialect === "anthropic" && HIDDEN.test(raw))) return []
    const { usage, toolCalls, terminal } = meter([raw], wayOf(fixture))
    const tokens = (usage?.output ?? 0) - (usage?.reasoning ?? 0)
    const text = textOf(fixture)
    return terminal && toolCalls === 0 && tokens >= 14 && text.length >= 40 ? [{ text, tokens }] : []
  })
  const errors = (estimate: (text: string) => number) =>
    samples.map(({ text, tokens }) => Math.abs(estimate(text) / tokens - 1)).sort((a, b) => a - b)
  const at = (sorted: number[], share: number) => sorted[Math.floor((sorted.length - 1) * share)]

  test("are enough to say something", () => {
    expect(samples.length).toBeGreaterThanOrEqual(20)
  })

  test("by their characters the estimate is as near as stated", () => {
    const sorted = errors(estimateTokens)
    expect(at(sorted, 0.5)).toBeLessThan(0.11)
    expect(at(sorted, 0.9)).toBeLessThan(0.29)
    expect(at(sorted, 1)).toBeLessThan(0.56)
  })

  test("by their length alone it is as near as stated", () => {
    const sorted = errors((text) => estimateFromChars(text.length))
    expect(at(sorted, 0.5)).toBeLessThan(0.15)
    expect(at(sorted, 0.9)).toBeLessThan(0.4)
    expect(at(sorted, 1)).toBeLessThan(0.76)
  })
})

describe("texts", () => {
  test.each([
    ["The quick brown fox jumps over the lazy dog, and then it does so again because nobody looked.", 20],
    [`{"city":"Mexico City","country":"Mexico"}`, 12],
    ["一二三四五六七八九十", 10],
    ["Привет, как у тебя дела сегодня?", 11],
    ["😀😀😀", 6],
  ])("%s is about %d tokens", (text, tokens) => {
    expect(estimateTokens(text) / tokens).toBeWithin(0.6, 1.7)
  })

  test("nothing is no token", () => {
    expect(estimateTokens("")).toBe(0)
    expect(estimateFromChars(0)).toBe(0)
  })
})
