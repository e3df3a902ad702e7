/** Who translates an answer hears what the meter parses of it: every event, once, however the bytes are cut; and the meter counts as it does alone. */
import { describe, expect, test } from "bun:test"
import { createParser } from "eventsource-parser"
import type { AnswerListener, Json } from "../../src/exchange.ts"
import { createMeter } from "../../src/usage/meter.ts"
import { type Fixture, haveFixtures, loadFixtures } from "../support/fixtures.ts"
import { events, meter, packets, type Way, wayOf } from "./metering.ts"

const NO_EVENT = "no event"

/** What was heard of the pieces, and what was metered. */
function listen(pieces: readonly (Uint8Array | string)[], way: Way) {
  const heard: unknown[] = []
  const listener: AnswerListener = {
    event: (name: string, data: Json) => heard.push([name, data]),
    done: () => heard.push("[DONE]"),
    unreadable: (what: string) => heard.push(what),
  }
  const { dialect, operation = "generate", contentType = "text/event-stream", keepsSpeech } = way
  const watching = createMeter({ dialect, operation, contentType, keepsSpeech, listener })
  for (const piece of pieces) watching.push(typeof piece === "string" ? new TextEncoder().encode(piece) : piece)
  return { metered: watching.end(), heard }
}

function eventsIn({ response }: Fixture): unknown[] {
  const found: unknown[] = []
  const parser = createParser({
    onEvent({ event = "", data }) {
      if (data !== "") found.push(data === "[DONE]" ? data : [event, parsed(data)])
    },
  })
  parser.feed(`${response!.toString()}\n\n`)
  return found.map((one) => (Array.isArray(one) && one[1] === NO_EVENT ? "holds an event that is not JSON" : one))
}

function parsed(data: string): unknown {
  try {
    return JSON.parse(data)
  } catch {
    return NO_EVENT
  }
}

const answers = loadFixtures().filter(({ response }) => response !== null)

describe.skipIf(!haveFixtures)("of a recorded answer", () => {
  test.each(answers.filter(({ isSse }) => isSse).map((one) => [one.id, one] as const))(
    "%s every event is heard, and counted as ever",
    (_, one) => {
      const way = wayOf(one)
      const { started: _started, early: _early, ...alone } = meter([one.response!], way)
      for (const size of [one.response!.length, 700, 1]) {
        const { metered, heard } = listen(packets(one.response!, size), way)
        expect(heard).toEqual(eventsIn(one))
        expect(metered).toEqual(alone)
      }
    },
  )

  test("in one piece all of it is heard once, at its end", () => {
    const isWhole = ({ isSse, dialect, response }: Fixture) => !isSse && dialect !== null && response![0] === 0x7b
    for (const one of answers.filter(isWhole))
      expect(listen(packets(one.response!, 1000), wayOf(one)).heard).toEqual([
        ["", JSON.parse(one.response!.toString())],
      ])
  })
})

test("events that say nothing to the ledger are heard too, and empty ones are none", () => {
  const pieces = [
    "event: ping\ndata: {}\n\n",
    "data:\n\n",
    ": a comment\n\n",
    ...events({ type: "content_block_stop" }),
  ]
  expect(listen(pieces, { dialect: "anthropic" }).heard).toEqual([
    ["ping", {}],
    ["", { type: "content_block_stop" }],
  ])
})

test("what is not JSON, and what is longer than an event may be, is told of", () => {
  expect(listen(events("{oops"), { dialect: "gemini" }).heard).toEqual(["holds an event that is not JSON"])
  const long = "x".repeat(2 << 20)
  expect(listen(events({ text: long }), { dialect: "anthropic" }).heard).toEqual(["holds an event of over 1 MiB"])
  const lines = `data: "${"x".repeat(60_000)}",\n`.repeat(40)
  expect(listen([`data: [\n${lines}data: 1]\n\n`], { dialect: "anthropic" }).heard).toContain(
    "holds an event of over 1 MiB",
  )
})
