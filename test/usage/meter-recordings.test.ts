/** Every recorded answer through the meter, whole and in pieces: what is counted is what the provider said, however it arrives. */
import { describe, expect, test } from "bun:test"
import { type Fixture, haveFixtures, loadFixtures } from "../support/fixtures.ts"
import { recordedUsage } from "../support/recorded-usage.ts"
import { meter, packets, wayOf } from "./metering.ts"

const fixtures = loadFixtures().filter((fixture) => fixture.response !== null)
const streams = fixtures.filter((fixture) => fixture.isSse)
const CALM = 60_000

const whole = (fixture: Fixture) => meter([fixture.response!], wayOf(fixture))
const bytesOf = (text: string) => new TextEncoder().encode(text)

describe.skipIf(!haveFixtures)("recorded answers", () => {
  test("there are as many as there should be", () => {
    expect(fixtures.length).toBeGreaterThan(140)
    expect(streams.length).toBeGreaterThan(60)
  })

  test.each(fixtures.map((fixture) => [fixture.id, fixture] as const))(
    "%s: tokens are those of the recording",
    (_, fixture) => {
      const { usage, terminal, early, errorType } = whole(fixture)
      const recorded = recordedUsage(fixture)
      if (fixture.provider === "anthropic-count-tokens") expect(usage?.input ?? 0).toBe(0)
      else if (recorded === null) expect(usage).toBeNull()
      else expect(usage).toMatchObject(recorded)
      const isError =
        (fixture.meta.status ?? 200) >= 400 ||
        fixture.name.includes("error-1-stream") ||
        fixture.name.includes("midstream")
      expect(errorType !== null).toBe(isError)
      expect(terminal).toBe(!fixture.name.includes("midstream"))
      expect(early).toBe(terminal)
    },
  )

  test.each(fixtures.map((fixture) => [fixture.id, fixture] as const))(
    "%s: split anywhere it is the same",
    (_, fixture) => {
      const bytes = fixture.response!
      const way = wayOf(fixture)
      const expected = JSON.stringify(whole(fixture))
      const step = bytes.length <= 20 * 1024 ? 1 : Math.max(7, Math.round(bytes.length / 2500)) // packets of one byte do the rest
      const wrong: number[] = []
      for (let at = 1; at < bytes.length; at += step) {
        if (JSON.stringify(meter([bytes.subarray(0, at), bytes.subarray(at)], way)) !== expected) wrong.push(at)
      }
      expect(wrong).toEqual([])
      for (const size of [1, 3, 1000]) expect(JSON.stringify(meter(packets(bytes, size), way))).toBe(expected)
    },
    CALM,
  )

  test.each(streams.map((fixture) => [fixture.id, fixture] as const))(
    "%s: line ends, spaces and comments change nothing",
    (_, fixture) => {
      const way = wayOf(fixture)
      const expected = whole(fixture)
      const text = fixture.response!.toString().replaceAll("\r\n", "\n")
      const variants = [
        text.replaceAll("\n", "\r\n"),
        text.replaceAll("\n", "\r"),
        text.trimEnd(),
        text.replaceAll("\n", "\r\n").trimEnd(),
        text.replaceAll(/^(data|event): /gm, "$1:"),
        `\uFEFF${text}`,
        text.replaceAll("\n\n", "\n\n: keep-alive\n\nid: 7\nretry: 10\n\n"),
      ]
      for (const variant of variants) {
        expect(meter([variant], way)).toMatchObject({ ...expected, early: expect.any(Boolean) })
        expect(meter(packets(bytesOf(variant), 1), way)).toMatchObject({ ...expected, early: expect.any(Boolean) })
        expect(meter(packets(bytesOf(variant), 64), way)).toMatchObject({ ...expected, early: expect.any(Boolean) })
      }
    },
    CALM,
  )

  test.each(fixtures.map((fixture) => [fixture.id, fixture] as const))(
    "%s: a wrong content type is seen through",
    (_, fixture) => {
      const way = wayOf(fixture)
      const lie = fixture.isSse ? "application/json" : "text/event-stream; charset=utf-8"
      expect(meter([fixture.response!], { ...way, contentType: lie })).toEqual(whole(fixture))
      expect(meter([fixture.response!], { ...way, contentType: "" })).toEqual(whole(fixture))
    },
  )

  test.each(streams.map((fixture) => [fixture.id, fixture] as const))(
    "%s: cut anywhere, what was known is kept",
    (_, fixture) => {
      const bytes = fixture.response!
      const way = wayOf(fixture)
      const restarts = fixture.meta.quirk?.includes("second message_start") ?? false
      const lost: string[] = []
      let before = meter([], way)
      for (let end = 1; end <= bytes.length; end += bytes.length > 4096 ? 11 : 1) {
        const now = meter([bytes.subarray(0, end)], way)
        if (before.usage && !now.usage) lost.push(`${end}: usage`)
        if (before.model && !now.model) lost.push(`${end}: model`)
        if (before.terminal && !now.terminal) lost.push(`${end}: the end`)
        if (before.outputChars > now.outputChars) lost.push(`${end}: text`)
        if (before.toolCalls > now.toolCalls && !restarts) lost.push(`${end}: a tool call`)
        before = now
      }
      expect(lost).toEqual([])
    },
    CALM,
  )
})
